use std::ops::Range;

use rayon::prelude::*;

use super::{SquashfsReadError, SquashfsReader};
use crate::squashfs::format::{BLOCK_UNCOMPRESSED, FragmentEntry};

/// A block of contents.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Block {
    pub(super) start: u64,
    /// As inodes and fragments have it.
    pub(super) size: u32,
    /// Bytes when unpacked; for a fragment, the most there may be.
    pub(super) length: u32,
}

impl Block {
    /// Where it is, when it is within `data` and not longer than what is in it.
    pub(super) fn place(self, data: &Range<u64>) -> Option<Range<u64>> {
        let size = self.size & !BLOCK_UNCOMPRESSED;
        let end = self.start.checked_add(size.into())?;
        (size > 0 && size <= self.length && self.start >= data.start && end <= data.end).then_some(self.start..end)
    }
}

impl SquashfsReader<'_> {
    /// Unpacks blocks of files, each once; their lengths must be as the inodes have them.
    pub(super) fn verify_blocks(&self, mut blocks: Vec<Block>) -> Result<(), SquashfsReadError> {
        blocks.par_sort_unstable();
        blocks.dedup();
        blocks.par_iter().try_for_each_init(Buffers::default, |buffers, block| {
            let found = self.unpack(*block, buffers)?;
            if found == block.length { Ok(()) } else { Err(SquashfsReadError::Packed { what: "block", offset: block.start }) }
        })
    }

    /// Unpacks all fragments; gives their lengths.
    pub(super) fn verify_fragments(&self) -> Result<Vec<u32>, SquashfsReadError> {
        let Some(index) = self.layout.fragments else { return Ok(Vec::new()) };
        let table = "table of fragments";
        let mut cursor = self.indexed(table, index, 0, u64::from(self.info.fragments) * size_of::<FragmentEntry>() as u64)?;
        let mut blocks = Vec::new();
        let mut together = 0;
        for _ in 0..self.info.fragments {
            let entry: FragmentEntry = cursor.get()?;
            let block = Block { start: entry.start_block.get(), size: entry.size.get(), length: self.info.block_size };
            let place = block.place(&self.layout.data).ok_or_else(|| cursor.damaged())?;
            // No two are at one place: what is read is bounded by the image.
            together += place.end - place.start;
            if together > self.layout.data.end - self.layout.data.start {
                return Err(cursor.damaged());
            }
            blocks.push(block);
        }
        blocks.par_iter().map_init(Buffers::default, |buffers, block| self.unpack(*block, buffers)).collect()
    }

    fn unpack(&self, block: Block, buffers: &mut Buffers) -> Result<u32, SquashfsReadError> {
        let damaged = || SquashfsReadError::Packed { what: "block", offset: block.start };
        let place = block.place(&self.layout.data).ok_or_else(damaged)?;
        buffers.packed.resize(usize::try_from(place.end - place.start).unwrap_or(0), 0);
        self.read(block.start, &mut buffers.packed)?;
        if block.size & BLOCK_UNCOMPRESSED != 0 {
            return Ok(block.size & !BLOCK_UNCOMPRESSED);
        }
        buffers.unpacked.resize(block.length as usize, 0);
        let length = self.decoder.unpack(&buffers.packed, &mut buffers.unpacked).ok_or_else(damaged)?;
        u32::try_from(length).ok().filter(|length| *length > 0).ok_or_else(damaged)
    }
}

/// What a thread keeps from block to block.
#[derive(Default)]
struct Buffers {
    packed: Vec<u8>,
    unpacked: Vec<u8>,
}
