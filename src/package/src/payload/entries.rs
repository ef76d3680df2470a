use std::collections::{BTreeSet, HashMap};

use super::{ArchivedEntry, EntryKind};
use crate::root::split;

/// Directories of one package whose own directory is not in it. Packages that are made as they should be have none.
const MOST_ORPHANS: usize = 1000;

/// An archive's entries so far, and where they are.
#[derive(Debug)]
pub(crate) struct Entries<S> {
    list: Vec<ArchivedEntry<S>>,
    known: HashMap<Vec<u8>, usize>,
    /// Directories without their own.
    orphans: BTreeSet<Vec<u8>>,
}

/// What is done with a directory whose own directory is not in the package before it. Anything else is refused then.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Orphans {
    /// It is taken.
    Kept,
    /// So is it.
    Refused,
}

impl<S> Default for Entries<S> {
    fn default() -> Self {
        Self { list: Vec::new(), known: HashMap::new(), orphans: BTreeSet::new() }
    }
}

impl<S> Entries<S> {
    pub(crate) fn get(&self, path: &[u8]) -> Option<&ArchivedEntry<S>> {
        self.known.get(path).and_then(|at| self.list.get(*at))
    }

    /// The file that a hard link is another name of.
    pub(crate) fn file(&self, path: &[u8]) -> Result<&ArchivedEntry<S>, &'static str> {
        let found = self.get(path).filter(|found| matches!(found.kind, EntryKind::File { .. } | EntryKind::Hardlink(_)));
        found.ok_or("it is a hard link to what is no file before it")
    }

    /// Adds an entry that is not there yet: what is above it is directories, and nothing is below what is none.
    pub(crate) fn add(&mut self, entry: ArchivedEntry<S>, orphans: Orphans) -> Result<(), String> {
        if self.known.contains_key(&entry.path) {
            return Err("it is there twice".to_owned());
        }
        let is_directory = entry.kind == EntryKind::Directory;
        let (above, _) = split(&entry.path);
        match self.get(above) {
            Some(there) if there.kind != EntryKind::Directory => return Err(in_the_way(there)),
            // What is above that was looked at when it came.
            Some(_) => {}
            None if above.is_empty() => {}
            None if is_directory && orphans == Orphans::Kept => self.add_orphan(&entry.path)?,
            None => return Err("its directory is not in the package before it".to_owned()),
        }
        if !is_directory && self.has_orphan_below(&entry.path) {
            return Err("it is no directory, and a directory before it lies below it".to_owned());
        }
        self.known.insert(entry.path.clone(), self.list.len());
        self.list.push(entry);
        Ok(())
    }

    fn add_orphan(&mut self, path: &[u8]) -> Result<(), String> {
        if let Some(there) = above(path).filter_map(|path| self.get(path)).find(|entry| entry.kind != EntryKind::Directory) {
            return Err(in_the_way(there));
        }
        if self.orphans.len() == MOST_ORPHANS {
            return Err(format!("it is one of more than {MOST_ORPHANS} directories that lie in none of the package's"));
        }
        self.orphans.insert(path.to_vec());
        Ok(())
    }

    fn has_orphan_below(&self, path: &[u8]) -> bool {
        let below = [path, b"/"].concat();
        self.orphans.range(below.clone()..).next().is_some_and(|orphan| orphan.starts_with(&below))
    }

    pub(crate) fn into_list(self) -> Vec<ArchivedEntry<S>> {
        self.list
    }
}

fn in_the_way<S>(there: &ArchivedEntry<S>) -> String {
    format!("it lies below `{}`, which is no directory", there.path.escape_ascii())
}

/// The directories that a path is in, the nearest first.
pub(crate) fn above(path: &[u8]) -> impl Iterator<Item = &[u8]> {
    path.iter().enumerate().rev().filter(|(_, byte)| **byte == b'/').filter_map(|(end, _)| path.get(..end))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::payload::Header;

    fn entry(path: &str, kind: EntryKind) -> ArchivedEntry<[u8; 16]> {
        ArchivedEntry::new(&Header::default(), path.as_bytes().to_vec(), kind, None).unwrap()
    }

    fn add(entries: &mut Entries<[u8; 16]>, path: &str, orphans: Orphans) -> Result<(), String> {
        let kind = if path.ends_with('/') { EntryKind::Directory } else { EntryKind::Fifo };
        entries.add(entry(path.trim_end_matches('/'), kind), orphans)
    }

    /// What is said of the last of these.
    fn last(paths: &[&str], orphans: Orphans) -> String {
        let mut entries = Entries::default();
        let (last, before) = paths.split_last().unwrap();
        before.iter().for_each(|path| add(&mut entries, path, orphans).unwrap());
        add(&mut entries, last, orphans).err().unwrap_or_default()
    }

    #[test]
    fn directories_come_first() {
        for orphans in [Orphans::Kept, Orphans::Refused] {
            assert_eq!(last(&["usr/", "usr/bin/", "usr/bin/a", "b"], orphans), "");
            assert_eq!(last(&["usr/a"], orphans), "its directory is not in the package before it");
            assert_eq!(last(&["usr", "usr/a"], orphans), "it lies below `usr`, which is no directory");
            assert_eq!(last(&["usr", "usr/a/"], orphans), "it lies below `usr`, which is no directory");
            assert_eq!(last(&["usr/", "usr/"], orphans), "it is there twice");
        }
        assert_eq!(last(&["usr/bin/"], Orphans::Refused), "its directory is not in the package before it");
    }

    #[test]
    fn nothing_is_below_what_is_no_directory() {
        assert_eq!(last(&["a/b/c/", "a/b/c/d"], Orphans::Kept), "");
        assert_eq!(last(&["a/b/c/", "a/"], Orphans::Kept), "");
        assert_eq!(last(&["a/b/c/", "a-b", "a/"], Orphans::Kept), "");
        for path in ["a", "a/b"] {
            let paths: &[&str] = if path == "a" { &["a/b/c/", "a"] } else { &["a/", "a/b/c/", "a/b"] };
            assert_eq!(last(paths, Orphans::Kept), "it is no directory, and a directory before it lies below it");
        }
        assert_eq!(last(&["a", "a/b/c/"], Orphans::Kept), "it lies below `a`, which is no directory");
    }

    #[test]
    fn orphans_are_few() {
        let mut entries = Entries::default();
        (0..MOST_ORPHANS).for_each(|number| add(&mut entries, &format!("{number}/a/"), Orphans::Kept).unwrap());
        assert!(add(&mut entries, "x/a/", Orphans::Kept).unwrap_err().contains("more than 1000 directories"));
    }
}
