use super::Ext4ReadError;
use super::check::Check;
use super::extents::{Mapping, Owner, Piece};
use super::inode::RawInode;
use crate::ext4::format::DIND_BLOCK;

/// `EXT4_NDIR_BLOCKS`: blocks that the inode names itself.
const DIRECT: usize = 12;

impl Check<'_> {
    /// Follows what files have without extents: twelve blocks, and blocks of blocks, of their blocks, and of theirs.
    pub(super) fn map_blocks(&mut self, owner: &Owner, words: &[u8], mapping: &mut Mapping) -> Result<(), Ext4ReadError> {
        let words = addresses(words);
        let mut logical = 0;
        for (at, block) in words.into_iter().enumerate() {
            let level = u32::try_from(at.saturating_sub(DIRECT - 1)).unwrap_or(0);
            self.map_address(owner, block, level, logical, mapping)?;
            logical += self.reach(level);
        }
        Ok(())
    }

    /// Blocks of a file below an address.
    fn reach(&self, level: u32) -> u64 {
        u64::from(self.volume.block_size / 4).pow(level)
    }

    fn map_address(&mut self, owner: &Owner, block: u64, level: u32, logical: u64, mapping: &mut Mapping) -> Result<(), Ext4ReadError> {
        if block == 0 {
            return Ok(());
        }
        mapping.blocks += 1;
        if !self.claim(owner.inode, block, 1) {
            return Ok(());
        }
        if level == 0 {
            mapping.push(Piece { logical, physical: block, length: 1 }, owner.keeps_pieces);
            return Ok(());
        }
        let step = self.reach(level - 1);
        let mut logical = logical;
        for below in addresses(&self.volume.block(block)?) {
            self.map_address(owner, below, level - 1, logical, mapping)?;
            logical += step;
        }
        Ok(())
    }

    /// The inode that holds the blocks reserved for descriptors: a block of them, each with the addresses of its copies, as
    /// `ext2fs_create_resize_inode` of e2fsprogs has it. Gives how many blocks it has.
    pub(super) fn check_resize_inode(&mut self, raw: &RawInode) -> Result<u64, Ext4ReadError> {
        let volume = self.volume;
        let words = addresses(&raw.fields.i_block);
        let place = words[DIND_BLOCK];
        let others = words.iter().enumerate().any(|(at, word)| at != DIND_BLOCK && *word != 0);
        if others || !self.claim(raw.number, place, 1) {
            self.blame_form(raw.number, "it doesn't name the blocks reserved for descriptors");
            return Ok(0);
        }
        let first = volume.first_block + 1 + u64::from(volume.descriptor_blocks());
        let per_block = volume.block_size / 4;
        let mut expected = vec![0; per_block as usize];
        let reserved: Vec<u64> = (first..).take(volume.reserved_descriptor_blocks as usize).collect();
        for (index, block) in (volume.descriptor_blocks()..).zip(&reserved) {
            expected[(index % per_block) as usize] = *block;
        }
        let mut is_right = addresses(&volume.block(place)?) == expected;
        let distances: Vec<u64> = (1..volume.groups)
            .filter(|group| volume.has_superblock(*group))
            .map(|group| volume.group(group).start - volume.first_block)
            .take(per_block as usize)
            .collect();
        for block in &reserved {
            let mut expected: Vec<u64> = distances.iter().map(|distance| block + distance).collect();
            expected.resize(per_block as usize, 0);
            is_right &= addresses(&volume.block(*block)?) == expected;
        }
        if !is_right {
            self.blame_form(raw.number, "it doesn't name the blocks reserved for descriptors");
        }
        Ok(1 + reserved.len() as u64 * (1 + distances.len() as u64))
    }
}

fn addresses(bytes: &[u8]) -> Vec<u64> {
    bytes.as_chunks::<4>().0.iter().map(|word| u32::from_le_bytes(*word).into()).collect()
}
