//! Attributes outside of inodes: what is the same is there once.

use std::collections::BTreeMap;

use rootfs_tree::{NodeId, Tree};

use super::check::Defect;
use super::xattr::Placed;
use crate::ext4::form::Form;
use crate::ext4::format::XATTR_REFCOUNT_MAX;

/// Blocks of attributes with the inodes that share them, and inodes of large values with what refers to them.
#[derive(Debug, Default)]
pub(crate) struct Sharing {
    /// Inodes with the number of their block among all, ascending.
    users: Vec<(u32, u32)>,
    /// In the order of their first users.
    blocks: Vec<SharedBlock>,
    /// In the order of their inodes.
    values: Vec<LargeValue>,
    /// Numbers of values among all, by their digests.
    known_values: BTreeMap<[u8; 32], u32>,
    first_value_inode: u32,
}

/// A block of attributes.
#[derive(Debug, Clone, Copy)]
struct SharedBlock {
    first_user: u32,
    references: u32,
}

/// The value of an attribute that has an inode of its own.
#[derive(Debug, Clone, Copy)]
pub(crate) struct LargeValue {
    /// One that has the attribute.
    pub(crate) node: NodeId,
    /// Which of those of its attributes whose values are large.
    pub(crate) ordinal: usize,
    pub(crate) length: u32,
    /// Entries that name it, however many inodes share their block.
    pub(crate) references: u32,
}

impl LargeValue {
    /// How many blocks it takes.
    pub(crate) fn blocks(self, form: Form) -> u32 {
        self.length.div_ceil(form.block_size)
    }
}

impl Sharing {
    /// How many blocks of attributes there are.
    pub(crate) fn block_count(&self) -> usize {
        self.blocks.len()
    }

    /// The number of the inode's block among all.
    pub(crate) fn block(&self, inode: u32) -> Option<u32> {
        let index = self.users.binary_search_by_key(&inode, |(user, _)| *user).ok()?;
        self.users.get(index).map(|(_, block)| *block)
    }

    /// Whether the inode has a block that no inode before it has.
    pub(crate) fn is_first_user(&self, inode: u32) -> bool {
        self.block(inode).is_some_and(|block| self.blocks[block as usize].first_user == inode)
    }

    /// How many inodes share a block.
    pub(crate) fn references(&self, block: u32) -> u32 {
        self.blocks[block as usize].references
    }

    /// Those that have inodes of their own, in the order of these.
    pub(crate) fn values(&self) -> &[LargeValue] {
        &self.values
    }

    /// What the inode holds, where it holds a value.
    pub(crate) fn value(&self, inode: u32) -> Option<LargeValue> {
        self.values.get(inode.checked_sub(self.first_value_inode)? as usize).copied()
    }

    /// The inode that holds the value with this digest.
    pub(crate) fn value_inode(&self, digest: &[u8; 32]) -> Option<u32> {
        self.known_values.get(digest).map(|index| self.first_value_inode + index)
    }
}

/// A [`Sharing`] that is being counted.
#[derive(Debug, Default)]
pub(crate) struct SharingCount {
    sharing: Sharing,
    /// Blocks that may have more users, by digest.
    open: BTreeMap<[u8; 32], u32>,
}

impl SharingCount {
    /// Takes in what an inode has outside. They come in ascending order.
    pub(crate) fn add(&mut self, tree: &Tree, inode: u32, id: NodeId, form: Form) -> Result<(), Defect> {
        let Some(xattrs) = &tree.node(id).metadata.xattrs else { return Ok(()) };
        let placed = Placed::new(xattrs, form)?;
        if !placed.block_digest().is_some_and(|digest| self.add_block(inode, digest)) {
            return Ok(());
        }
        for (ordinal, attribute) in placed.large().enumerate() {
            let length = u32::try_from(attribute.value.len()).unwrap_or(u32::MAX);
            self.add_value(attribute.value_digest(), LargeValue { node: id, ordinal, length, references: 0 });
        }
        Ok(())
    }

    pub(crate) fn finish(mut self, first_value_inode: u32) -> Sharing {
        self.sharing.first_value_inode = first_value_inode;
        self.sharing
    }

    /// Whether the block is a new one.
    fn add_block(&mut self, inode: u32, digest: [u8; 32]) -> bool {
        let Sharing { users, blocks, .. } = &mut self.sharing;
        let known = self.open.get(&digest).copied().filter(|block| blocks[*block as usize].references < XATTR_REFCOUNT_MAX);
        // There are no more than inodes.
        let block = known.unwrap_or_else(|| u32::try_from(blocks.len()).unwrap_or(u32::MAX));
        if known.is_none() {
            blocks.push(SharedBlock { first_user: inode, references: 0 });
            self.open.insert(digest, block);
        }
        blocks[block as usize].references += 1;
        users.push((inode, block));
        known.is_none()
    }

    fn add_value(&mut self, digest: [u8; 32], value: LargeValue) {
        let Sharing { values, known_values, .. } = &mut self.sharing;
        let index = *known_values.entry(digest).or_insert_with(|| {
            values.push(value);
            u32::try_from(values.len() - 1).unwrap_or(u32::MAX)
        });
        values[index as usize].references += 1;
    }
}
