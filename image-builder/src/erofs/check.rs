use rootfs_tree::{Kind, NodeId, Tree};

use super::ErofsError;
use super::format::SYMLINK_MAX;
use crate::census::{Census, path_of};
use crate::limits::check_kind;

/// Refuses inodes that erofs has no form for.
pub(super) fn check_inodes(tree: &Tree, census: &Census) -> Result<(), ErofsError> {
    census.inodes().try_for_each(|(_, inode)| check_inode(tree, inode.node, &tree.node(inode.node).kind))
}

fn check_inode(tree: &Tree, id: NodeId, kind: &Kind) -> Result<(), ErofsError> {
    Ok(check_kind(kind, SYMLINK_MAX).map_err(|impossible| impossible.at(path_of(tree, id)))?)
}
