use std::collections::BTreeMap;

use super::damaged_form;
use crate::ext4::read::Ext4ReadError;
use crate::ext4::read::groups::Places;
use crate::ext4::read::volume::Volume;
use crate::read::ReadError;

/// Inodes by their numbers.
#[derive(Debug)]
pub(super) struct Inodes<'a> {
    volume: &'a Volume<'a>,
    /// Where the groups' tables begin, as far as that was asked for.
    tables: BTreeMap<u32, u64>,
    /// The block of a table that was read last: inodes of one directory lie together.
    last: Option<(u64, Vec<u8>)>,
}

impl<'a> Inodes<'a> {
    pub(super) fn new(volume: &'a Volume<'a>) -> Self {
        Self { volume, tables: BTreeMap::new(), last: None }
    }

    /// The bytes of an inode.
    pub(super) fn get(&mut self, number: u32) -> Result<Vec<u8>, ReadError> {
        let volume = self.volume;
        let index = number.checked_sub(1).ok_or_else(|| damaged_form(number, "there is no such inode"))?;
        let (group, index) = (index / volume.inodes_per_group, index % volume.inodes_per_group);
        if group >= volume.groups {
            return Err(damaged_form(number, "there is no such inode"));
        }
        let table = match self.tables.get(&group) {
            Some(table) => *table,
            None => {
                let (descriptor, _is_right) = volume.descriptor(volume.first_block + 1, group)?;
                let table = Places::of(&descriptor).inode_table;
                self.tables.insert(group, table);
                table
            }
        };
        let per_block = volume.block_size as usize / volume.inode_size;
        let (block, at) = (table.saturating_add(u64::from(index) / per_block as u64), index as usize % per_block * volume.inode_size);
        if !volume.has_block(block) {
            return Err(damaged_form(number, "the table of inodes is not where it can be"));
        }
        let bytes = self.block(block)?;
        bytes.get(at..at + volume.inode_size).map(<[u8]>::to_vec).ok_or_else(|| damaged_form(number, "there is no such inode"))
    }

    fn block(&mut self, block: u64) -> Result<&[u8], Ext4ReadError> {
        if self.last.as_ref().is_none_or(|(last, _)| *last != block) {
            self.last = Some((block, self.volume.block(block)?));
        }
        Ok(self.last.as_ref().map_or(&[], |(_, bytes)| bytes))
    }
}
