use goblin::elf::Elf;

/// What a module says about itself and others, from its `.modinfo` section. Names have `_` for `-`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct ModuleInfo {
    /// Modules that must be loaded before it.
    pub(super) depends: Vec<String>,
    /// Modules or aliases to load before it, if they exist.
    pub(super) before: Vec<String>,
    /// The same after it.
    pub(super) after: Vec<String>,
    /// Other names it is asked for by.
    pub(super) aliases: Vec<String>,
}

impl ModuleInfo {
    pub(super) fn read(module: &[u8]) -> Result<Self, String> {
        let elf = Elf::parse(module).map_err(|error| error.to_string())?;
        let is_info = |section: &&goblin::elf::SectionHeader| elf.shdr_strtab.get_at(section.sh_name) == Some(".modinfo");
        let section = elf.section_headers.iter().find(is_info).ok_or("it has no section .modinfo")?;
        let content = section.file_range().and_then(|range| module.get(range)).ok_or("its section .modinfo is not all there")?;
        Ok(Self::parse(content))
    }

    /// `key=value` strings, each ended by zeros.
    fn parse(content: &[u8]) -> Self {
        let mut info = Self::default();
        for pair in content.split(|byte| *byte == 0).filter_map(|pair| std::str::from_utf8(pair).ok()?.split_once('=')) {
            match pair {
                ("depends", names) => info.depends.extend(names.split(',').filter(|name| !name.is_empty()).map(plain)),
                ("alias", name) => info.aliases.push(plain(name)),
                ("softdep", text) => info.add_soft(text),
                _ => {}
            }
        }
        info
    }

    /// `pre: A B post: C` (modprobe.d(5)).
    fn add_soft(&mut self, text: &str) {
        let mut list = None;
        for word in text.split_ascii_whitespace() {
            match word {
                "pre:" => list = Some(&mut self.before),
                "post:" => list = Some(&mut self.after),
                name => list.iter_mut().for_each(|list| list.push(plain(name))),
            }
        }
    }
}

/// One spelling for both of a name's.
pub(super) fn plain(name: &str) -> String {
    name.replace('-', "_")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_said_is_understood() {
        let content = b"license=GPL\0depends=mbcache,jbd2\0\0\0softdep=pre: crypto-crc32c post: b c\0alias=fs-ext4\0depends=\0x";
        let info = ModuleInfo::parse(content);
        assert_eq!(info.depends, ["mbcache", "jbd2"]);
        assert_eq!(info.before, ["crypto_crc32c"]);
        assert_eq!(info.after, ["b", "c"]);
        assert_eq!(info.aliases, ["fs_ext4"]);
    }

    #[test]
    fn what_is_no_module_is_refused() {
        assert!(ModuleInfo::read(b"").is_err());
        assert!(ModuleInfo::read(b"\x7fELF").is_err());
    }
}
