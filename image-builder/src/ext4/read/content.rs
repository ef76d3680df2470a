use super::Ext4ReadError;
use super::check::Check;
use super::directory::Listing;
use super::extents::{Mapping, Owner, Piece};
use super::inode::RawInode;
use super::problem::Ext4Flaw;
use crate::ext4::format::{EA_INODE_FL, EXTENTS_FL, INDEX_FL, XATTR_SIZE_MAX, mode};
use crate::ext4::layout::{FAST_SYMLINK, JOURNAL_INODE, RESIZE_INODE};

impl Check<'_> {
    /// What an inode has apart from attributes; gives how many blocks that takes.
    pub(super) fn check_content(&mut self, raw: &RawInode<'_>, is_reserved: bool) -> Result<u64, Ext4ReadError> {
        if raw.number == RESIZE_INODE && self.volume.features.resize_inode {
            return self.check_resize_inode(raw);
        }
        match raw.kind() {
            mode::REGULAR | mode::DIRECTORY => self.check_mapped(raw),
            mode::SYMLINK => self.check_link(raw),
            mode::CHAR_DEVICE | mode::BLOCK_DEVICE | mode::FIFO | mode::SOCKET => {
                let words = raw.fields.i_block.as_chunks::<4>().0;
                let kept = if matches!(raw.kind(), mode::FIFO | mode::SOCKET) {
                    0
                } else if words[0] == [0; 4] {
                    2
                } else {
                    1
                };
                if raw.size() != 0 || words[kept..].iter().any(|word| *word != [0; 4]) || raw.has(EXTENTS_FL | INDEX_FL) {
                    self.blame_form(raw.number, "it has a size or blocks, which its type doesn't have");
                }
                Ok(0)
            }
            // The list of bad blocks and what nobody has used yet have no type.
            0 if is_reserved => self.check_mapped(raw),
            kind => {
                self.blame(raw.number, Ext4Flaw::Range { what: "the type", value: kind.into() });
                Ok(0)
            }
        }
    }

    /// Where the blocks of an inode are.
    pub(super) fn map(&mut self, raw: &RawInode<'_>, keeps_pieces: bool) -> Result<Mapping, Ext4ReadError> {
        let owner = Owner { inode: raw.number, checksum: raw.checksum(self.volume.checksum), keeps_pieces };
        let mut mapping = Mapping::default();
        if raw.has(EXTENTS_FL) {
            self.map_extents(&owner, &raw.fields.i_block, &mut mapping)?;
        } else {
            self.map_blocks(&owner, &raw.fields.i_block, &mut mapping)?;
        }
        Ok(mapping)
    }

    fn check_mapped(&mut self, raw: &RawInode<'_>) -> Result<u64, Ext4ReadError> {
        let is_directory = raw.kind() == mode::DIRECTORY;
        let is_value = raw.has(EA_INODE_FL);
        let mapping = self.map(raw, is_directory || is_value || raw.number == JOURNAL_INODE)?;
        let (size, block_size) = (raw.size(), u64::from(self.volume.block_size));
        if is_directory {
            let mut next = 0;
            for piece in &mapping.pieces {
                if piece.logical != next {
                    self.blame_form(raw.number, "the directory has holes");
                }
                next = piece.logical + piece.length;
            }
            if size == 0 || size != mapping.end * block_size {
                self.blame(raw.number, Ext4Flaw::Count { what: "its size", said: size, found: mapping.end * block_size });
            }
            let checksum = raw.checksum(self.volume.checksum);
            let blocks = mapping.end;
            self.directories.push(Listing { inode: raw.number, checksum, pieces: mapping.pieces, blocks, is_hashed: raw.has(INDEX_FL) });
            return Ok(mapping.blocks);
        }
        if raw.has(INDEX_FL) {
            self.blame_form(raw.number, "it has a hash tree and is no directory");
        }
        let addresses = block_size / 4;
        let most = if raw.has(EXTENTS_FL) { u64::from(u32::MAX) } else { 12 + addresses + addresses.pow(2) + addresses.pow(3) };
        if size > most * block_size {
            self.blame(raw.number, Ext4Flaw::Range { what: "its size", value: size });
        } else if mapping.end > 0 && size < (mapping.end - 1) * block_size {
            self.blame(raw.number, Ext4Flaw::Count { what: "its size", said: size, found: mapping.end * block_size });
        }
        if is_value {
            self.check_value_content(raw, &mapping)?;
        }
        if raw.number == JOURNAL_INODE {
            self.journal = mapping.pieces;
        }
        Ok(mapping.blocks)
    }

    /// The value of an attribute against its checksum, which is where others have a time.
    fn check_value_content(&mut self, raw: &RawInode<'_>, mapping: &Mapping) -> Result<(), Ext4ReadError> {
        let length = usize::try_from(raw.size()).unwrap_or(usize::MAX);
        if length > XATTR_SIZE_MAX {
            self.blame(raw.number, Ext4Flaw::Range { what: "the size of an attribute's value", value: raw.size() });
            return Ok(());
        }
        let block_size = self.volume.block_size as usize;
        let mut value = vec![0; length.next_multiple_of(block_size)];
        for (logical, physical) in mapping.pieces.iter().flat_map(Piece::blocks) {
            let place = usize::try_from(logical).ok().and_then(|logical| value.chunks_exact_mut(block_size).nth(logical));
            let Some(place) = place else { break };
            self.volume.read(physical, place)?;
        }
        if self.volume.value_checksum.with(&value[..length]).value() != raw.fields.i_atime.get() {
            self.blame(raw.number, Ext4Flaw::Checksum { what: "the attribute's value" });
        }
        Ok(())
    }

    fn check_link(&mut self, raw: &RawInode<'_>) -> Result<u64, Ext4ReadError> {
        let size = raw.size();
        let is_fast = size <= FAST_SYMLINK as u64 && !raw.has(EXTENTS_FL);
        let (blocks, target) = if is_fast {
            (0, raw.fields.i_block.to_vec())
        } else {
            let mapping = self.map(raw, true)?;
            let first = mapping.pieces.first().filter(|piece| piece.logical == 0 && mapping.end == 1);
            let target = first.map(|piece| self.volume.block(piece.physical)).transpose()?;
            (mapping.blocks, target.unwrap_or_default())
        };
        let length = target.iter().position(|byte| *byte == 0).unwrap_or(target.len()) as u64;
        if size == 0 || length != size || raw.has(INDEX_FL) {
            self.blame(raw.number, Ext4Flaw::Count { what: "the length of the link's target", said: size, found: length });
        }
        Ok(blocks)
    }
}
