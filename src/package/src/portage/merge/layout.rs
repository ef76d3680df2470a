use std::collections::{HashMap, HashSet};

use rootfs_tree::{Kind, Layer, LayerId, Metadata, Node, NodeId, PackageId, Time, Tree, TreeError};

use super::mask::InstallMask;
use super::protect::{Protection, md5_of, protect_name};
use super::{MergeError, MergePackage, Part};
use crate::owners::Owners;
use crate::pattern::{Backslash, matches};
use crate::payload::{EntryKind, above};
use crate::portage::binary::{BinaryEntry, BinaryLayer};
use crate::root::{shown, split};

/// What several packages may have (portage's `COLLISION_IGNORE`).
const SHARED: [&str; 4] = ["/lib/modules/*", "*.py[co]", "*$py.class", "*/dropin.cache"];

/// A tree in the making.
#[derive(Debug)]
pub(super) struct Layout<'a> {
    pub(super) tree: Tree,
    pub(super) notes: Vec<String>,
    mask: &'a InstallMask,
    /// Who has which name of which directory: so a file is the same by whichever links it is reached.
    owners: HashMap<(NodeId, Vec<u8>), PackageId>,
}

/// What a package has, as its `CONTENTS` says it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Owned {
    Directory,
    File { md5: [u8; 16], mtime: i64 },
    Link { target: Vec<u8>, mtime: i64 },
    Fifo,
    Device,
}

/// A package that is being merged.
struct Merging<'p> {
    title: String,
    owner: PackageId,
    layer: LayerId,
    users: Owners,
    protection: Protection,
    /// Files so far, which hard links may name.
    placed: HashMap<&'p [u8], NodeId>,
}

impl<'a> Layout<'a> {
    pub(super) fn of(tree: Tree, mask: &'a InstallMask) -> Self {
        Self { tree, notes: Vec::new(), mask, owners: HashMap::new() }
    }

    /// Lays a package's files out over those that are there, with what its phases have added; gives what it owns, by absolute paths.
    pub(super) fn merge(&mut self, package: &MergePackage<'_>, added: &[BinaryEntry]) -> Result<Vec<(Vec<u8>, Owned)>, MergeError> {
        let content = &package.layer.content;
        let title = content.metadata.title();
        let mut merging = Merging {
            owner: self.tree.add_package(&title),
            layer: self.tree.add_layer(Layer { path: package.layer.data.clone() }),
            users: Owners::read(&self.tree),
            protection: Protection::read(&self.tree),
            placed: HashMap::new(),
            title,
        };
        let mut contents = Vec::new();
        for entry in taken(&content.entries, package.part.is_none(), self.mask).into_iter().chain(added) {
            let owned = self.place(&mut merging, entry)?;
            contents.push(([b"/", entry.path.as_slice()].concat(), owned));
        }
        Ok(contents)
    }

    fn place<'p>(&mut self, merging: &mut Merging<'p>, entry: &'p BinaryEntry) -> Result<Owned, MergeError> {
        let (directory, name) = split(&entry.path);
        let failed = |source| MergeError::Place { path: entry.path.escape_ascii().to_string(), package: merging.title.clone(), source };
        let time = Time::from_seconds(entry.mtime);
        let parent = self.tree.make_directory(&[b"/", directory].concat(), time).map_err(failed)?;
        let there = self.tree.child(parent, name);
        if entry.kind == EntryKind::Directory {
            self.place_directory(merging, entry, parent, there).map_err(failed)?;
            return Ok(Owned::Directory);
        }
        let is_directory = there.is_some_and(|id| matches!(self.tree.node(id).kind, Kind::Directory(_)));
        if is_directory {
            return Err(failed(TreeError::IsADirectory { path: shown(&entry.path) }));
        }
        let is_device = matches!(entry.kind, EntryKind::CharDevice { .. } | EntryKind::BlockDevice { .. } | EntryKind::Fifo);
        if !(is_device && there.is_some()) {
            let name = self.name_for(merging, entry, parent, name, there)?;
            let id = self.node_for(merging, entry).map_err(failed)?;
            self.tree.insert(parent, &name, id).map_err(failed)?;
            merging.placed.insert(&entry.path, id);
            self.owners.entry((parent, name)).or_insert(merging.owner);
        }
        Ok(match &entry.kind {
            EntryKind::Symlink(target) => Owned::Link { target: target.clone(), mtime: entry.mtime },
            EntryKind::Fifo => Owned::Fifo,
            EntryKind::CharDevice { .. } | EntryKind::BlockDevice { .. } => Owned::Device,
            _ => Owned::File { md5: entry.checksum.unwrap_or_default(), mtime: entry.mtime },
        })
    }

    /// A directory that is there stays as it is, and so does a link that leads to one.
    fn place_directory(
        &mut self,
        merging: &Merging<'_>,
        entry: &BinaryEntry,
        parent: NodeId,
        there: Option<NodeId>,
    ) -> Result<(), TreeError> {
        if there.is_some() {
            let path = [b"/", entry.path.as_slice()].concat();
            let id = self.tree.resolve(&path)?;
            return match self.tree.node(id).kind {
                Kind::Directory(_) => Ok(()),
                _ => Err(TreeError::NotADirectory { path: shown(&entry.path) }),
            };
        }
        let node = Node { metadata: merging.metadata(entry), kind: Kind::directory(), package: Some(merging.owner) };
        let id = self.tree.add_node(node);
        self.tree.insert(parent, split(&entry.path).1, id)?;
        Ok(())
    }

    /// Under which name an entry goes: its own, unless that is a configuration file's that has another content.
    fn name_for(
        &mut self,
        merging: &Merging<'_>,
        entry: &BinaryEntry,
        parent: NodeId,
        name: &[u8],
        there: Option<NodeId>,
    ) -> Result<Vec<u8>, MergeError> {
        let Some(there) = there else { return Ok(name.to_vec()) };
        let failed = |source| MergeError::Place { path: entry.path.escape_ascii().to_string(), package: merging.title.clone(), source };
        let is_keeper = name.starts_with(b".keep") && matches!(entry.kind, EntryKind::File { length: 0, .. });
        if merging.protection.is_protected(&entry.path) && !is_keeper {
            let new = match &entry.kind {
                EntryKind::Symlink(target) => {
                    Some(md5::Digest::finalize(md5::Digest::chain_update(<md5::Md5 as md5::Digest>::new(), target)).into())
                }
                _ => entry.checksum,
            };
            if md5_of(&self.tree, there).map_err(failed)? == new {
                return Ok(name.to_vec());
            }
            let beside = protect_name(&self.tree, parent, name, new).map_err(failed)?;
            self.notes.push(format!(
                "{} has another `/{}` than what is there: it is beside it, as `{}`",
                merging.title,
                entry.path.escape_ascii(),
                beside.escape_ascii()
            ));
            return Ok(beside);
        }
        let owner = self.owners.get(&(parent, name.to_vec())).filter(|owner| **owner != merging.owner);
        let is_shared =
            SHARED.iter().any(|pattern| matches(pattern.as_bytes(), &[b"/", entry.path.as_slice()].concat(), Backslash::Literal));
        match owner.filter(|_| !is_shared) {
            Some(owner) => Err(MergeError::Collision {
                path: entry.path.escape_ascii().to_string(),
                package: merging.title.clone(),
                owner: self.tree.package(*owner).to_owned(),
            }),
            None => Ok(name.to_vec()),
        }
    }

    fn node_for(&mut self, merging: &Merging<'_>, entry: &BinaryEntry) -> Result<NodeId, TreeError> {
        let kind = match entry.kind.in_tree(merging.layer) {
            Ok(kind) => kind,
            Err(target) => {
                let first = merging.placed.get(target).copied();
                return first.ok_or_else(|| TreeError::NotFound { path: target.escape_ascii().to_string() });
            }
        };
        let metadata = match kind {
            Kind::Symlink(_) => Metadata { mode: 0o777, xattrs: None, ..merging.metadata(entry) },
            _ => merging.metadata(entry),
        };
        Ok(self.tree.add_node(Node { metadata, kind, package: Some(merging.owner) }))
    }
}

impl Merging<'_> {
    fn metadata(&self, entry: &BinaryEntry) -> Metadata {
        let (uid, gid) = self.users.of((&entry.user, entry.uid), (&entry.group, entry.gid));
        let pair = |(name, value): &(Vec<u8>, Vec<u8>)| (name.as_slice().into(), value.as_slice().into());
        let xattrs = (!entry.xattrs.is_empty()).then(|| Box::new(entry.xattrs.iter().map(pair).collect()));
        Metadata { mode: entry.mode, uid, gid, mtime: Time::from_seconds(entry.mtime), xattrs }
    }
}

/// The entries that are taken, in the order of their paths: a directory that is masked only when something in it is taken.
fn taken<'p>(entries: &'p [BinaryEntry], whole: bool, mask: &InstallMask) -> Vec<&'p BinaryEntry> {
    let is_file = |entry: &&BinaryEntry| entry.kind != EntryKind::Directory;
    let entries = if whole { entries } else { &[] };
    let files: Vec<&BinaryEntry> = entries.iter().filter(is_file).filter(|entry| !mask.masks_file(&entry.path)).collect();
    let mut needed: HashSet<&[u8]> = files.iter().flat_map(|entry| above(&entry.path)).collect();
    // From the deepest on: a directory that stays keeps those that it is in.
    for entry in entries.iter().rev().filter(|entry| !is_file(entry)) {
        if needed.contains(entry.path.as_slice()) || !mask.masks_directory(&entry.path) {
            needed.insert(&entry.path);
            needed.extend(above(&entry.path));
        }
    }
    let directories = entries.iter().filter(|entry| !is_file(entry) && needed.contains(entry.path.as_slice()));
    let mut taken: Vec<&BinaryEntry> = files.into_iter().chain(directories).collect();
    taken.sort_by(|one, other| (is_link(one), &one.path).cmp(&(is_link(other), &other.path)));
    taken
}

/// The files of a part, where they are put; each name once.
pub(super) fn parts(layer: &BinaryLayer, part: Part<'_>) -> Vec<BinaryEntry> {
    let is_meant = |entry: &&BinaryEntry| {
        matches!(entry.kind, EntryKind::File { .. } | EntryKind::Symlink(_))
            && part.files.iter().any(|pattern| matches(pattern.as_bytes(), &entry.path, Backslash::Literal))
    };
    let moved = |entry: &BinaryEntry| BinaryEntry { path: [part.into.as_bytes(), b"/", split(&entry.path).1].concat(), ..entry.clone() };
    let mut moved: Vec<BinaryEntry> = layer.content.entries.iter().filter(is_meant).map(moved).collect();
    moved.sort_by(|one, other| one.path.cmp(&other.path));
    moved.dedup_by(|one, other| one.path == other.path);
    moved
}

/// Hard links come after the files that they name.
fn is_link(entry: &BinaryEntry) -> bool {
    matches!(entry.kind, EntryKind::Hardlink(_))
}

#[cfg(test)]
mod tests;
