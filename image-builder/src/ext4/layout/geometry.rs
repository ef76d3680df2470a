use std::ops::Range;

use crate::ext4::form::Form;
use crate::ext4::format::INODE_SIZE;

/// Inode 11 is the first that is no filesystem's own.
pub(crate) const FIRST_INODE: u32 = 11;
/// Groups whose bitmaps and inode tables lie together.
pub(crate) const GROUPS_PER_FLEX: u32 = 16;
/// Inodes of a group are a multiple of this: they fill blocks of any size, and bytes of a bitmap.
const INODE_STEP: u64 = 16;
/// Blocks that numbers of 32 bits can tell apart.
const NUMBERED_BLOCKS: u64 = 0xFFFF_FFFF;

/// The sizes that all places follow from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Geometry {
    pub(crate) form: Form,
    pub(crate) groups: u32,
    pub(crate) inodes_per_group: u32,
    /// `s_reserved_gdt_blocks`
    pub(crate) reserved_descriptor_blocks: u32,
}

impl Geometry {
    /// With room for so many inodes, and reserved blocks of descriptors; nothing when the groups can't have them.
    pub(crate) fn new(form: Form, groups: u32, inodes: u64, reserved_descriptor_blocks: u32) -> Option<Self> {
        let per_group = inodes.div_ceil(groups.into()).next_multiple_of(INODE_STEP);
        let inodes_per_group = u32::try_from(per_group).ok().filter(|count| *count <= form.blocks_per_group())?;
        inodes_per_group.checked_mul(groups)?;
        Some(Self { form, groups, inodes_per_group, reserved_descriptor_blocks })
    }

    /// What all groups together reach to.
    pub(crate) fn capacity(&self) -> u64 {
        capacity(self.form, self.groups.into())
    }

    /// The group's first block.
    pub(crate) fn group_start(&self, group: u32) -> u64 {
        capacity(self.form, group.into())
    }

    pub(crate) fn inodes(&self) -> u32 {
        self.groups * self.inodes_per_group
    }

    /// Blocks of one group's inode table.
    pub(crate) fn table_blocks(&self) -> u32 {
        self.inodes_per_group / inodes_per_block(self.form.block_size)
    }

    /// Blocks of the descriptors of all groups.
    pub(crate) fn descriptor_blocks(&self) -> u32 {
        descriptor_blocks(self.form, self.groups)
    }

    /// Where the group keeps a superblock, all descriptors and the blocks reserved for more: the first always, others under `sparse_super`.
    pub(crate) fn superblock(&self, group: u32) -> Option<Range<u64>> {
        let start = self.group_start(group);
        let length = 1 + self.descriptor_blocks() + self.reserved_descriptor_blocks;
        has_superblock(group).then(|| start..start + u64::from(length))
    }

    /// The groups other than the first that keep a superblock.
    pub(crate) fn backups(&self) -> impl Iterator<Item = u32> + use<> {
        (1..self.groups).filter(|group| has_superblock(*group))
    }
}

/// Where groups end, counted from the start of the filesystem.
pub(crate) fn capacity(form: Form, groups: u64) -> u64 {
    form.first_block() + groups * u64::from(form.blocks_per_group())
}

/// The groups of so many blocks.
pub(crate) fn groups_of(form: Form, blocks: u64) -> u64 {
    blocks.saturating_sub(form.first_block()).div_ceil(form.blocks_per_group().into())
}

/// The most blocks that can be: their numbers have 32 bits, and a group that keeps a superblock keeps all descriptors too.
pub(crate) fn most_blocks(form: Form) -> u64 {
    let room = form.blocks_per_group() - 1 - form.addresses();
    let groups = u64::from(room) * u64::from(form.block_size / form.descriptor_size());
    NUMBERED_BLOCKS.min(capacity(form, groups))
}

/// Blocks to reserve for descriptors of groups to come, by `calc_reserved_gdt_blocks` of e2fsprogs 1.47: enough for 1024 times the size, at most
/// as many as one block can tell the addresses of.
pub(crate) fn reserved_descriptor_blocks(form: Form, blocks: u64) -> u32 {
    if !form.has_resize_inode() {
        return 0;
    }
    let reach = if blocks < NUMBERED_BLOCKS / 1024 { blocks * 1024 } else { NUMBERED_BLOCKS };
    let of = |blocks| u32::try_from(groups_of(form, blocks)).map_or(u32::MAX, |groups| descriptor_blocks(form, groups));
    (of(reach) - of(blocks).min(of(reach))).min(form.addresses())
}

fn descriptor_blocks(form: Form, groups: u32) -> u32 {
    groups.div_ceil(form.block_size / form.descriptor_size())
}

fn inodes_per_block(block_size: u32) -> u32 {
    block_size / u32::try_from(INODE_SIZE).unwrap_or(u32::MAX)
}

/// Groups 0 and 1 and the powers of 3, 5 and 7.
pub(crate) fn has_superblock(group: u32) -> bool {
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
    use crate::ext4::options::{BlockSize, Profile};

    const USUAL: Form = Form::of(Profile::Default, BlockSize::K4);
    const SMALL: Form = Form::of(Profile::Default, BlockSize::K1);

    #[test]
    fn backups_are_at_powers_of_three_five_and_seven() {
        let geometry = Geometry::new(USUAL, 130, 1, 0).unwrap();
        assert_eq!(geometry.backups().collect::<Vec<_>>(), [1, 3, 5, 7, 9, 25, 27, 49, 81, 125]);
    }

    #[test]
    fn inodes_fill_blocks_and_a_group_has_no_more_than_its_bitmap_has_bits() {
        for (form, groups, inodes, expected) in [
            (USUAL, 1, 1, Some(16)),
            (USUAL, 1, 17, Some(32)),
            (USUAL, 3, 48, Some(16)),
            (USUAL, 1, 32_768, Some(32_768)),
            (USUAL, 1, 32_769, None),
            (SMALL, 1, 8192, Some(8192)),
            (SMALL, 1, 8193, None),
        ] {
            let geometry = Geometry::new(form, groups, inodes, 0);
            assert_eq!(geometry.map(|geometry| geometry.inodes_per_group), expected, "{inodes} in {groups}");
        }
        assert_eq!(Geometry::new(USUAL, u32::MAX, u64::from(u32::MAX) * 16, 0), None);
    }

    #[test]
    fn the_first_block_of_1_kib_belongs_to_no_group() {
        let geometry = Geometry::new(SMALL, 2, 1, 0).unwrap();
        assert_eq!((geometry.group_start(0), geometry.group_start(1), geometry.capacity()), (1, 8193, 16_385));
        assert_eq!([1, 8193, 8194].map(|blocks| groups_of(SMALL, blocks)), [0, 1, 2]);
    }

    // From `dumpe2fs -h` of what `mke2fs -t ext4 -b BLOCK_SIZE IMAGE BLOCKS` made.
    #[test]
    fn reserved_blocks_are_as_many_as_mke2fs_reserves() {
        for (block_size, blocks, expected) in RESERVED {
            assert_eq!(reserved_descriptor_blocks(Form::of(Profile::Default, block_size), blocks), expected, "{block_size:?} {blocks}");
        }
        assert_eq!(reserved_descriptor_blocks(Form::of(Profile::ReadOnly, BlockSize::K4), 1 << 20), 0);
    }

    const RESERVED: [(BlockSize, u64, u32); 19] = [
        (BlockSize::K1, 8000, 62),
        (BlockSize::K1, 8193, 64),
        (BlockSize::K1, 16_384, 127),
        (BlockSize::K1, 40_000, 256),
        (BlockSize::K1, 8_000_000, 256),
        (BlockSize::K2, 8000, 15),
        (BlockSize::K2, 8193, 16),
        (BlockSize::K2, 16_384, 31),
        (BlockSize::K2, 40_000, 78),
        (BlockSize::K2, 262_144, 511),
        (BlockSize::K2, 1_000_000, 512),
        (BlockSize::K4, 8000, 3),
        (BlockSize::K4, 8193, 4),
        (BlockSize::K4, 16_384, 7),
        (BlockSize::K4, 40_000, 19),
        (BlockSize::K4, 262_144, 127),
        (BlockSize::K4, 1_000_000, 488),
        (BlockSize::K4, 4_194_302, 1024),
        (BlockSize::K4, 100_000_000, 1024),
    ];
}
