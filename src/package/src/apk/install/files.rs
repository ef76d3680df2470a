//! Who owns which file, and what the database says of it.

use std::collections::HashMap;

use rootfs_tree::Xattrs;
use sha1::{Digest as _, Sha1};

use super::InstallPackage;
use crate::apk::{ApkEntry, Constraint, Dependency, IndexPackage, Sha1Sum};
use crate::root::split;

/// Owner and mode of an entry, and the hash of its attributes, as the database has them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Access {
    pub(super) mode: u16,
    pub(super) uid: u32,
    pub(super) gid: u32,
    pub(super) xattrs: Option<Sha1Sum>,
}

impl Access {
    /// What the database doesn't mention: root's, without attributes.
    pub(super) fn is_default(self, mode: u16) -> bool {
        self == Self { mode, uid: 0, gid: 0, xattrs: None }
    }
}

/// A directory of a package's list with the files in it.
#[derive(Debug)]
pub(super) struct Directory {
    pub(super) path: Vec<u8>,
    pub(super) access: Access,
    pub(super) files: Vec<File>,
}

/// A file of a package's list.
#[derive(Debug)]
pub(super) struct File {
    pub(super) name: Vec<u8>,
    pub(super) access: Access,
    pub(super) checksum: Option<Sha1Sum>,
}

/// The lists of all packages, by their places.
#[derive(Debug, Default)]
pub(super) struct Files {
    pub(super) lists: Vec<Vec<Directory>>,
    /// Where a directory is in its package's list.
    places: Vec<HashMap<Vec<u8>, usize>>,
    /// Who has a path now, and what the database says of its content.
    by_path: HashMap<Vec<u8>, (usize, Option<Sha1Sum>)>,
}

/// Whether a package may have a path that is another's.
pub(super) enum Claim {
    Takes,
    Yields,
    /// Neither may: the other's place.
    Conflict(usize),
}

impl Files {
    pub(super) fn of(packages: usize) -> Self {
        Self { lists: empty(packages), places: empty(packages), by_path: HashMap::new() }
    }

    /// What the database says of a path's content; none when nobody has the path.
    pub(super) fn checksum(&self, path: &[u8]) -> Option<Option<Sha1Sum>> {
        self.by_path.get(path).map(|(_, checksum)| *checksum)
    }

    /// Decides about a path that another package has.
    pub(super) fn claim(&self, packages: &[InstallPackage<'_>], at: usize, path: &[u8]) -> Claim {
        let owner = self.by_path.get(path).map(|(owner, _)| *owner).filter(|owner| *owner != at);
        let (Some(place), Some(new)) = (owner, packages.get(at)) else { return Claim::Takes };
        let Some(old) = packages.get(place) else { return Claim::Takes };
        if new.package.origin.is_some() && new.package.origin == old.package.origin {
            return Claim::Takes;
        }
        match (priority(old, new.package), priority(new, old.package)) {
            (Some(old), new) if new.is_none_or(|new| old > new) => Claim::Yields,
            (_, Some(_)) => Claim::Takes,
            (_, None) => Claim::Conflict(place),
        }
    }

    /// The directory of a package's list, which is added unless it is there.
    pub(super) fn directory(&mut self, at: usize, path: &[u8], access: impl FnOnce() -> Access) -> Option<&mut Directory> {
        let (list, places) = (self.lists.get_mut(at)?, self.places.get_mut(at)?);
        let position = *places.entry(path.to_vec()).or_insert_with(|| {
            list.push(Directory { path: path.to_vec(), access: access(), files: Vec::new() });
            list.len() - 1
        });
        list.get_mut(position)
    }

    /// Makes a path the package's; whoever had it before loses it.
    pub(super) fn take(&mut self, at: usize, path: &[u8], access: Access, checksum: Option<Sha1Sum>) {
        let (directory, name) = split(path);
        if let Some((owner, _)) = self.by_path.insert(path.to_vec(), (at, checksum))
            && let Some(place) = self.places.get(owner).and_then(|places| places.get(directory))
            && let Some(list) = self.lists.get_mut(owner).and_then(|lists| lists.get_mut(*place))
        {
            list.files.retain(|file| file.name != name);
        }
        let default = Access { mode: 0o755, uid: 0, gid: 0, xattrs: None };
        if let Some(list) = self.directory(at, directory, || default) {
            list.files.push(File { name: name.to_vec(), access, checksum });
        }
    }
}

fn empty<T: Default>(count: usize) -> Vec<T> {
    std::iter::repeat_with(T::default).take(count).collect()
}

/// The rank by which a package replaces another; none when it doesn't.
fn priority(package: &InstallPackage<'_>, other: &IndexPackage) -> Option<u32> {
    let info = &package.layer.content.info;
    info.replaces.iter().any(|dependency| means(dependency, other)).then_some(info.replaces_priority)
}

/// Whether a dependency means this very package, not only a name that it provides.
fn means(dependency: &Dependency, package: &IndexPackage) -> bool {
    let is_meant = dependency.name == package.name
        && match &dependency.constraint {
            Constraint::Any => true,
            Constraint::Identity(identity) => *identity == package.identity,
            Constraint::Version(operator, version) => operator.holds(&package.version, version),
        };
    is_meant != dependency.conflict
}

/// The hash that the database has of an entry's attributes: lengths are 32 bits, big-endian.
pub(super) fn hash_xattrs(entry: &ApkEntry) -> Option<Sha1Sum> {
    if entry.xattrs.is_empty() {
        return None;
    }
    let mut sha1 = Sha1::new();
    for part in entry.xattrs.iter().flat_map(|(name, value)| [name, value]) {
        // An extended header is below 4 GiB.
        sha1.update(u32::try_from(part.len()).unwrap_or(u32::MAX).to_be_bytes());
        sha1.update(part);
    }
    Some(Sha1Sum(sha1.finalize().into()))
}

/// The entry's attributes as a tree has them.
pub(super) fn xattrs(entry: &ApkEntry) -> Option<Box<Xattrs>> {
    let pair = |(name, value): &(Vec<u8>, Vec<u8>)| (name.as_slice().into(), value.as_slice().into());
    (!entry.xattrs.is_empty()).then(|| Box::new(entry.xattrs.iter().map(pair).collect()))
}
