use super::content::INLINE_DATA_FL;
use super::{Reader, damaged, damaged_form, damaged_name, inline};
use crate::ext4::read::directory::entries;
use crate::ext4::read::extents::Piece;
use crate::ext4::read::inode::RawInode;
use crate::ext4::read::problem::Ext4Flaw;
use crate::read::ReadError;

/// Names with the inodes they are of.
type Names = Vec<(Box<[u8]>, u32)>;

impl Reader<'_, '_, '_> {
    /// All names of a directory but its own two. Those of a hash tree are in blocks like all others; what is only index looks empty.
    pub(super) fn names(&mut self, number: u32) -> Result<Names, ReadError> {
        let bytes = self.inodes.get(number)?;
        let raw = RawInode::new(number, &bytes);
        let mut names = Names::new();
        if raw.has(INLINE_DATA_FL) {
            let inline_data = self.attributes(&raw)?.inline_data;
            for records in inline::records(&raw, inline_data.as_deref()) {
                add(number, records, &mut names)?;
            }
            return Ok(names);
        }
        for piece in self.pieces(&raw)? {
            self.list(number, piece, &mut names)?;
        }
        Ok(names)
    }

    fn list(&mut self, number: u32, piece: Piece, names: &mut Names) -> Result<(), ReadError> {
        if let Some(block) = self.listed.claim(piece.physical..piece.physical + piece.length) {
            return Err(damaged(number, Ext4Flaw::Shared { block }));
        }
        for (_, block) in piece.blocks() {
            add(number, &self.volume.block(block)?, names)?;
        }
        Ok(())
    }
}

fn add(directory: u32, records: &[u8], names: &mut Names) -> Result<(), ReadError> {
    let (entries, is_whole) = entries(records);
    if !is_whole {
        return Err(damaged_form(directory, "the directory has a block with records of impossible lengths"));
    }
    for entry in entries.iter().filter(|entry| entry.inode != 0 && !matches!(entry.name, b"." | b"..")) {
        if entry.name.is_empty() || entry.name.iter().any(|byte| matches!(byte, 0 | b'/')) {
            return Err(damaged_name(directory, entry.name, "can't be one"));
        }
        names.push((entry.name.into(), entry.inode));
    }
    Ok(())
}
