use rootfs_tree::{Kind, Tree};

use super::census::{Census, Counted};
use super::sparse::{Sparse, Stretch};
use crate::ext4::Ext4Error;
use crate::ext4::form::Form;

/// Bytes of a link's target that fit into `i_block`.
pub(crate) const FAST_SYMLINK: usize = 59;

/// What needs blocks, before any has a place.
#[derive(Debug)]
pub(crate) struct Demand<'a> {
    pub(crate) tree: &'a Tree,
    pub(crate) census: &'a Census,
    pub(crate) sparse: &'a Sparse,
    pub(crate) form: Form,
}

impl Demand<'_> {
    /// The blocks of what the tree names and describes: directories, long links and large values of attributes.
    pub(crate) fn metadata_blocks(&self, inode: u32, counted: Counted) -> u32 {
        match counted.node.map(|id| &self.tree.node(id).kind) {
            None if let Some(value) = self.census.sharing().value(inode) => value.blocks(self.form),
            None | Some(Kind::Directory(_)) => self.census.directory(inode).map_or(0, |directory| directory.blocks),
            Some(Kind::Symlink(target)) if target.len() > FAST_SYMLINK => 1,
            Some(_) => 0,
        }
    }

    /// The blocks of a file's content.
    pub(crate) fn content(&self, counted: Counted) -> impl Iterator<Item = Stretch> + '_ {
        let file = counted.node.and_then(|id| Some((id, self.tree.file(id)?.length)));
        file.into_iter().flat_map(|(id, length)| self.sparse.stretches(id, length, self.form.block_size))
    }

    /// All blocks but the filesystem's own and those of extent trees.
    pub(crate) fn blocks(&self) -> Result<u64, Ext4Error> {
        let limit = u64::from(u32::MAX);
        let mut total = self.census.sharing().block_count() as u64;
        for (inode, counted) in self.census.inodes() {
            total += u64::from(self.metadata_blocks(inode, counted));
            if let Some((id, file)) = counted.node.and_then(|id| Some((id, self.tree.file(id)?))) {
                total += self.sparse.blocks(id, file.length, self.form.block_size);
            }
            if total > limit {
                return Err(Ext4Error::TooLarge { limit: limit * u64::from(self.form.block_size) });
            }
        }
        Ok(total)
    }
}
