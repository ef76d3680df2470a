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
            if self.unpack(*block, buffers)?.len() == block.length as usize {
                Ok(())
            } else {
                Err(SquashfsReadError::Packed { what: "block", offset: block.start })
            }
        })
    }

    /// Unpacks all fragments; gives their lengths.
    pub(super) fn verify_fragments(&self) -> Result<Vec<u32>, SquashfsReadError> {
        let length = |buffers: &mut Buffers, block: &Block| Ok(u32::try_from(self.unpack(*block, buffers)?.len()).unwrap_or(u32::MAX));
        self.fragments()?.par_iter().map_init(Buffers::default, length).collect()
    }

    /// Where all fragments are.
    pub(super) fn fragments(&self) -> Result<Vec<Block>, SquashfsReadError> {
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
        Ok(blocks)
    }

    /// What is in a block; never nothing.
    pub(super) fn unpack<'b>(&self, block: Block, buffers: &'b mut Buffers) -> Result<&'b [u8], SquashfsReadError> {
        let damaged = || SquashfsReadError::Packed { what: "block", offset: block.start };
        let place = block.place(&self.layout.data).ok_or_else(damaged)?;
        buffers.packed.resize(usize::try_from(place.end - place.start).unwrap_or(0), 0);
        self.read(block.start, &mut buffers.packed)?;
        if block.size & BLOCK_UNCOMPRESSED != 0 {
            return Ok(&buffers.packed);
        }
        buffers.unpacked.resize(block.length as usize, 0);
        let length = self.decoder.unpack(&buffers.packed, &mut buffers.unpacked).ok_or_else(damaged)?;
        buffers.unpacked.get(..length).filter(|bytes| !bytes.is_empty()).ok_or_else(damaged)
    }
}

/// What a thread keeps from block to block.
#[derive(Default)]
pub(super) struct Buffers {
    packed: Vec<u8>,
    unpacked: Vec<u8>,
}
