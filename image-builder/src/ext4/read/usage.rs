use std::ops::Range;

use super::Ext4ReadError;
use super::check::Check;
use super::groups::Places;
use super::problem::{Ext4Flaw, Ext4Place};
use super::volume::join;
use crate::ext4::format::{BG_BLOCK_UNINIT, BG_INODE_UNINIT, GroupDesc, mode};
use crate::ext4::writer::set_bits;

/// Sums over all groups.
#[derive(Debug, Default)]
struct Totals {
    free_blocks: u64,
    free_inodes: u64,
}

impl Check<'_> {
    /// Bitmaps and counts against what was found to be in use.
    pub(super) fn check_usage(&mut self) -> Result<(), Ext4ReadError> {
        let mut totals = Totals::default();
        for group in 0..self.volume.groups {
            let descriptor = self.descriptor(group)?;
            totals.free_blocks += self.check_blocks(group, &descriptor)?;
            totals.free_inodes += self.check_inode_usage(group, &descriptor)?;
        }
        self.report.blocks = self.volume.blocks - self.volume.first_block - totals.free_blocks;
        let superblock = self.volume.superblock();
        let high = if self.volume.features.bit64 { superblock.s_free_blocks_count_hi.get() } else { 0 };
        let said = join(superblock.s_free_blocks_count_lo.get(), high);
        self.count(Ext4Place::Superblock { group: 0 }, "the number of free blocks", said, totals.free_blocks);
        let said = superblock.s_free_inodes_count.get().into();
        self.count(Ext4Place::Superblock { group: 0 }, "the number of free inodes", said, totals.free_inodes);
        Ok(())
    }

    fn count(&mut self, place: Ext4Place, what: &'static str, said: u64, found: u64) {
        if said != found {
            self.report.add(place, Ext4Flaw::Count { what, said, found });
        }
    }

    /// Gives the number of free ones.
    fn check_blocks(&mut self, group: u32, descriptor: &GroupDesc) -> Result<u64, Ext4ReadError> {
        let volume = self.volume;
        let blocks = volume.group(group);
        let used: Vec<Range<u64>> = self.claims.within(blocks.clone()).collect();
        let free = blocks.end - blocks.start - used.iter().map(|range| range.end - range.start).sum::<u64>();
        let said = wide(descriptor.bg_free_blocks_count_lo.get(), descriptor.bg_free_blocks_count_hi.get());
        self.count(Ext4Place::Descriptor { group, copy: 0 }, "the number of free blocks", said, free);
        let bitmap = Places::of(descriptor).block_bitmap;
        if volume.may_be_uninitialised() && descriptor.bg_flags.get() & BG_BLOCK_UNINIT != 0 {
            let own: Vec<Range<u64>> = self.ground.within(blocks).collect();
            if own != used {
                let flaw = Ext4Flaw::Form { what: "it is said to be unwritten, and blocks of the group are in use" };
                self.report.add(Ext4Place::BlockBitmap { group }, flaw);
            }
            return Ok(free);
        }
        if !self.is_readable(bitmap, 1) {
            return Ok(free);
        }
        let bytes = volume.block(bitmap)?;
        let mut expected = vec![0; bytes.len()];
        let bit = |block: u64| usize::try_from(block - blocks.start).unwrap_or(usize::MAX);
        for range in &used {
            set_bits(&mut expected, bit(range.start), bit(range.end));
        }
        set_bits(&mut expected, bit(blocks.end), 8 * bytes.len());
        self.compare(Ext4Place::BlockBitmap { group }, "blocks", blocks.start, &bytes, &expected);
        if volume.features.checksums {
            let sum = volume.checksum.with(&bytes[..volume.blocks_per_group as usize / 8]);
            let is_right = sum.low() == descriptor.bg_block_bitmap_csum_lo.get()
                && (!volume.features.bit64 || sum.high() == descriptor.bg_block_bitmap_csum_hi.get());
            if !is_right {
                self.report.add(Ext4Place::BlockBitmap { group }, Ext4Flaw::Checksum { what: "the bitmap" });
            }
        }
        Ok(free)
    }

    /// Gives the number of free ones.
    fn check_inode_usage(&mut self, group: u32, descriptor: &GroupDesc) -> Result<u64, Ext4ReadError> {
        let volume = self.volume;
        let per_group = volume.inodes_per_group;
        let first = group * per_group + 1;
        let numbers = first..first + per_group;
        // Those that the filesystem reserves count as used, whatever they are.
        let reserved = (1..volume.first_inode).filter(|inode| numbers.contains(inode));
        let others =
            self.inodes.range(volume.first_inode.max(first)..numbers.end.max(volume.first_inode).max(first)).map(|(inode, _)| *inode);
        let used: Vec<usize> = reserved.chain(others).map(|inode| (inode - first) as usize).collect();
        let directories = self.inodes.range(numbers).filter(|(_, known)| known.kind == mode::DIRECTORY).count() as u64;
        let free = u64::from(per_group) - used.len() as u64;
        let place = || Ext4Place::Descriptor { group, copy: 0 };
        let said = wide(descriptor.bg_free_inodes_count_lo.get(), descriptor.bg_free_inodes_count_hi.get());
        self.count(place(), "the number of free inodes", said, free);
        let said = wide(descriptor.bg_used_dirs_count_lo.get(), descriptor.bg_used_dirs_count_hi.get());
        self.count(place(), "the number of directories", said, directories);
        let unused = wide(descriptor.bg_itable_unused_lo.get(), descriptor.bg_itable_unused_hi.get());
        if unused > free {
            self.report.add(place(), Ext4Flaw::Range { what: "the number of unused inodes", value: unused });
        }
        let bitmap = Places::of(descriptor).inode_bitmap;
        if volume.may_be_uninitialised() && descriptor.bg_flags.get() & BG_INODE_UNINIT != 0 || !self.is_readable(bitmap, 1) {
            return Ok(free);
        }
        let bytes = volume.block(bitmap)?;
        let mut expected = vec![0; bytes.len()];
        used.into_iter().for_each(|bit| set_bits(&mut expected, bit, bit + 1));
        set_bits(&mut expected, per_group as usize, 8 * bytes.len());
        self.compare(Ext4Place::InodeBitmap { group }, "inodes", first.into(), &bytes, &expected);
        if volume.features.checksums {
            let sum = volume.checksum.with(&bytes[..per_group as usize / 8]);
            let is_right = sum.low() == descriptor.bg_inode_bitmap_csum_lo.get()
                && (!volume.features.bit64 || sum.high() == descriptor.bg_inode_bitmap_csum_hi.get());
            if !is_right {
                self.report.add(Ext4Place::InodeBitmap { group }, Ext4Flaw::Checksum { what: "the bitmap" });
            }
        }
        Ok(free)
    }

    /// Bits of a bitmap whose first stands for `first`.
    fn compare(&mut self, place: Ext4Place, what: &'static str, first: u64, bitmap: &[u8], expected: &[u8]) {
        let mut wrong = [(0, None), (0, None)];
        for (at, (byte, expected)) in bitmap.iter().zip(expected).enumerate().filter(|(_, (byte, expected))| byte != expected) {
            for bit in (0..8).filter(|bit| (byte ^ expected) >> bit & 1 == 1) {
                let (count, place) = &mut wrong[usize::from(byte >> bit & 1)];
                *count += 1;
                place.get_or_insert(first + 8 * at as u64 + bit);
            }
        }
        let [(free_count, free_first), (used_count, used_first)] = wrong;
        if let Some(first) = free_first {
            self.report.add(place.clone(), Ext4Flaw::MarkedFree { what, first, count: free_count });
        }
        if let Some(first) = used_first {
            self.report.add(place, Ext4Flaw::MarkedUsed { what, first, count: used_count });
        }
    }
}

fn wide(low: u16, high: u16) -> u64 {
    u64::from(high) << 16 | u64::from(low)
}
