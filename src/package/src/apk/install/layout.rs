use std::collections::HashMap;

use rootfs_tree::{Kind, Layer, LayerId, Metadata, Node, NodeId, PackageId, Time, Tree, TreeError};

use super::directories::Directories;
use super::files::{Access, Claim, Files, hash_xattrs, xattrs};
use super::pattern::matches;
use super::{InstallError, InstallPackage};
use crate::apk::{ApkEntry, Sha1Sum};
use crate::owners::Owners;
use crate::payload::{EntryKind, above};

/// A tree in the making.
#[derive(Debug)]
pub(super) struct Layout<'a> {
    pub(super) tree: Tree,
    pub(super) packages: &'a [InstallPackage<'a>],
    pub(super) files: Files,
    /// Users and groups as of when the last script ran.
    pub(super) owners: Owners,
    directories: Directories,
}

/// A package whose files are being laid out.
struct Unpacking<'a> {
    at: usize,
    title: String,
    layer: LayerId,
    owner: PackageId,
    /// Files so far, which hard links may name.
    placed: HashMap<&'a [u8], NodeId>,
}

impl<'a> Layout<'a> {
    pub(super) fn of(tree: Tree, packages: &'a [InstallPackage<'a>]) -> Self {
        let owners = Owners::read(&tree);
        Self { tree, packages, files: Files::of(packages.len()), owners, directories: Directories::default() }
    }

    /// Lays a package's files out over those that are there.
    pub(super) fn unpack(&mut self, at: usize) -> Result<(), InstallError> {
        let Some(install) = self.packages.get(at) else { return Ok(()) };
        let layer = self.tree.add_layer(Layer { path: install.layer.data.clone() });
        let owner = self.tree.add_package(&install.package.name);
        let mut unpacking = Unpacking { at, title: install.package.title(), layer, owner, placed: HashMap::new() };
        let entries = &install.layer.content.entries;
        let is_directory = |entry: &&ApkEntry| entry.kind == EntryKind::Directory;
        // A package's files appear together, when all of its directories are there.
        for entry in entries.iter().filter(is_directory) {
            self.make_directory(&unpacking, entry).map_err(|source| unpacking.fault(entry, source))?;
        }
        for entry in entries.iter().filter(|entry| !is_directory(entry)) {
            match self.files.claim(self.packages, at, &entry.path) {
                Claim::Yields => {}
                Claim::Takes => self.place(&mut unpacking, entry).map_err(|source| unpacking.fault(entry, source))?,
                Claim::Conflict(owner) => return Err(self.conflict(&unpacking, entry, owner)),
            }
        }
        Ok(())
    }

    /// Gives the directories that packages made the owners and modes that all of them agree on.
    pub(super) fn settle_directories(&mut self) {
        for (path, (uid, gid, mode)) in self.directories.settle(self.files.lists.iter().flatten()) {
            let Some(id) = lookup(&self.tree, &path) else { continue };
            if matches!(self.tree.node(id).kind, Kind::Directory(_)) {
                let metadata = &mut self.tree.node_mut(id).metadata;
                (metadata.uid, metadata.gid, metadata.mode) = (uid, gid, mode);
            }
        }
    }

    /// The packages' directories that any of the patterns means, as a trigger is called with them.
    pub(super) fn triggered_by(&self, patterns: &[String]) -> Vec<String> {
        let absolute = |path: &[u8]| format!("/{}", String::from_utf8_lossy(path));
        let is_meant =
            |path: &String| patterns.iter().any(|pattern| pattern.starts_with('/') && matches(pattern.as_bytes(), path.as_bytes()));
        if patterns.is_empty() { Vec::new() } else { self.directories.paths().map(absolute).filter(is_meant).collect() }
    }

    fn access(&self, entry: &ApkEntry) -> Access {
        let (uid, gid) = self.owners.of((&entry.user, entry.uid), (&entry.group, entry.gid));
        Access { mode: entry.mode, uid, gid, xattrs: hash_xattrs(entry) }
    }

    fn make_directory(&mut self, unpacking: &Unpacking<'_>, entry: &ApkEntry) -> Result<(), TreeError> {
        let access = self.access(entry);
        if !self.directories.is_prepared(&entry.path) {
            let there = lookup(&self.tree, &entry.path).map(|id| {
                let metadata = &self.tree.node(id).metadata;
                (metadata.uid, metadata.gid, metadata.mode)
            });
            self.directories.prepare(&entry.path, there);
            let id = self.tree.make_directory(&absolute(&entry.path), Time::from_seconds(entry.mtime))?;
            let node = self.tree.node_mut(id);
            if there.is_none() {
                node.metadata.mode = entry.mode;
            }
            node.package.get_or_insert(unpacking.owner);
        }
        self.directories.describe(&entry.path, access);
        if let Some(directory) = self.files.directory(unpacking.at, &entry.path, || access) {
            directory.access = access;
        }
        Ok(())
    }

    fn place(&mut self, unpacking: &mut Unpacking<'a>, entry: &'a ApkEntry) -> Result<(), TreeError> {
        let (access, checksum) = (self.access(entry), entry.checksum);
        let destination = self.destination(entry)?;
        if let Some(destination) = destination {
            let id = self.put(unpacking, entry, &destination, access)?;
            unpacking.placed.insert(&entry.path, id);
        }
        self.files.take(unpacking.at, &entry.path, access, checksum);
        Ok(())
    }

    /// Where an entry goes: its path, or, where somebody changed what is there in a protected directory, beside it; nowhere if that is the same.
    fn destination(&self, entry: &ApkEntry) -> Result<Option<Vec<u8>>, TreeError> {
        let path = absolute(&entry.path);
        let there = lookup(&self.tree, &entry.path).filter(|_| is_protected(&entry.path));
        let Some(there) = there else { return Ok(Some(path)) };
        let found = self.checksum(there)?;
        match self.files.checksum(&entry.path) {
            Some(known) if known.is_some() && known == found => Ok(Some(path)),
            _ if found.is_some() && found == entry.checksum => Ok(None),
            _ => Ok(Some([&path, &b".apk-new"[..]].concat())),
        }
    }

    /// Of what a node holds; none for what has no content.
    fn checksum(&self, id: NodeId) -> Result<Option<Sha1Sum>, TreeError> {
        match &self.tree.node(id).kind {
            Kind::File(_) => {
                let sum = Sha1Sum::of_reader(&mut *self.tree.open(id)?);
                sum.map(Some).map_err(|source| TreeError::Io { action: "read a configuration file".to_owned(), source })
            }
            Kind::Symlink(target) => Ok(Some(Sha1Sum::of(target))),
            _ => Ok(None),
        }
    }

    fn put(&mut self, unpacking: &Unpacking<'_>, entry: &ApkEntry, path: &[u8], access: Access) -> Result<NodeId, TreeError> {
        let mtime = Time::from_seconds(entry.mtime);
        let kind = match entry.kind.in_tree(unpacking.layer) {
            Ok(kind) => kind,
            Err(target) => {
                let first = unpacking.placed.get(target).copied();
                let first = first.ok_or_else(|| TreeError::NotFound { path: target.escape_ascii().to_string() })?;
                self.tree.link(first, path, mtime)?;
                return Ok(first);
            }
        };
        let is_link = matches!(kind, Kind::Symlink(_));
        let xattrs = if is_link { None } else { xattrs(entry) };
        let mode = if is_link { 0o777 } else { access.mode };
        let metadata = Metadata { mode, uid: access.uid, gid: access.gid, mtime, xattrs };
        self.tree.place(path, Node { metadata, kind, package: Some(unpacking.owner) })
    }

    fn conflict(&self, unpacking: &Unpacking<'_>, entry: &ApkEntry, owner: usize) -> InstallError {
        let owner = self.packages.get(owner).map(|install| install.package.title()).unwrap_or_default();
        InstallError::Overwrite { path: entry.path.escape_ascii().to_string(), package: unpacking.title.clone(), owner }
    }
}

impl Unpacking<'_> {
    fn fault(&self, entry: &ApkEntry, source: TreeError) -> InstallError {
        InstallError::Place { path: entry.path.escape_ascii().to_string(), package: self.title.clone(), source }
    }
}

/// apk's default: what somebody changed below `/etc` is not overwritten.
fn is_protected(path: &[u8]) -> bool {
    above(path).any(|directory| directory == b"etc")
}

fn lookup(tree: &Tree, path: &[u8]) -> Option<NodeId> {
    tree.lookup(&absolute(path)).ok()
}

fn absolute(path: &[u8]) -> Vec<u8> {
    [b"/", path].concat()
}
