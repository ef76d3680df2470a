use rootfs_tree::Xattrs;
use zerocopy::FromBytes;

use super::{Reader, damaged, damaged_form};
use crate::ext4::format::{EA_INODE_FL, XATTR_MAGIC, XATTR_SIZE_MAX, XattrEntry, XattrHeader};
use crate::ext4::layout::access_control_list_from_disk;
use crate::ext4::read::extents::Piece;
use crate::ext4::read::inode::RawInode;
use crate::ext4::read::problem::Ext4Flaw;
use crate::ext4::read::volume::join;
use crate::read::ReadError;

/// Name spaces by their numbers (`EXT4_XATTR_INDEX_*`); those of lists have no name behind them.
const PREFIXES: [(u8, &[u8]); 7] = [
    (1, b"user."),
    (2, b"system.posix_acl_access"),
    (3, b"system.posix_acl_default"),
    (4, b"trusted."),
    (6, b"security."),
    (7, b"system."),
    (8, b"system.richacl"),
];
/// What holds the rest of a content that is in its inode.
const INLINE_DATA: &[u8] = b"system.data";

/// The attributes of an inode.
#[derive(Debug, Default)]
pub(super) struct Attributes {
    pub(super) all: Xattrs,
    /// Of an inode with its content in itself, what of that is here.
    pub(super) inline_data: Option<Box<[u8]>>,
}

/// Where attributes are.
#[derive(Debug, Clone, Copy)]
struct Place<'a> {
    inode: u32,
    /// Values count from the first byte.
    bytes: &'a [u8],
    /// Where the entries begin.
    start: usize,
}

impl Reader<'_, '_, '_> {
    pub(super) fn attributes(&mut self, raw: &RawInode<'_>) -> Result<Attributes, ReadError> {
        let mut found = Attributes::default();
        let own = raw.bytes.get(raw.fields_end()..).unwrap_or_default();
        if let Some((magic, bytes)) = own.split_first_chunk::<4>()
            && *magic == XATTR_MAGIC.to_le_bytes()
        {
            self.entries(Place { inode: raw.number, bytes, start: 0 }, &mut found)?;
        }
        let block = join(raw.fields.i_file_acl_lo.get(), raw.fields.i_file_acl_high.get().into());
        if block != 0 {
            if !self.volume.has_block(block) {
                return Err(damaged(raw.number, Ext4Flaw::Range { what: "the block of its attributes", value: block }));
            }
            let bytes = self.volume.block(block)?;
            if XattrHeader::read_from_prefix(&bytes).map_or(0, |(header, _)| header.h_magic.get()) != XATTR_MAGIC {
                return Err(damaged_form(raw.number, "the block of its attributes has none"));
            }
            self.entries(Place { inode: raw.number, bytes: &bytes, start: size_of::<XattrHeader>() }, &mut found)?;
        }
        Ok(found)
    }

    fn entries(&mut self, place: Place<'_>, found: &mut Attributes) -> Result<(), ReadError> {
        let mut at = place.start;
        // Four zeros are the end; an inode may be full to its last byte.
        while place.bytes.get(at..at + 4).is_some_and(|end| end != [0; 4]) {
            let entry = place.bytes.get(at..).and_then(|rest| XattrEntry::read_from_prefix(rest).ok());
            let name = entry.as_ref().and_then(|(entry, rest)| rest.get(..usize::from(entry.e_name_len)));
            let (Some((entry, _)), Some(name)) = (&entry, name) else {
                return Err(damaged_form(place.inode, "an attribute has no end"));
            };
            at += (size_of::<XattrEntry>() + name.len()).next_multiple_of(4);
            let name = self.name(place.inode, entry.e_name_index, name)?;
            let value = self.value(place, entry)?;
            self.contents.count_attributes(name.len() + value.len())?;
            if name == INLINE_DATA {
                found.inline_data = Some(value.into());
                continue;
            }
            let is_list = matches!(entry.e_name_index, 2 | 3);
            let value = if is_list { access_control_list_from_disk(&value) } else { Some(value) };
            let value = value.ok_or_else(|| damaged_form(place.inode, "its access control list is none"))?;
            if found.all.insert(name.into(), value.into()).is_some() {
                return Err(damaged_form(place.inode, "it has an attribute twice"));
            }
        }
        Ok(())
    }

    fn name(&self, inode: u32, index: u8, name: &[u8]) -> Result<Vec<u8>, ReadError> {
        let prefix = PREFIXES.iter().find(|(number, _)| *number == index).map(|(_, prefix)| *prefix);
        let wrong = || damaged(inode, Ext4Flaw::Range { what: "the kind of an attribute's name", value: index.into() });
        let prefix = prefix.filter(|prefix| !name.contains(&0) && name.is_empty() != prefix.ends_with(b".")).ok_or_else(wrong)?;
        Ok([prefix, name].concat())
    }

    fn value(&mut self, place: Place<'_>, entry: &XattrEntry) -> Result<Vec<u8>, ReadError> {
        let wrong = |value: u32| damaged(place.inode, Ext4Flaw::Range { what: "the place of an attribute's value", value: value.into() });
        let size = entry.e_value_size.get();
        let length = usize::try_from(size).ok().filter(|length| *length <= XATTR_SIZE_MAX).ok_or_else(|| wrong(size))?;
        let inode = entry.e_value_inum.get();
        if inode != 0 {
            return self.value_inode(inode, length);
        }
        let start = usize::from(entry.e_value_offs.get());
        let value = if length == 0 { Some(&[][..]) } else { place.bytes.get(start..start + length) };
        value.map(<[u8]>::to_vec).ok_or_else(|| wrong(entry.e_value_offs.get().into()))
    }

    /// A value that has an inode of its own, which others may have too.
    fn value_inode(&mut self, number: u32, length: usize) -> Result<Vec<u8>, ReadError> {
        if let Some(value) = self.values.get(&number).filter(|value| value.len() == length) {
            return Ok(value.to_vec());
        }
        let bytes = self.inodes.get(number)?;
        let raw = RawInode::new(number, &bytes);
        if !raw.has(EA_INODE_FL) || raw.size() != length as u64 {
            return Err(damaged_form(number, "it is no value of an attribute"));
        }
        let block_size = self.volume.block_size as usize;
        let mut value = vec![0; length.next_multiple_of(block_size)];
        for (logical, physical) in self.pieces(&raw)?.iter().flat_map(Piece::blocks) {
            let place = usize::try_from(logical).ok().and_then(|logical| value.chunks_exact_mut(block_size).nth(logical));
            let Some(place) = place else { break };
            self.volume.read(physical, place)?;
        }
        value.truncate(length);
        self.values.insert(number, value.clone().into());
        Ok(value)
    }
}
