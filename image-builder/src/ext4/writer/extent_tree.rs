use zerocopy::IntoBytes;
use zerocopy::little_endian::{U16, U32};

use super::Writer;
use super::format::{EXTENT_MAGIC, Extent as RawExtent, ExtentHeader, ExtentIdx, high_word, low_half, low_word};
use crate::batch::Batch;
use crate::ext4::Ext4Error;
use crate::ext4::layout::{Extent, ROOT_ENTRIES, block_entries};

/// An entry of a leaf or of an inner node; both begin with the file block.
type RawEntry = [u8; size_of::<RawExtent>()];
/// `i_block`
type Root = [u8; 60];

impl Writer<'_> {
    /// What the inode itself holds of its extent tree.
    pub(super) fn extent_root(&self, inode: u32) -> Root {
        let (entries, depth) = self.climb(inode, |_, _, _| Ok(())).unwrap_or_default();
        let mut root = [0; 60];
        put_node(&mut root, &entries, ROOT_ENTRIES, depth);
        root
    }

    /// Writes the blocks of the tree below the inode.
    pub(super) fn write_extent_tree(&self, batch: &mut Batch<'_>, inode: u32) -> Result<(), Ext4Error> {
        let checksum = self.checksum.of_inode(inode);
        let most = block_entries(self.block_size());
        let emit = |block, entries: &[RawEntry], depth| {
            let bytes = self.block(batch, block)?;
            put_node(bytes, entries, most, depth);
            let tail = size_of::<ExtentHeader>() + most * size_of::<RawEntry>();
            let sum = checksum.with(&bytes[..tail]).value();
            bytes[tail..tail + 4].copy_from_slice(&sum.to_le_bytes());
            Ok(())
        };
        self.climb(inode, emit).map(|_root| ())
    }

    /// Builds the tree from its leaves: `emit` gets each block with its entries and how far it is from them, the result is what remains for
    /// the inode.
    fn climb(
        &self,
        inode: u32,
        mut emit: impl FnMut(u64, &[RawEntry], u16) -> Result<(), Ext4Error>,
    ) -> Result<(Vec<RawEntry>, u16), Ext4Error> {
        let allocation = &self.layout.fit.allocation;
        let mut entries: Vec<RawEntry> = allocation.extents(inode).iter().map(leaf_entry).collect();
        let mut blocks = allocation.tree_blocks(inode).iter();
        let mut depth = 0;
        while entries.len() > ROOT_ENTRIES {
            let mut above = Vec::new();
            for (node, block) in entries.chunks(block_entries(self.block_size())).zip(&mut blocks) {
                emit(*block, node, depth)?;
                above.push(index_entry(&node[0], *block));
            }
            entries = above;
            depth += 1;
        }
        Ok((entries, depth))
    }
}

fn leaf_entry(extent: &Extent) -> RawEntry {
    let mut entry = RawEntry::default();
    let raw = RawExtent {
        ee_block: U32::new(extent.logical),
        ee_len: U16::new(low_half(extent.length)),
        ee_start_hi: U16::new(low_half(high_word(extent.physical))),
        ee_start_lo: U32::new(low_word(extent.physical)),
    };
    entry.copy_from_slice(raw.as_bytes());
    entry
}

fn index_entry(first: &RawEntry, block: u64) -> RawEntry {
    let mut entry = RawEntry::default();
    let raw = ExtentIdx {
        ei_block: U32::from_bytes([first[0], first[1], first[2], first[3]]),
        ei_leaf_lo: U32::new(low_word(block)),
        ei_leaf_hi: U16::new(low_half(high_word(block))),
        ei_unused: U16::ZERO,
    };
    entry.copy_from_slice(raw.as_bytes());
    entry
}

fn put_node(bytes: &mut [u8], entries: &[RawEntry], most: usize, depth: u16) {
    let narrow = |count: usize| U16::new(u16::try_from(count).unwrap_or(u16::MAX));
    let header = ExtentHeader {
        eh_magic: U16::new(EXTENT_MAGIC),
        eh_entries: narrow(entries.len()),
        eh_max: narrow(most),
        eh_depth: U16::new(depth),
        eh_generation: U32::ZERO,
    };
    let start = size_of::<ExtentHeader>();
    bytes[..start].copy_from_slice(header.as_bytes());
    let entries = entries.as_flattened();
    bytes[start..start + entries.len()].copy_from_slice(entries);
}
