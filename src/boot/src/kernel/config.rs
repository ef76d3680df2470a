use std::collections::BTreeSet;

use super::decompress::decompress;

/// What a kernel's configuration says is built in: all symbols that are `y`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Config(BTreeSet<String>);

/// What is around the packed configuration in a kernel that carries its own (kernel/configs.c).
const BEGIN: &[u8] = b"IKCFG_ST";

impl Config {
    pub(super) fn parse(text: &str) -> Self {
        Self(
            text.lines().filter_map(|line| line.strip_suffix("=y")).filter(|name| name.starts_with("CONFIG_")).map(str::to_owned).collect(),
        )
    }

    /// From inside an unpacked kernel.
    pub(super) fn embedded(vmlinux: &[u8]) -> Option<Self> {
        let at = vmlinux.windows(BEGIN.len()).position(|window| window == BEGIN)?;
        let text = decompress(&vmlinux[at + BEGIN.len()..]).ok()?;
        Some(Self::parse(&String::from_utf8_lossy(&text)))
    }

    pub(super) fn has(&self, symbol: &str) -> bool {
        self.0.contains(symbol)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    #[test]
    fn only_what_is_built_in_counts() {
        let config = Config::parse("CONFIG_A=y\nCONFIG_B=m\n# CONFIG_C is not set\nCONFIG_D=\"y\"\n");
        assert!(config.has("CONFIG_A"));
        assert!(!["CONFIG_B", "CONFIG_C", "CONFIG_D"].iter().any(|name| config.has(name)));
    }

    #[test]
    fn a_kernel_may_carry_its_own() {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(b"CONFIG_A=y\n").unwrap();
        let kernel = [b"\x7fELF...IKCFG_ST", &encoder.finish().unwrap()[..], b"IKCFG_ED..."].concat();
        assert_eq!(Config::embedded(&kernel), Some(Config::parse("CONFIG_A=y")));
        assert_eq!(Config::embedded(b"\x7fELF"), None);
    }
}
