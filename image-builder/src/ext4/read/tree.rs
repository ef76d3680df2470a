//! A filesystem's files as a tree.

mod attributes;
mod content;
mod inline;
mod inodes;
mod names;

use std::collections::BTreeMap;

use rootfs_tree::{Kind, NodeId, Tree};

use super::check::Check;
use super::claims::Claims;
use super::inode::RawInode;
use super::problem::{Ext4Flaw, Ext4Place, Ext4Problem};
use super::volume::Volume;
use crate::ext4::layout::ROOT_INODE;
use crate::read::{Contents, ReadError};
use inodes::Inodes;

/// What mke2fs makes for what e2fsck finds.
const LOST_AND_FOUND: &[u8] = b"lost+found";

/// Puts all that can be reached from the root into a tree.
pub(super) fn read<'a>(volume: &'a Volume<'a>, tree: &mut Tree, contents: &mut Contents<'_>) -> Result<(), ReadError> {
    let mut reader = Reader {
        volume,
        check: Check::new(volume),
        inodes: Inodes::new(volume),
        listed: Claims::default(),
        values: BTreeMap::new(),
        seen: BTreeMap::from([(ROOT_INODE, Tree::ROOT)]),
        contents,
    };
    let root = reader.inodes.get(ROOT_INODE)?;
    let node = reader.node(&RawInode::new(ROOT_INODE, &root))?;
    if !matches!(node.kind, Kind::Directory(_)) {
        return Err(damaged(ROOT_INODE, Ext4Flaw::Form { what: "there is no root directory" }));
    }
    *tree.node_mut(Tree::ROOT) = node;
    let mut pending = vec![(ROOT_INODE, Tree::ROOT)];
    while let Some((number, directory)) = pending.pop() {
        reader.contents.check_cancelled()?;
        for (name, child) in reader.names(number)? {
            let id = reader.child(tree, (number, &name), child, &mut pending)?;
            if tree.insert(directory, &name, id)?.is_some() {
                return Err(damaged_name(number, &name, "is there twice"));
            }
        }
    }
    leave_out_own(tree)?;
    Ok(())
}

/// Removes what is not the tree's but the filesystem's.
fn leave_out_own(tree: &mut Tree) -> Result<(), ReadError> {
    let Some(id) = tree.child(Tree::ROOT, LOST_AND_FOUND) else { return Ok(()) };
    let node = tree.node(id);
    let metadata = &node.metadata;
    let is_own = matches!(&node.kind, Kind::Directory(entries) if entries.is_empty())
        && (metadata.mode, metadata.uid, metadata.gid) == (0o700, 0, 0)
        && metadata.xattrs.is_none();
    if is_own {
        tree.remove_entry(Tree::ROOT, LOST_AND_FOUND)?;
    }
    Ok(())
}

struct Reader<'a, 'b, 'c> {
    volume: &'a Volume<'a>,
    /// Finds blocks, and what is wrong with them.
    check: Check<'a>,
    inodes: Inodes<'a>,
    /// Blocks of directories: each is read once.
    listed: Claims,
    /// Values of attributes that have inodes of their own.
    values: BTreeMap<u32, Box<[u8]>>,
    /// What has a name so far.
    seen: BTreeMap<u32, NodeId>,
    contents: &'b mut Contents<'c>,
}

impl Reader<'_, '_, '_> {
    /// The inode that a name is of; a directory is put off.
    fn child(
        &mut self,
        tree: &mut Tree,
        (directory, name): (u32, &[u8]),
        number: u32,
        pending: &mut Vec<(u32, NodeId)>,
    ) -> Result<NodeId, ReadError> {
        if let Some(id) = self.seen.get(&number) {
            // A second way to a directory would lead around in circles.
            return match tree.node(*id).kind {
                Kind::Directory(_) => Err(damaged_name(directory, name, "is of a directory that has another name too")),
                _ => Ok(*id),
            };
        }
        let bytes = self.inodes.get(number)?;
        let node = self.node(&RawInode::new(number, &bytes))?;
        let is_directory = matches!(node.kind, Kind::Directory(_));
        let id = tree.add_node(node);
        self.seen.insert(number, id);
        if is_directory {
            pending.push((number, id));
        }
        Ok(id)
    }

    /// Fails with what was found to be wrong since the last time.
    fn sound(&mut self) -> Result<(), ReadError> {
        match self.check.report.problems.pop() {
            Some(problem) => Err(ReadError::Ext4Damaged(problem)),
            None => Ok(()),
        }
    }
}

fn damaged(inode: u32, flaw: Ext4Flaw) -> ReadError {
    ReadError::Ext4Damaged(Ext4Problem { place: Ext4Place::Inode { inode, path: None }, flaw })
}

fn damaged_form(inode: u32, what: &'static str) -> ReadError {
    damaged(inode, Ext4Flaw::Form { what })
}

fn damaged_name(directory: u32, name: &[u8], what: &'static str) -> ReadError {
    damaged(directory, Ext4Flaw::Name { name: name.escape_ascii().to_string(), what })
}
