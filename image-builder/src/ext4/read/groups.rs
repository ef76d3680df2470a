use super::Ext4ReadError;
use super::check::Check;
use super::problem::{Ext4Flaw, Ext4Place};
use super::volume::{is_checksum_right, join};
use crate::ext4::format::{GroupDesc, MAGIC};

/// Where a group's own blocks are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Places {
    pub(super) block_bitmap: u64,
    pub(super) inode_bitmap: u64,
    pub(super) inode_table: u64,
}

impl Places {
    pub(super) fn of(descriptor: &GroupDesc) -> Self {
        Self {
            block_bitmap: join(descriptor.bg_block_bitmap_lo.get(), descriptor.bg_block_bitmap_hi.get()),
            inode_bitmap: join(descriptor.bg_inode_bitmap_lo.get(), descriptor.bg_inode_bitmap_hi.get()),
            inode_table: join(descriptor.bg_inode_table_lo.get(), descriptor.bg_inode_table_hi.get()),
        }
    }
}

impl Check<'_> {
    /// The descriptor in use.
    pub(super) fn descriptor(&self, group: u32) -> Result<GroupDesc, Ext4ReadError> {
        Ok(self.volume.descriptor(self.volume.first_block + 1, group)?.0)
    }

    /// Superblocks and descriptors with their copies; claims what they and the groups' own blocks take.
    pub(super) fn check_groups(&mut self) -> Result<(), Ext4ReadError> {
        let volume = self.volume;
        let own = 1 + u64::from(volume.descriptor_blocks()) + u64::from(volume.reserved_descriptor_blocks);
        let copies: Vec<u32> = (0..volume.groups).filter(|group| volume.has_superblock(*group)).collect();
        for copy in &copies {
            let blocks = volume.group(*copy);
            let wanted = blocks.start..blocks.start + own;
            if wanted.end > blocks.end {
                let flaw = Ext4Flaw::Form { what: "the group is too small for it and the descriptors" };
                self.report.add(Ext4Place::Superblock { group: *copy }, flaw);
                continue;
            }
            self.claims.claim(wanted);
            self.check_backup(*copy)?;
        }
        for group in 0..volume.groups {
            let (descriptor, is_right) = volume.descriptor(volume.first_block + 1, group)?;
            if !is_right {
                self.report.add(Ext4Place::Descriptor { group, copy: 0 }, Ext4Flaw::Checksum { what: "the descriptor" });
            }
            self.claim_places(group, Places::of(&descriptor));
            for copy in copies.iter().skip(1) {
                let start = volume.group(*copy).start;
                if start + own > volume.blocks {
                    continue;
                }
                let (backup, is_right) = volume.descriptor(start + 1, group)?;
                let place = || Ext4Place::Descriptor { group, copy: *copy };
                if !is_right {
                    self.report.add(place(), Ext4Flaw::Checksum { what: "the descriptor" });
                }
                if Places::of(&backup) != Places::of(&descriptor) {
                    self.report.add(place(), Ext4Flaw::Form { what: "it is not the same as in group 0" });
                }
            }
        }
        Ok(())
    }

    /// What mounting doesn't change.
    fn check_backup(&mut self, group: u32) -> Result<(), Ext4ReadError> {
        if group == 0 {
            return Ok(());
        }
        let (ours, backup) = (self.volume.superblock(), self.volume.backup(group)?);
        let place = || Ext4Place::Superblock { group };
        if backup.s_magic.get() != MAGIC {
            self.report.add(place(), Ext4Flaw::Form { what: "it is none" });
            return Ok(());
        }
        if self.volume.features.checksums && !is_checksum_right(&backup) {
            self.report.add(place(), Ext4Flaw::Checksum { what: "the superblock" });
        }
        let numbers = |superblock: &super::Superblock| {
            [
                superblock.s_inodes_count,
                superblock.s_blocks_count_lo,
                superblock.s_blocks_count_hi,
                superblock.s_log_block_size,
                superblock.s_blocks_per_group,
                superblock.s_inodes_per_group,
                superblock.s_first_data_block,
            ]
        };
        if numbers(ours) != numbers(&backup) || ours.s_uuid != backup.s_uuid || ours.s_inode_size != backup.s_inode_size {
            self.report.add(place(), Ext4Flaw::Form { what: "it is of another filesystem than that of group 0" });
        }
        if backup.s_block_group_nr.get() != crate::ext4::format::low_half(group) {
            let value = backup.s_block_group_nr.get().into();
            self.report.add(place(), Ext4Flaw::Range { what: "the group", value });
        }
        Ok(())
    }

    fn claim_places(&mut self, group: u32, places: Places) {
        let volume = self.volume;
        let wanted = [
            ("the place of the block bitmap", places.block_bitmap, 1),
            ("the place of the inode bitmap", places.inode_bitmap, 1),
            ("the place of the inode table", places.inode_table, volume.table_blocks()),
        ];
        let own = volume.group(group);
        for (what, start, length) in wanted {
            let place = Ext4Place::Descriptor { group, copy: 0 };
            let end = start.saturating_add(length);
            let is_near = volume.features.flex_bg || start >= own.start && end <= own.end;
            if !volume.has_block(start) || end > volume.blocks || !is_near {
                self.report.add(place, Ext4Flaw::Range { what, value: start });
            } else if let Some(block) = self.claims.claim(start..end) {
                self.report.add(place, Ext4Flaw::Shared { block });
            }
        }
    }

    /// Whether something of a group can be read.
    pub(super) fn is_readable(&self, start: u64, length: u64) -> bool {
        self.volume.has_block(start) && start.saturating_add(length) <= self.volume.blocks
    }
}
