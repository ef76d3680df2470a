use zerocopy::IntoBytes;
use zerocopy::little_endian::{U16, U32};

use super::Writer;
use super::format::{
    BG_BLOCK_UNINIT, BG_INODE_UNINIT, BG_INODE_ZEROED, GroupDesc, SUPERBLOCK_OFFSET, Superblock, high_word, low_half, low_word,
};
use super::superblock::Totals;
use crate::ext4::Ext4Error;
use crate::ext4::layout::GroupUsage;

impl Writer<'_> {
    /// Writes bitmaps, and superblocks with all descriptors after each.
    pub(super) fn write_groups(&self) -> Result<(), Ext4Error> {
        let geometry = &self.layout.fit.geometry;
        let size = geometry.form.descriptor_size() as usize;
        let mut descriptors = Vec::with_capacity(geometry.groups as usize * size);
        let mut totals = Totals::default();
        let mut batch = self.batch();
        for usage in self.layout.groups() {
            let place = self.layout.fit.allocation.ground.places[usage.group as usize];
            let mut descriptor = self.descriptor(&usage);
            if descriptor.bg_flags.get() & BG_BLOCK_UNINIT == 0 {
                let bitmap = self.block(&mut batch, place.block_bitmap)?;
                fill_block_bitmap(bitmap, &usage);
                let sum = self.checksum.with(bitmap);
                descriptor.bg_block_bitmap_csum_lo = U16::new(sum.low());
                descriptor.bg_block_bitmap_csum_hi = U16::new(sum.high());
            }
            if descriptor.bg_flags.get() & BG_INODE_UNINIT == 0 {
                let bitmap = self.block(&mut batch, place.inode_bitmap)?;
                set_bits(bitmap, 0, usage.used_inodes as usize);
                let inodes = geometry.inodes_per_group as usize;
                set_bits(bitmap, inodes, 8 * geometry.form.block_size as usize);
                let sum = self.checksum.with(&bitmap[..inodes / 8]);
                descriptor.bg_inode_bitmap_csum_lo = U16::new(sum.low());
                descriptor.bg_inode_bitmap_csum_hi = U16::new(sum.high());
            }
            let sum = self.checksum.with(&usage.group.to_le_bytes()).with(&descriptor.as_bytes()[..size]);
            descriptor.bg_checksum = U16::new(sum.low());
            totals.free_blocks += u64::from(usage.free_blocks());
            totals.free_inodes += u32::from(descriptor.bg_free_inodes_count_lo.get());
            descriptors.extend_from_slice(&descriptor.as_bytes()[..size]);
        }
        batch.flush()?;
        self.write_superblocks(&descriptors, totals)
    }

    /// Without its checksums.
    fn descriptor(&self, usage: &GroupUsage) -> GroupDesc {
        let geometry = &self.layout.fit.geometry;
        let place = self.layout.fit.allocation.ground.places[usage.group as usize];
        let free_inodes = geometry.inodes_per_group - usage.used_inodes;
        let is_last = usage.group + 1 == geometry.groups;
        // Whoever doesn't know checksums of descriptors doesn't know these flags either, and reads all bitmaps and tables.
        let has_flags = geometry.form.has_checksums();
        let mut flags = 0;
        if has_flags {
            flags |= BG_INODE_ZEROED;
        }
        if has_flags && usage.used_inodes == 0 {
            flags |= BG_INODE_UNINIT;
        }
        // The last group is never without its bitmap: it may be shorter than others.
        if has_flags && !usage.is_touched && !is_last && usage.used_inodes == 0 {
            flags |= BG_BLOCK_UNINIT;
        }
        GroupDesc {
            bg_block_bitmap_lo: U32::new(low_word(place.block_bitmap)),
            bg_inode_bitmap_lo: U32::new(low_word(place.inode_bitmap)),
            bg_inode_table_lo: U32::new(low_word(place.inode_table)),
            bg_free_blocks_count_lo: U16::new(low_half(usage.free_blocks())),
            bg_free_inodes_count_lo: U16::new(low_half(free_inodes)),
            bg_used_dirs_count_lo: U16::new(low_half(usage.directories)),
            bg_flags: U16::new(flags),
            bg_itable_unused_lo: U16::new(if has_flags { low_half(free_inodes) } else { 0 }),
            bg_block_bitmap_hi: U32::new(high_word(place.block_bitmap)),
            bg_inode_bitmap_hi: U32::new(high_word(place.inode_bitmap)),
            bg_inode_table_hi: U32::new(high_word(place.inode_table)),
            ..GroupDesc::default()
        }
    }

    fn write_superblocks(&self, descriptors: &[u8], totals: Totals) -> Result<(), Ext4Error> {
        let geometry = &self.layout.fit.geometry;
        let block_size = geometry.form.block_size as usize;
        for group in 0..geometry.groups {
            let Some(place) = geometry.superblock(group) else { continue };
            let mut bytes = vec![0; block_size * (1 + geometry.descriptor_blocks() as usize)];
            // Only the first leaves room for a boot sector, where that is not a block before it.
            let start = if group == 0 { SUPERBLOCK_OFFSET % block_size } else { 0 };
            let superblock = self.superblock(group, totals);
            bytes[start..start + size_of::<Superblock>()].copy_from_slice(superblock.as_bytes());
            bytes[block_size..block_size + descriptors.len()].copy_from_slice(descriptors);
            self.image.data(self.offset(place.start), &bytes)?;
        }
        Ok(())
    }
}

/// What is no block any more counts as in use.
fn fill_block_bitmap(bitmap: &mut [u8], usage: &GroupUsage) {
    let bit = |block: u64| usize::try_from(block - usage.blocks.start).unwrap_or(usize::MAX);
    for range in &usage.used {
        set_bits(bitmap, bit(range.start), bit(range.end));
    }
    set_bits(bitmap, bit(usage.blocks.end), 8 * bitmap.len());
}

/// Sets the bits from `start` to before `end`, the lowest of a byte first.
pub(crate) fn set_bits(bitmap: &mut [u8], start: usize, end: usize) {
    let mut at = start;
    while at < end {
        if at.is_multiple_of(8) && end - at >= 8 {
            let whole = (end - at) / 8;
            bitmap[at / 8..at / 8 + whole].fill(0xFF);
            at += whole * 8;
        } else {
            bitmap[at / 8] |= 1 << (at % 8);
            at += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bits_are_set_from_start_to_end() {
        for (start, end, expected) in [
            (0, 0, [0, 0, 0]),
            (0, 1, [1, 0, 0]),
            (3, 17, [0xF8, 0xFF, 0x01]),
            (8, 16, [0, 0xFF, 0]),
            (5, 7, [0x60, 0, 0]),
            (0, 24, [0xFF; 3]),
        ] {
            let mut bitmap = [0; 3];
            set_bits(&mut bitmap, start, end);
            assert_eq!(bitmap, expected, "{start}..{end}");
        }
    }
}
