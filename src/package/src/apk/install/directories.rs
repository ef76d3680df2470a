//! Owner and mode of a directory that several packages describe: the lowest owner wins, and of equal owners only the permissions count that all of them
//! give. What apk or a script made before any package described it stays as it is.

use std::collections::BTreeMap;

use super::files::{Access, Directory};

/// Directories by path, as packages describe them so far.
#[derive(Debug, Default)]
pub(super) struct Directories {
    by_path: BTreeMap<Vec<u8>, Described>,
}

#[derive(Debug, Clone, Copy)]
pub(super) struct Described {
    /// Whether it is known whether the directory is there.
    prepared: bool,
    /// Whether its owner and mode are the packages'.
    is_ours: bool,
    owner: Option<(u32, u32)>,
    mode: u16,
}

impl Described {
    const NOTHING: Self = Self { prepared: false, is_ours: false, owner: None, mode: 0 };

    /// Takes one more description into account.
    fn add(&mut self, access: Access) {
        let owner = (access.uid, access.gid);
        match self.owner {
            Some(known) if known == owner => self.mode &= access.mode,
            Some(known) if known < owner => {}
            _ => (self.owner, self.mode) = (Some(owner), access.mode),
        }
    }
}

impl Directories {
    /// Tells, the first time only, what is at the path: owner, group and mode of what is there, or none for what the package makes now.
    pub(super) fn prepare(&mut self, path: &[u8], there: Option<(u32, u32, u16)>) {
        self.with_parents(path);
        let described = self.by_path.entry(path.to_vec()).or_insert(Described::NOTHING);
        if !described.prepared {
            described.prepared = true;
            described.is_ours = there.is_none_or(|(uid, gid, mode)| described.owner == Some((uid, gid)) && described.mode == mode);
        }
    }

    pub(super) fn is_prepared(&self, path: &[u8]) -> bool {
        self.by_path.get(path).is_some_and(|described| described.prepared)
    }

    pub(super) fn describe(&mut self, path: &[u8], access: Access) {
        self.by_path.entry(path.to_vec()).or_insert(Described::NOTHING).add(access);
    }

    /// Owner, group and mode of those that are the packages' to set, by the lists of all packages.
    pub(super) fn settle<'a>(&self, lists: impl Iterator<Item = &'a Directory>) -> BTreeMap<Vec<u8>, (u32, u32, u16)> {
        let mut settled: BTreeMap<&[u8], Described> = BTreeMap::new();
        for directory in lists.filter(|directory| self.by_path.get(&directory.path).is_some_and(|described| described.is_ours)) {
            settled.entry(&directory.path).or_insert(Described::NOTHING).add(directory.access);
        }
        let known = |(path, described): (&[u8], Described)| described.owner.map(|(uid, gid)| (path.to_vec(), (uid, gid, described.mode)));
        settled.into_iter().filter_map(known).collect()
    }

    /// Every directory that a package has or that one of its directories is in, sorted; the root is empty.
    pub(super) fn paths(&self) -> impl Iterator<Item = &[u8]> {
        self.by_path.keys().map(Vec::as_slice)
    }

    /// What a directory is in is known to the database too, though nobody describes it.
    fn with_parents(&mut self, path: &[u8]) {
        for above in crate::payload::above(path).chain([&b""[..]]) {
            self.by_path.entry(above.to_vec()).or_insert(Described::NOTHING);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn access(uid: u32, mode: u16) -> Access {
        Access { mode, uid, gid: 0, xattrs: None }
    }

    fn settle(directories: &Directories, described: &[Access]) -> Option<(u32, u32, u16)> {
        let lists: Vec<_> = described.iter().map(|access| Directory { path: b"d".to_vec(), access: *access, files: Vec::new() }).collect();
        directories.settle(lists.iter()).get(&b"d"[..]).copied()
    }

    #[test]
    fn the_lowest_owner_wins_and_permissions_are_what_all_give() {
        let mut directories = Directories::default();
        directories.prepare(b"d", None);
        assert_eq!(settle(&directories, &[access(5, 0o777), access(0, 0o755), access(0, 0o711)]), Some((0, 0, 0o711)));
        assert_eq!(settle(&directories, &[access(5, 0o777)]), Some((5, 0, 0o777)));
    }

    #[test]
    fn what_was_there_stays() {
        let mut directories = Directories::default();
        directories.prepare(b"d", Some((0, 0, 0o700)));
        assert_eq!(settle(&directories, &[access(0, 0o755)]), None);
        assert_eq!(directories.paths().collect::<Vec<_>>(), [&b""[..], b"d"]);
    }
}
