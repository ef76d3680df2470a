use std::ops::Range;

use crate::ext4::format::INODE_SIZE;

/// Inode 11 is the first that is no filesystem's own.
pub(crate) const FIRST_INODE: u32 = 11;
/// Groups whose bitmaps and inode tables lie together.
pub(crate) const GROUPS_PER_FLEX: u32 = 16;
/// The block size. Everything else takes it from its [`Geometry`].
pub(crate) const BLOCK_SIZE: u32 = 4096;

/// The sizes that all places follow from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Geometry {
    pub(crate) block_size: u32,
    pub(crate) descriptor_size: u32,
    pub(crate) groups: u32,
    pub(crate) inodes_per_group: u32,
}

impl Geometry {
    /// With room for so many inodes; nothing when the groups can't have them.
    pub(crate) fn new(groups: u32, inodes: u64) -> Option<Self> {
        let block_size = BLOCK_SIZE;
        let per_block = u64::from(inodes_per_block(block_size));
        let per_group = inodes.div_ceil(groups.into()).next_multiple_of(per_block);
        let inodes_per_group = u32::try_from(per_group).ok().filter(|count| *count <= 8 * block_size)?;
        inodes_per_group.checked_mul(groups)?;
        Some(Self { block_size, descriptor_size: 32, groups, inodes_per_group })
    }

    /// As many as one block of bitmap has bits.
    pub(crate) fn blocks_per_group(&self) -> u32 {
        8 * self.block_size
    }

    /// What all groups together can have.
    pub(crate) fn capacity(&self) -> u64 {
        u64::from(self.groups) * u64::from(self.blocks_per_group())
    }

    /// The group's first block.
    pub(crate) fn group_start(&self, group: u32) -> u64 {
        u64::from(group) * u64::from(self.blocks_per_group())
    }

    pub(crate) fn inodes(&self) -> u32 {
        self.groups * self.inodes_per_group
    }

    /// Blocks of one group's inode table.
    pub(crate) fn table_blocks(&self) -> u32 {
        self.inodes_per_group / inodes_per_block(self.block_size)
    }

    /// Blocks of the descriptors of all groups.
    pub(crate) fn descriptor_blocks(&self) -> u32 {
        (self.groups).div_ceil(self.block_size / self.descriptor_size)
    }

    /// Where the group keeps a superblock and all descriptors: the first always, others under `sparse_super`.
    pub(crate) fn superblock(&self, group: u32) -> Option<Range<u64>> {
        let start = self.group_start(group);
        has_superblock(group).then(|| start..start + 1 + u64::from(self.descriptor_blocks()))
    }
}

fn inodes_per_block(block_size: u32) -> u32 {
    block_size / u32::try_from(INODE_SIZE).unwrap_or(u32::MAX)
}

/// Groups 0 and 1 and the powers of 3, 5 and 7.
fn has_superblock(group: u32) -> bool {
    let is_power = |base: u32| {
        let mut rest = group;
        while rest > 1 && rest.is_multiple_of(base) {
            rest /= base;
        }
        rest == 1
    };
    group <= 1 || [3, 5, 7].into_iter().any(is_power)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn backups_are_at_powers_of_three_five_and_seven() {
        let groups: Vec<u32> = (0..130).filter(|group| has_superblock(*group)).collect();
        assert_eq!(groups, [0, 1, 3, 5, 7, 9, 25, 27, 49, 81, 125]);
    }

    #[test]
    fn inodes_fill_blocks_and_a_group_has_no_more_than_its_bitmap_has_bits() {
        for (groups, inodes, expected) in
            [(1, 1, Some(16)), (1, 17, Some(32)), (3, 48, Some(16)), (1, 32_768, Some(32_768)), (1, 32_769, None)]
        {
            assert_eq!(Geometry::new(groups, inodes).map(|geometry| geometry.inodes_per_group), expected, "{inodes} in {groups}");
        }
        assert_eq!(Geometry::new(u32::MAX, u64::from(u32::MAX) * 16), None);
    }
}
