use std::collections::BTreeMap;
use std::io::BufRead;

use super::BinaryFault;
use crate::compression::{Bounded, Compression, is_limit, read_within};
use crate::payload::{StreamFault, TarReader};

const PLACE: &str = "its metadata";

/// What the metadata may unpack to: small texts, an ebuild, and an environment.
pub(super) const LIMIT: u64 = 64 << 20;

/// The longest environment in clear; the largest of Gentoo's have 2 MiB.
const ENVIRONMENT_LIMIT: u64 = 64 << 20;

/// The small files that describe a package, by their names (`SLOT`, `environment.bz2`), as they are also kept of what is installed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Metadata {
    files: BTreeMap<String, Vec<u8>>,
}

impl Metadata {
    /// Adds a file.
    ///
    /// Tells what is wrong with names that can't be of a file in one directory, or are there already.
    pub(super) fn add(&mut self, name: &[u8], content: Vec<u8>) -> Result<(), &'static str> {
        let is_name = |name: &&str| {
            !name.is_empty() && name.len() <= 255 && *name != "." && *name != ".." && !name.contains(|c: char| c == '/' || c.is_control())
        };
        let name = str::from_utf8(name).ok().filter(is_name).ok_or("its name can't be one")?;
        if self.files.contains_key(name) {
            return Err("it is there twice");
        }
        self.files.insert(name.to_owned(), content);
        Ok(())
    }

    /// Of these files.
    #[cfg(test)]
    pub(crate) fn of<const N: usize>(files: [(&str, &str); N]) -> Self {
        Self { files: files.map(|(name, text)| (name.to_owned(), text.as_bytes().to_vec())).into() }
    }

    /// From a gpkg's part, `metadata.tar`, whose entries are below `metadata/`.
    pub(in crate::portage) fn read(packed: impl BufRead, compression: Compression) -> Result<Self, BinaryFault> {
        let failed = |source| BinaryFault::from(StreamFault::reading(PLACE, source));
        let input = Bounded { input: compression.decode(packed).map_err(failed)?, left: LIMIT };
        let mut archive = TarReader::new(input, PLACE).with_long_links();
        let mut metadata = Self::default();
        let too_large = |fault: BinaryFault| match fault {
            BinaryFault::Stream(StreamFault::Read { source, .. }) if is_limit(&source) => {
                BinaryFault::TooLarge { place: PLACE, limit: LIMIT }
            }
            fault => fault,
        };
        while let Some(header) = archive.next().map_err(|fault| too_large(fault.into()))? {
            if header.kind == b'5' {
                continue;
            }
            let refuse = |reason: &str| BinaryFault::from(archive.fault(&header.name, reason));
            let name = header.name.strip_prefix(b"metadata/").ok_or_else(|| refuse("it is not below `metadata`"))?;
            if !matches!(header.kind, b'0' | b'7') {
                return Err(refuse("it is no regular file"));
            }
            let content = archive.read_content(&header, LIMIT).map_err(|fault| too_large(fault.into()))?;
            metadata.add(name, content).map_err(|reason| archive.fault(&header.name, reason))?;
        }
        metadata.check()
    }

    /// Fails unless it says which package this is.
    pub(super) fn check(self) -> Result<Self, BinaryFault> {
        for (name, what) in [("CATEGORY", "CATEGORY in its metadata"), ("PF", "PF in its metadata")] {
            let is_word = |word: &str| {
                word.starts_with(|first: char| first.is_ascii_alphanumeric() || first == '_')
                    && word.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+-._".contains(&byte))
            };
            if !self.text(name).is_some_and(|word| is_word(&word)) {
                return Err(BinaryFault::Missing { what });
            }
        }
        Ok(self)
    }

    /// A file as it is.
    #[must_use]
    pub fn file(&self, name: &str) -> Option<&[u8]> {
        self.files.get(name).map(Vec::as_slice)
    }

    /// Every file by its name, sorted.
    pub fn files(&self) -> impl Iterator<Item = (&str, &[u8])> {
        self.files.iter().map(|(name, content)| (name.as_str(), content.as_slice()))
    }

    /// A file's text without white space around it; none when it is missing or empty.
    #[must_use]
    pub fn text(&self, name: &str) -> Option<String> {
        let text = String::from_utf8_lossy(self.file(name)?).trim().to_owned();
        (!text.is_empty()).then_some(text)
    }

    /// The words of a file.
    #[must_use]
    pub fn words(&self, name: &str) -> Vec<String> {
        self.text(name).unwrap_or_default().split_ascii_whitespace().map(str::to_owned).collect()
    }

    /// `CATEGORY/PF`: `sys-apps/busybox-1.36.1-r3`.
    #[must_use]
    pub fn title(&self) -> String {
        format!("{}/{}", self.text("CATEGORY").unwrap_or_default(), self.text("PF").unwrap_or_default())
    }

    /// When the package was built, in seconds since 1970.
    #[must_use]
    pub fn build_time(&self) -> i64 {
        self.text("BUILD_TIME").and_then(|text| text.parse().ok()).filter(|time| (0..1_i64 << 33).contains(time)).unwrap_or_default()
    }

    /// The variables and functions of the package's ebuild, as bash wrote them; none when it has none.
    ///
    /// # Errors
    /// When it is no bzip2 stream, or unpacks to more than any ebuild has.
    pub fn environment(&self) -> Result<Option<Vec<u8>>, BinaryFault> {
        let Some(packed) = self.file("environment.bz2") else { return Ok(None) };
        const PLACE: &str = "its environment.bz2";
        let failed = |source| StreamFault::reading(PLACE, source);
        let unpacked = read_within(Compression::Bzip2.decode(packed).map_err(failed)?, ENVIRONMENT_LIMIT).map_err(failed)?;
        unpacked.map(Some).ok_or(BinaryFault::TooLarge { place: PLACE, limit: ENVIRONMENT_LIMIT })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_stay_in_one_directory() {
        let mut metadata = Metadata::default();
        metadata.add(b"SLOT", b"0/1\n".to_vec()).unwrap();
        for bad in [&b""[..], b".", b"..", b"a/b", b"a\n", b"\xff", b"SLOT"] {
            assert!(metadata.add(bad, Vec::new()).is_err(), "{}", bad.escape_ascii());
        }
        assert_eq!(metadata.text("SLOT").as_deref(), Some("0/1"));
        assert!(metadata.clone().check().is_err());
        for (name, text) in [("CATEGORY", "a-b\n"), ("PF", "c-1.0-r1\n"), ("BUILD_TIME", "x"), ("environment.bz2", "x")] {
            metadata.add(name.as_bytes(), text.as_bytes().to_vec()).unwrap();
        }
        assert_eq!((metadata.title().as_str(), metadata.build_time()), ("a-b/c-1.0-r1", 0));
        assert!(metadata.environment().is_err() && metadata.check().is_ok());
    }
}
