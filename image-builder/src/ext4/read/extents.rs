use std::ops::Range;

use zerocopy::FromBytes;

use super::Ext4ReadError;
use super::check::Check;
use super::problem::Ext4Flaw;
use super::volume::join;
use crate::ext4::checksum::Checksum;
use crate::ext4::format::{EXTENT_MAGIC, Extent, ExtentHeader, ExtentIdx, INIT_MAX_LEN};

/// `EXT4_MAX_EXTENT_DEPTH`
const DEPTH_LIMIT: u16 = 5;
/// Numbers of blocks in a file have 32 bits.
const LOGICAL_END: u64 = 1 << 32;

/// Whose blocks are looked for.
#[derive(Debug, Clone, Copy)]
pub(super) struct Owner {
    pub(super) inode: u32,
    /// Of the inode's number and generation.
    pub(super) checksum: Checksum,
    /// Whether [`Mapping::pieces`] are needed.
    pub(super) keeps_pieces: bool,
}

/// Blocks of a file one after another.
#[derive(Debug, Clone, Copy)]
pub(super) struct Piece {
    pub(super) logical: u64,
    pub(super) physical: u64,
    pub(super) length: u64,
}

impl Piece {
    /// Each block's number in the file, and in the filesystem.
    pub(super) fn blocks(&self) -> impl Iterator<Item = (u64, u64)> + use<> {
        let Self { logical, physical, length } = *self;
        (0..length).map(move |at| (logical + at, physical + at))
    }
}

/// The blocks of an inode.
#[derive(Debug, Default)]
pub(super) struct Mapping {
    /// Without those that were never written.
    pub(super) pieces: Vec<Piece>,
    /// All, with those of the tree.
    pub(super) blocks: u64,
    /// What follows the last that was written, counted in the file.
    pub(super) end: u64,
}

impl Mapping {
    pub(super) fn push(&mut self, piece: Piece, keeps: bool) {
        self.end = self.end.max(piece.logical + piece.length);
        if !keeps {
            return;
        }
        match self.pieces.last_mut() {
            Some(last) if last.logical + last.length == piece.logical && last.physical + last.length == piece.physical => {
                last.length += piece.length;
            }
            _ => self.pieces.push(piece),
        }
    }
}

/// A node that is expected.
#[derive(Debug)]
struct Expected {
    /// Of the root it is what the root says.
    depth: Option<u16>,
    /// Entries that there is room for.
    capacity: usize,
    /// Blocks of the file that may be below.
    bounds: Range<u64>,
}

impl Check<'_> {
    /// Follows an extent tree.
    pub(super) fn map_extents(&mut self, owner: &Owner, root: &[u8], mapping: &mut Mapping) -> Result<(), Ext4ReadError> {
        let capacity = (root.len() - size_of::<ExtentHeader>()) / size_of::<Extent>();
        self.map_node(owner, root, &Expected { depth: None, capacity, bounds: 0..LOGICAL_END }, mapping)
    }

    fn map_node(&mut self, owner: &Owner, bytes: &[u8], expected: &Expected, mapping: &mut Mapping) -> Result<(), Ext4ReadError> {
        let Ok((header, rest)) = ExtentHeader::read_from_prefix(bytes) else { return Ok(()) };
        let (entries, most) = (usize::from(header.eh_entries.get()), usize::from(header.eh_max.get()));
        let depth = header.eh_depth.get();
        let is_root = expected.depth.is_none();
        let fits = header.eh_magic.get() == EXTENT_MAGIC
            && entries <= most
            && most <= expected.capacity
            && most + 2 >= expected.capacity
            && depth <= DEPTH_LIMIT
            && expected.depth.is_none_or(|expected| expected == depth)
            && (entries > 0 || is_root && depth == 0);
        if !fits {
            self.blame_form(owner.inode, "its extent tree has a node with a wrong header");
            return Ok(());
        }
        if !is_root && self.volume.features.checksums {
            let tail = size_of::<ExtentHeader>() + most * size_of::<Extent>();
            let said = bytes.get(tail..).and_then(|tail| tail.first_chunk::<4>()).map(|said| u32::from_le_bytes(*said));
            if said != Some(owner.checksum.with(&bytes[..tail]).value()) {
                self.blame(owner.inode, Ext4Flaw::Checksum { what: "a node of the extent tree" });
            }
        }
        let raw = rest.as_chunks::<12>().0.get(..entries).unwrap_or_default();
        if depth == 0 {
            self.map_leaf(owner, raw, &expected.bounds, mapping);
            return Ok(());
        }
        let indexes: Vec<ExtentIdx> = raw.iter().map(|bytes| zerocopy::transmute!(*bytes)).collect();
        for (at, index) in indexes.iter().enumerate() {
            let start = u64::from(index.ei_block.get());
            let end = indexes.get(at + 1).map_or(expected.bounds.end, |next| next.ei_block.get().into());
            if start < expected.bounds.start
                || end > expected.bounds.end
                || start >= end
                || at == 0 && !is_root && start != expected.bounds.start
            {
                self.blame_form(owner.inode, "its extent tree has nodes out of order");
                continue;
            }
            let block = join(index.ei_leaf_lo.get(), index.ei_leaf_hi.get().into());
            mapping.blocks += 1;
            if !self.claim(owner.inode, block, 1) {
                continue;
            }
            let bytes = self.volume.block(block)?;
            let capacity = (bytes.len() - size_of::<ExtentHeader>()) / size_of::<Extent>();
            self.map_node(owner, &bytes, &Expected { depth: Some(depth - 1), capacity, bounds: start..end }, mapping)?;
        }
        Ok(())
    }

    fn map_leaf(&mut self, owner: &Owner, raw: &[[u8; 12]], bounds: &Range<u64>, mapping: &mut Mapping) {
        let mut next = bounds.start;
        for (at, bytes) in raw.iter().enumerate() {
            let extent: Extent = zerocopy::transmute!(*bytes);
            let logical = u64::from(extent.ee_block.get());
            let said = u32::from(extent.ee_len.get());
            let is_written = said <= INIT_MAX_LEN;
            let length = u64::from(if is_written { said } else { said - INIT_MAX_LEN });
            let begins_right = at > 0 || bounds.end == LOGICAL_END && bounds.start == 0 || logical == bounds.start;
            if length == 0 || logical < next || logical + length > bounds.end || !begins_right {
                self.blame_form(owner.inode, "its extents are out of order");
                continue;
            }
            next = logical + length;
            mapping.blocks += length;
            let physical = join(extent.ee_start_lo.get(), extent.ee_start_hi.get().into());
            if self.claim(owner.inode, physical, length) && is_written {
                mapping.push(Piece { logical, physical, length }, owner.keeps_pieces);
            } else if is_written {
                mapping.end = mapping.end.max(next);
            }
        }
    }

    /// Claims blocks for an inode; whether it has them alone.
    pub(super) fn claim(&mut self, inode: u32, start: u64, length: u64) -> bool {
        let end = start.saturating_add(length);
        if !self.volume.has_block(start) || end > self.volume.blocks {
            self.blame(inode, Ext4Flaw::Range { what: "a block", value: start });
            return false;
        }
        let taken = self.claims.claim(start..end);
        if let Some(block) = taken {
            self.blame(inode, Ext4Flaw::Shared { block });
        }
        taken.is_none()
    }
}
