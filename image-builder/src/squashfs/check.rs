use std::collections::BTreeSet;

use rootfs_tree::{Kind, Node, NodeId, Tree};

use super::SquashfsError;
use super::format::{ID_MAX, SYMLINK_MAX};
use crate::census::{Census, path_of};
use crate::limits::check_kind;

/// Most blocks of a file: the kernel counts them in an `int`.
const BLOCKS_MAX: u64 = 0x7FFF_FFFF;

/// Refuses inodes that squashfs has no form for.
pub(super) fn check_inodes(tree: &Tree, census: &Census, block_size: u32) -> Result<(), SquashfsError> {
    census.inodes().try_for_each(|(_, inode)| check_inode(tree, inode.node, block_size))
}

fn check_inode(tree: &Tree, id: NodeId, block_size: u32) -> Result<(), SquashfsError> {
    let Node { metadata, kind, .. } = tree.node(id);
    let seconds = metadata.mtime.seconds;
    if u32::try_from(seconds).is_err() {
        return Err(SquashfsError::Time { path: path_of(tree, id), seconds });
    }
    check_kind(kind, SYMLINK_MAX).map_err(|impossible| impossible.at(path_of(tree, id)))?;
    match kind {
        Kind::File(file) if file.length.div_ceil(block_size.into()) > BLOCKS_MAX => {
            Err(SquashfsError::FileTooLarge { path: path_of(tree, id), length: file.length, limit: BLOCKS_MAX * u64::from(block_size) })
        }
        _ => Ok(()),
    }
}

/// The users and groups of the tree, ascending: what inodes have is their place here.
#[derive(Debug)]
pub(super) struct Ids(Vec<u32>);

impl Ids {
    /// Collects them.
    pub(super) fn of(tree: &Tree, census: &Census) -> Result<Self, SquashfsError> {
        let owners = census.inodes().map(|(_, inode)| &tree.node(inode.node).metadata);
        let ids: BTreeSet<u32> = owners.flat_map(|metadata| [metadata.uid, metadata.gid]).collect();
        if ids.len() > ID_MAX {
            return Err(SquashfsError::TooManyIds { count: ids.len(), limit: ID_MAX });
        }
        Ok(Self(ids.into_iter().collect()))
    }

    /// All, by their places.
    pub(super) fn all(&self) -> &[u32] {
        &self.0
    }

    /// The place of one of them.
    pub(super) fn place(&self, id: u32) -> u16 {
        u16::try_from(self.0.partition_point(|known| *known < id)).unwrap_or(u16::MAX)
    }
}
