//! A directory tree as a list, and how two of them differ.

use std::collections::BTreeMap;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::path::Path;

use libtest_mimic::Failed;

use crate::process::{Process, words};
use crate::repository::hex;

/// What is at a path, but for times.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Entry {
    /// `directory`, `file`, `link` …
    kind: &'static str,
    mode: u32,
    owner: (u32, u32),
    /// A file's sha256, a link's target, a device's numbers.
    content: String,
}

/// Every path below a directory, with what a package manager decides.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Listing {
    entries: BTreeMap<String, Entry>,
}

impl Listing {
    /// Reads a directory; files are hashed.
    ///
    /// # Errors
    /// When something in it can't be read.
    pub fn of(directory: &Path) -> Result<Self, Failed> {
        let mut listing = Self::default();
        walk(directory, "", &mut |path, name| {
            listing.entries.insert(name.to_owned(), Entry::of(path)?);
            Ok(())
        })?;
        Ok(listing)
    }

    /// Takes paths away that `is_expected` says differ for a reason.
    #[must_use]
    pub fn without(mut self, is_expected: impl Fn(&str) -> bool) -> Self {
        self.entries.retain(|path, _| !is_expected(path));
        self
    }

    /// Forgets the contents of files that `is_expected` says differ for a reason; that they are there, with their modes and owners, still counts.
    #[must_use]
    pub fn without_contents(mut self, is_expected: impl Fn(&str) -> bool) -> Self {
        self.entries.iter_mut().filter(|(path, _)| is_expected(path)).for_each(|(_, entry)| entry.content.clear());
        self
    }

    /// How many paths there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// One line for each path at which two listings differ.
    #[must_use]
    pub fn differences(&self, other: &Self) -> Vec<String> {
        let mut lines = Vec::new();
        for (path, entry) in &self.entries {
            match other.entries.get(path) {
                None => lines.push(format!("{path}: only in the first")),
                Some(there) if there != entry => lines.push(format!("{path}: {entry:?} and {there:?}")),
                Some(_) => {}
            }
        }
        let only = other.entries.keys().filter(|path| !self.entries.contains_key(*path));
        lines.extend(only.map(|path| format!("{path}: only in the second")));
        lines
    }
}

impl Entry {
    fn of(path: &Path) -> Result<Self, Failed> {
        let metadata = fs_err::symlink_metadata(path)?;
        let kind = metadata.file_type();
        let (kind, content) = if kind.is_dir() {
            ("directory", String::new())
        } else if kind.is_file() {
            ("file", hex(&fs_err::read(path)?))
        } else if kind.is_symlink() {
            ("link", fs_err::read_link(path)?.to_string_lossy().into_owned())
        } else if kind.is_char_device() {
            ("character device", metadata.rdev().to_string())
        } else {
            ("other", metadata.rdev().to_string())
        };
        Ok(Self { kind, mode: metadata.mode() & 0o7777, owner: (metadata.uid(), metadata.gid()), content })
    }
}

/// Visits everything below a directory; links are not followed. Names start with a slash.
fn walk(directory: &Path, name: &str, visit: &mut dyn FnMut(&Path, &str) -> Result<(), Failed>) -> Result<(), Failed> {
    for entry in fs_err::read_dir(directory)? {
        let path = entry?.path();
        let name = format!("{name}/{}", String::from_utf8_lossy(path.file_name().unwrap_or_default().as_bytes()));
        visit(&path, &name)?;
        if fs_err::symlink_metadata(&path)?.is_dir() {
            walk(&path, &name, visit)?;
        }
    }
    Ok(())
}

/// The paths in a tree whose names end so.
pub(crate) fn names_ending(tree: &Path, ends: &[&str]) -> Result<Vec<String>, Failed> {
    let mut found = Vec::new();
    walk(tree, "", &mut |_, name| {
        found.extend(ends.iter().any(|end| name.ends_with(end)).then(|| name.to_owned()));
        Ok(())
    })?;
    Ok(found)
}

/// Copies a tree whole, for a case that changes it.
///
/// # Errors
/// When cp fails.
pub fn copy_tree(from: &Path, to: &Path) -> Result<(), Failed> {
    Process::new("cp").args(words([&"--archive", &"--reflink=auto", &from, &to])).run()?.success()?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn differences_are_found_and_named() {
        let (first, second) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        for directory in [&first, &second] {
            fs_err::create_dir(directory.path().join("etc")).unwrap();
            fs_err::write(directory.path().join("etc/same"), "x").unwrap();
        }
        let lists = || (Listing::of(first.path()).unwrap(), Listing::of(second.path()).unwrap());
        let (a, b) = lists();
        assert_eq!(a.differences(&b), Vec::<String>::new());
        fs_err::write(second.path().join("etc/same"), "y").unwrap();
        fs_err::os::unix::fs::symlink("same", second.path().join("etc/new")).unwrap();
        let (a, b) = lists();
        let differences = a.differences(&b);
        assert_eq!(differences.len(), 2, "{differences:?}");
        assert!(differences[0].starts_with("/etc/same: "));
        assert_eq!(differences[1], "/etc/new: only in the second");
        assert!(a.without(|path| path == "/etc/same").differences(&b.without(|path| path != "/etc")).is_empty());
    }
}
