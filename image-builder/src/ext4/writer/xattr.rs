use zerocopy::IntoBytes;
use zerocopy::little_endian::{U16, U32};

use super::Writer;
use super::format::{EXTRA_ISIZE, INODE_SIZE, XATTR_MAGIC, XattrEntry, XattrHeader};
use super::physical;
use crate::batch::Batch;
use crate::ext4::Ext4Error;
use crate::ext4::attribute_hash::attribute_hash;
use crate::ext4::layout::{Attribute, PlacedXattrs};

/// What an inode has before its attributes.
const INODE_HEADER: usize = size_of::<u32>();
/// What a block has before them.
const BLOCK_HEADER: usize = size_of::<XattrHeader>();
/// Where the checksum is in a block of attributes, and how long it is.
const CHECKSUM: std::ops::Range<usize> = 16..20;

/// What an entry says of its value.
#[derive(Debug, Clone, Copy)]
struct Reference {
    /// 0 when the value is where the entry is.
    inode: u32,
    hash: u32,
}

impl Writer<'_> {
    /// What an inode has after its fields; nothing without attributes.
    pub(super) fn attributes_in_inode(&self, placed: &PlacedXattrs<'_>) -> Result<Vec<u8>, Ext4Error> {
        if placed.inside.is_empty() {
            return Ok(Vec::new());
        }
        let mut bytes = vec![0; INODE_SIZE - 128 - usize::from(EXTRA_ISIZE)];
        bytes[..INODE_HEADER].copy_from_slice(&XATTR_MAGIC.to_le_bytes());
        // Offsets in an inode count from the first entry.
        self.fill_attributes(&mut bytes[INODE_HEADER..], 0, &placed.inside)?;
        Ok(bytes)
    }

    /// Writes the block of attributes that this inode is the first to have.
    pub(super) fn write_xattrs(&self, batch: &mut Batch<'_>, inode: u32) -> Result<(), Ext4Error> {
        let sharing = self.layout.census.sharing();
        let Some(index) = sharing.block(inode).filter(|_| sharing.is_first_user(inode)) else { return Ok(()) };
        let node = self.layout.census.inode(inode).node.map(|id| self.tree.node(id));
        let xattrs = node.and_then(|node| node.metadata.xattrs.as_ref()).ok_or(Ext4Error::TreeChanged)?;
        let placed = PlacedXattrs::new(xattrs, self.form()).map_err(|_planned| Ext4Error::TreeChanged)?;
        let place = self.layout.fit.allocation.xattr_block(index);
        let block = self.block(batch, place)?;
        let hash = self.fill_attributes(block, BLOCK_HEADER, &placed.outside)?;
        let header = XattrHeader {
            h_magic: U32::new(XATTR_MAGIC),
            h_refcount: U32::new(sharing.references(index)),
            h_blocks: U32::new(1),
            h_hash: U32::new(hash),
            h_checksum: U32::ZERO,
            h_reserved: [U32::ZERO; 3],
        };
        block[..BLOCK_HEADER].copy_from_slice(header.as_bytes());
        let sum = self.checksum.with(&place.to_le_bytes()).with(block).value();
        block[CHECKSUM].copy_from_slice(&sum.to_le_bytes());
        Ok(())
    }

    /// Writes the value that this inode holds.
    pub(super) fn write_value(&self, batch: &mut Batch<'_>, inode: u32) -> Result<(), Ext4Error> {
        self.with_value(inode, |value| {
            let extents = self.layout.fit.allocation.extents(inode);
            for (index, piece) in (0..).zip(value.chunks(self.form().block_size as usize)) {
                let place = physical(extents, index).ok_or(Ext4Error::TreeChanged)?;
                self.block(batch, place)?[..piece.len()].copy_from_slice(piece);
            }
            Ok(())
        })
        .transpose()
        .map(|_written| ())
    }

    /// What the kernel keeps as the hash of the value that this inode holds.
    pub(super) fn value_hash(&self, inode: u32) -> u32 {
        self.with_value(inode, |value| self.checksum.with(value).value()).unwrap_or(0)
    }

    /// Nothing when the inode holds no value.
    fn with_value<T>(&self, inode: u32, see: impl FnOnce(&[u8]) -> T) -> Option<T> {
        let value = self.layout.census.sharing().value(inode)?;
        let xattrs = self.tree.node(value.node).metadata.xattrs.as_ref()?;
        let placed = PlacedXattrs::new(xattrs, self.form()).ok()?;
        let attribute = placed.large().nth(value.ordinal)?;
        Some(see(&attribute.value))
    }

    /// Puts entries from `start` on, their values from the end down; gives the hash of all.
    fn fill_attributes(&self, space: &mut [u8], start: usize, attributes: &[Attribute<'_>]) -> Result<u32, Ext4Error> {
        let mut at = start;
        let mut values = space.len();
        let mut hash = 0_u32;
        for attribute in attributes {
            values -= attribute.value_size();
            let reference = self.reference(attribute)?;
            hash = hash.rotate_left(16) ^ reference.hash;
            let offset = if attribute.value_size() == 0 { 0 } else { values };
            let entry = XattrEntry {
                // Checked: 255 at most, and no offset beyond a block.
                e_name_len: u8::try_from(attribute.name.len()).unwrap_or(u8::MAX),
                e_name_index: attribute.index,
                e_value_offs: U16::new(u16::try_from(offset).unwrap_or(u16::MAX)),
                e_value_inum: U32::new(reference.inode),
                e_value_size: U32::new(u32::try_from(attribute.value.len()).unwrap_or(u32::MAX)),
                e_hash: U32::new(reference.hash),
            };
            let head = size_of::<XattrEntry>();
            space[at..at + head].copy_from_slice(entry.as_bytes());
            space[at + head..at + head + attribute.name.len()].copy_from_slice(attribute.name);
            if !attribute.is_large {
                space[values..values + attribute.value.len()].copy_from_slice(&attribute.value);
            }
            at += attribute.entry_size();
        }
        Ok(hash)
    }

    /// The hash goes over name and value; instead of a value elsewhere over that one's hash.
    fn reference(&self, attribute: &Attribute<'_>) -> Result<Reference, Ext4Error> {
        if !attribute.is_large {
            return Ok(Reference { inode: 0, hash: attribute_hash(attribute.name, &attribute.value) });
        }
        let inode = self.layout.census.sharing().value_inode(&attribute.value_digest()).ok_or(Ext4Error::TreeChanged)?;
        let of_value = self.checksum.with(&attribute.value).value();
        Ok(Reference { inode, hash: attribute_hash(attribute.name, &of_value.to_le_bytes()) })
    }
}
