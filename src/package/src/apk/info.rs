//! `.PKGINFO`: what a package says of itself, lines of `KEY = VALUE`.

use rootfs_tree::Digest;

use super::record::number;
use super::{ApkFault, Dependency, IndexPackage};

const PLACE: &str = ".PKGINFO";

/// What a package says of itself.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PackageInfo {
    /// What an index says too; its identity and size are not known from here.
    pub package: IndexPackage,
    /// The packages whose files it may take.
    pub replaces: Vec<Dependency>,
    /// Who wins when two packages replace each other: the higher one.
    pub replaces_priority: u32,
    /// Patterns of directories whose changes its trigger wants to know.
    pub triggers: Vec<String>,
    /// The SHA-256 of the data member.
    pub data_hash: Option<Digest>,
}

impl PackageInfo {
    /// Reads it; keys that are not known are passed over.
    ///
    /// # Errors
    /// When a value is malformed, or there is no name or version.
    pub fn parse(text: &str) -> Result<Self, ApkFault> {
        let mut info = Self::default();
        for (line, text) in text.lines().enumerate() {
            let Some((key, value)) = text.split_once(" = ").filter(|_| !text.starts_with('#')) else { continue };
            info.set(key, value).map_err(|reason| ApkFault::Line { place: PLACE, line: line + 1, reason })?;
        }
        info.package.check().map_err(|reason| ApkFault::Line { place: PLACE, line: 0, reason })?;
        Ok(info)
    }

    fn set(&mut self, key: &str, value: &str) -> Result<(), String> {
        let field = match key {
            "pkgname" => b'P',
            "pkgver" => b'V',
            "pkgdesc" => b'T',
            "url" => b'U',
            "size" => b'I',
            "license" => b'L',
            "arch" => b'A',
            "depend" => b'D',
            "install_if" => b'i',
            "provides" => b'p',
            "origin" => b'o',
            "maintainer" => b'm',
            "builddate" => b't',
            "commit" => b'c',
            "provider_priority" => b'k',
            _ => return self.set_other(key, value),
        };
        self.package.set(field, value)
    }

    fn set_other(&mut self, key: &str, value: &str) -> Result<(), String> {
        match key {
            "replaces" => {
                for word in value.split_ascii_whitespace() {
                    self.replaces.push(word.parse().map_err(|error: super::DependencyError| error.to_string())?);
                }
            }
            "replaces_priority" => {
                self.replaces_priority = u32::try_from(number(value)?).map_err(|_too_large| format!("`{value}` is too large"))?;
            }
            "triggers" => self.triggers = value.split_ascii_whitespace().map(str::to_owned).collect(),
            "datahash" => self.data_hash = Some(value.parse().map_err(|error: rootfs_tree::TreeError| error.to_string())?),
            _ => {}
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_read() {
        let hash = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
        let text = format!(
            "# made\npkgname = a\npkgver = 1-r0\ndepend = b\ndepend = c>1\nreplaces = d e<2\nreplaces_priority = 1000\n\
             triggers = /bin /lib/modules/*\ndatahash = {hash}\nlater = x\nsize = 12\n"
        );
        let info = PackageInfo::parse(&text).unwrap();
        assert_eq!((info.package.title().as_str(), info.package.installed_size), ("a-1-r0", 12));
        assert_eq!((info.package.depends.len(), info.replaces.len(), info.replaces_priority), (2, 2, 1000));
        assert_eq!((info.triggers.len(), info.data_hash), (2, Some(hash.parse().unwrap())));
    }

    #[test]
    fn malformed_ones_are_refused() {
        for bad in [
            "",
            "pkgname = a\n",
            "pkgname = a/b\npkgver = 1\n",
            "pkgname = a\npkgver = 1\ndatahash = x\n",
            "pkgname = a\npkgver = 1\nreplaces = =\n",
        ] {
            assert!(PackageInfo::parse(bad).is_err(), "{bad}");
        }
    }
}
