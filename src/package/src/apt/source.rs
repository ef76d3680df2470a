//! Source packages: which files one consists of, as the index of sources has it (deb-src-control(5), and the archive's `Sources`).

use std::cmp::Ordering;

use rootfs_tree::Digest;

use super::deb822::{Stanza, Stanzas};
use super::version::compare;
use crate::lock::{LockedPackage, is_path, is_version};

/// The architecture that a lock gives to files of source packages.
const SOURCE: &str = "source";

/// A source package of an index.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct SourcePackage {
    pub(super) version: String,
    /// Its archives, sorted by path; the `.dsc`, which only names them, and their detached signatures are not among them.
    pub(super) files: Vec<LockedPackage>,
}

/// Why an index of sources can't be believed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the source package {package} has no valid {field}")]
pub struct SourceError {
    /// The package.
    pub package: String,
    /// The field.
    pub field: &'static str,
}

/// The newest package of that name in the text of an index; none when it has none.
pub(super) fn newest(text: &str, name: &str, repository: &str) -> Result<Option<SourcePackage>, SourceError> {
    let mut newest: Option<SourcePackage> = None;
    for stanza in Stanzas::new(text).map(|(_, stanza)| stanza).filter(|stanza| stanza.get("Package").map(str::trim) == Some(name)) {
        // Kept for the sake of a license; what is built now is of another version.
        if stanza.says_yes("Extra-Source-Only") {
            continue;
        }
        let found = read(&stanza, name, repository)?;
        if newest.as_ref().is_none_or(|known| compare(&found.version, &known.version) == Ordering::Greater) {
            newest = Some(found);
        }
    }
    Ok(newest)
}

fn read(stanza: &Stanza<'_>, name: &str, repository: &str) -> Result<SourcePackage, SourceError> {
    let fail = |field: &'static str| SourceError { package: name.to_owned(), field };
    let version = stanza.get("Version").map(str::trim).filter(|version| is_version(version)).ok_or_else(|| fail("Version"))?;
    let directory = stanza.get("Directory").map(str::trim).ok_or_else(|| fail("Directory"))?;
    let sums = stanza.get("Checksums-Sha256").ok_or_else(|| fail("Checksums-Sha256"))?;
    let mut files = Vec::new();
    for line in sums.lines().map(str::trim).filter(|line| !line.is_empty()) {
        let mut words = line.split_ascii_whitespace();
        let (Some(sha256), Some(size), Some(file), None) = (words.next(), words.next(), words.next(), words.next()) else {
            return Err(fail("Checksums-Sha256"));
        };
        let path = if directory == "." { file.to_owned() } else { format!("{directory}/{file}") };
        let (Ok(sha256), Ok(size)) = (sha256.parse::<Digest>(), size.parse::<u64>()) else { return Err(fail("Checksums-Sha256")) };
        if size == 0 || file.contains('/') || !is_path(&path) {
            return Err(fail("Checksums-Sha256"));
        }
        if !file.ends_with(".dsc") && !file.ends_with(".asc") {
            let (name, version, repository) = (name.to_owned(), version.to_owned(), repository.to_owned());
            let architecture = SOURCE.to_owned();
            files.push(LockedPackage {
                name,
                version,
                architecture,
                repository,
                path,
                size,
                sha256,
                automatic: false,
                essential: false,
                build: None,
            });
        }
    }
    files.sort_by(|left, right| left.path.cmp(&right.path));
    if files.is_empty() || files.windows(2).any(|pair| pair[0].path == pair[1].path) {
        return Err(fail("Checksums-Sha256"));
    }
    Ok(SourcePackage { version: version.to_owned(), files })
}

#[cfg(test)]
mod tests {
    use super::*;

    const HASH: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

    fn stanza(version: &str, more: &str) -> String {
        let files = ["b_1.orig.tar.gz", "b_1-1.debian.tar.xz", "b_1-1.dsc", "b_1.orig.tar.gz.asc"];
        let sums: String = files.iter().map(|file| format!(" {HASH} 7 {file}\n")).collect();
        format!("Package: b\nVersion: {version}\nDirectory: pool/b\nChecksums-Sha256:\n{sums}{more}\n")
    }

    #[test]
    fn the_newest_version_has_its_archives() {
        let text = format!("{}{}{}Package: c\n\n", stanza("1-9", ""), stanza("1-10", ""), stanza("2-1", "Extra-Source-Only: yes\n"));
        let found = newest(&text, "b", "debian").unwrap().unwrap();
        let paths: Vec<&str> = found.files.iter().map(|file| file.path.as_str()).collect();
        assert_eq!((found.version.as_str(), paths), ("1-10", vec!["pool/b/b_1-1.debian.tar.xz", "pool/b/b_1.orig.tar.gz"]));
        assert_eq!(newest(&text, "d", "debian"), Ok(None));
    }

    #[test]
    fn what_leads_elsewhere_is_refused() {
        let refused = |from: &str, to: &str| newest(&stanza("1", "").replacen(from, to, 1), "b", "debian").unwrap_err().field;
        for (from, to, field) in [
            ("Version: 1", "Version: ../1", "Version"),
            ("Directory", "Elsewhere", "Directory"),
            ("pool/b", "../b", "Checksums-Sha256"),
            ("b_1.orig", "x/b_1.orig", "Checksums-Sha256"),
            ("b_1.orig.tar.gz", "b_1-1.debian.tar.xz", "Checksums-Sha256"),
            (" 7 ", " 0 ", "Checksums-Sha256"),
            (" 7 ", " ", "Checksums-Sha256"),
            ("e3b0", "e3", "Checksums-Sha256"),
            ("Checksums-Sha256", "Checksums-Sha1", "Checksums-Sha256"),
        ] {
            assert_eq!(refused(from, to), field, "{to}");
        }
    }
}
