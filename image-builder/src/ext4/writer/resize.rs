use zerocopy::little_endian::{U16, U32};

use super::Writer;
use super::format::{DIND_BLOCK, Inode, low_word};
use crate::ext4::Ext4Error;

impl Writer<'_> {
    /// Writes where the blocks reserved for descriptors are, as `ext2fs_create_resize_inode` of e2fsprogs does: the block of blocks of blocks names
    /// those after the first superblock, each where it would be if the table of descriptors went through; each of these names its copies after the
    /// other superblocks.
    pub(super) fn write_reserved_descriptors(&self) -> Result<(), Ext4Error> {
        let geometry = &self.layout.fit.geometry;
        let Some(place) = self.layout.fit.allocation.resize_block else { return Ok(()) };
        let addresses = geometry.form.addresses();
        let backups: Vec<u64> = geometry.backups().map(|group| geometry.group_start(group) - geometry.group_start(0)).collect();
        let mut batch = self.batch();
        for reserved in self.reserved_descriptors() {
            let block = self.block(&mut batch, reserved)?;
            for (word, distance) in block.chunks_exact_mut(4).zip(&backups) {
                word.copy_from_slice(&low_word(reserved + distance).to_le_bytes());
            }
        }
        let block = self.block(&mut batch, place)?;
        for (index, reserved) in (geometry.descriptor_blocks()..).zip(self.reserved_descriptors()) {
            let at = (index % addresses) as usize * 4;
            block[at..at + 4].copy_from_slice(&low_word(reserved).to_le_bytes());
        }
        Ok(batch.flush()?)
    }

    /// Those of the first group.
    fn reserved_descriptors(&self) -> std::ops::Range<u64> {
        let geometry = &self.layout.fit.geometry;
        let start = geometry.group_start(0) + 1 + u64::from(geometry.descriptor_blocks());
        start..start + u64::from(geometry.reserved_descriptor_blocks)
    }

    /// Sets what the resize inode has for itself; gives the blocks that are its own. It is as long as a file of one such block can be.
    pub(super) fn set_resize(&self, raw: &mut Inode) -> u64 {
        let geometry = &self.layout.fit.geometry;
        let Some(place) = self.layout.fit.allocation.resize_block else { return 0 };
        raw.i_links_count = U16::new(1);
        raw.i_block[DIND_BLOCK * 4..DIND_BLOCK * 4 + 4].copy_from_slice(&low_word(place).to_le_bytes());
        let addresses = u64::from(geometry.form.addresses());
        let size = (addresses * addresses + addresses + 12) * u64::from(geometry.form.block_size);
        raw.i_size_lo = U32::new(low_word(size));
        raw.i_size_high = U32::new(low_word(size >> 32));
        1 + u64::from(geometry.reserved_descriptor_blocks) * (1 + geometry.backups().count() as u64)
    }
}
