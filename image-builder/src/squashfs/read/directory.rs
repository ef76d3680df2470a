use std::collections::BTreeMap;

use super::inode::Listing;
use super::metadata::Cursor;
use super::{SquashfsReadError, SquashfsReader};
use crate::squashfs::format::{DIR_COUNT, DirEntry, DirHeader};

/// What an entry says of its inode.
#[derive(Debug, Clone, Copy)]
pub(super) struct Named {
    pub(super) number: u32,
    /// Where it is, as a cursor takes it.
    pub(super) reference: u64,
    pub(super) kind: u16,
}

/// Headers of a listing by where they are: the metadata block each begins in, and the first name behind it.
type Headers = BTreeMap<u32, (u64, Vec<u8>)>;

impl<'a> SquashfsReader<'a> {
    /// Reads all of the table of directories; gives how long it is.
    pub(super) fn directories(&'a self) -> Result<(Cursor<'a>, u64), SquashfsReadError> {
        let new = || Cursor::new(self, "table of directories", self.layout.directories.clone());
        Ok((new(), new().drain()?))
    }
}

impl Listing {
    /// Reads the entries: each one's name and what it says.
    pub(super) fn verify(
        &self,
        cursor: &mut Cursor<'_>,
        mut entry: impl FnMut(&[u8], Named) -> Result<(), SquashfsReadError>,
    ) -> Result<(), SquashfsReadError> {
        let wrong = |reason| SquashfsReadError::Directory { number: self.number, reason };
        let mut headers = Headers::new();
        let mut last: Vec<u8> = Vec::new();
        let mut left = self.length;
        let mut take = |bytes: usize| -> Result<u32, SquashfsReadError> {
            let bytes = u32::try_from(bytes).unwrap_or(u32::MAX);
            left = left.checked_sub(bytes).ok_or_else(|| wrong("an entry is longer than the listing"))?;
            Ok(left)
        };
        if self.length > 0 {
            cursor.seek(self.reference)?;
        }
        let mut rest = self.length;
        while rest > 0 {
            let block = cursor.reference()?.ok_or_else(|| wrong("the listing is longer than its table"))? >> 16;
            let at = self.length - rest;
            take(size_of::<DirHeader>())?;
            let header: DirHeader = cursor.get()?;
            let count = header.count.get() as usize + 1;
            if count > DIR_COUNT {
                return Err(wrong("a header has too many entries"));
            }
            for number in 0..count {
                take(size_of::<DirEntry>())?;
                let head: DirEntry = cursor.get()?;
                let mut name = vec![0; usize::from(head.size.get()) + 1];
                rest = take(name.len())?;
                cursor.read(&mut name)?;
                if name.len() > 255 || name == b"." || name == b".." || name.iter().any(|byte| matches!(byte, 0 | b'/')) {
                    return Err(wrong("an entry's name can't be one"));
                }
                if name <= last {
                    return Err(wrong("names are not in order"));
                }
                let inode = header.inode_number.get().checked_add_signed(head.inode_number.get().into());
                let reference = u64::from(header.start_block.get()) << 16 | u64::from(head.offset.get());
                entry(&name, Named { number: inode.unwrap_or(0), reference, kind: head.entry_type.get() })?;
                if number == 0 && !self.index.is_empty() {
                    headers.insert(at, (block, name.clone()));
                }
                last = name;
            }
        }
        let is_header = |(at, block, name): &(u32, u32, Vec<u8>)| {
            headers.get(at).is_some_and(|(begins, first)| *begins == u64::from(*block) && first == name)
        };
        if self.index.iter().all(is_header) { Ok(()) } else { Err(wrong("its index leads elsewhere")) }
    }
}
