use super::SquashfsError;
use super::compress::Codec;
use super::format::{METADATA_SIZE, METADATA_UNCOMPRESSED, reference};
use crate::pipeline::in_order;

/// Blocks that are gathered before they are compressed, all threads together.
const GATHERED: usize = 256;

/// A table of metadata: a stream of bytes, cut into blocks of 8 KiB that are compressed one by one.
///
/// A place in it is told by where its block begins after compression, so that whoever refers to one has to have all before it compressed.
#[derive(Debug)]
pub(super) struct Metadata<'a> {
    codec: &'a Codec,
    /// What the table is, for an error.
    name: &'static str,
    /// Not compressed yet.
    pending: Vec<u8>,
    /// Blocks with their headers.
    compressed: Vec<u8>,
    /// Where each block begins, and the next one.
    starts: Vec<u64>,
}

/// A place in a table, by its block and the offset in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) block: u32,
    pub(super) offset: u16,
}

impl Place {
    /// The same as one number.
    pub(super) fn reference(self) -> u64 {
        reference(self.block.into(), self.offset)
    }
}

impl<'a> Metadata<'a> {
    pub(super) fn new(codec: &'a Codec, name: &'static str) -> Self {
        Self { codec, name, pending: Vec::new(), compressed: Vec::new(), starts: vec![0] }
    }

    /// Bytes so far, as they were before compression.
    pub(super) fn position(&self) -> u64 {
        ((self.starts.len() - 1) * METADATA_SIZE + self.pending.len()) as u64
    }

    /// Adds bytes; gives their position.
    pub(super) fn push(&mut self, bytes: &[u8]) -> Result<u64, SquashfsError> {
        let position = self.position();
        self.pending.extend_from_slice(bytes);
        if self.pending.len() >= GATHERED * METADATA_SIZE {
            self.compress()?;
        }
        Ok(position)
    }

    /// Compresses what has gathered to whole blocks: every position so far has a place afterwards.
    pub(super) fn compress(&mut self) -> Result<(), SquashfsError> {
        let whole = self.pending.len() - self.pending.len() % METADATA_SIZE;
        self.compress_first(whole)
    }

    fn compress_first(&mut self, length: usize) -> Result<(), SquashfsError> {
        let rest = self.pending.split_off(length);
        let pending = std::mem::replace(&mut self.pending, rest);
        let blocks: Vec<&[u8]> = pending.chunks(METADATA_SIZE).collect();
        let (compressed, starts) = (&mut self.compressed, &mut self.starts);
        let emit = |block: Vec<u8>| {
            compressed.extend_from_slice(&block);
            starts.push(compressed.len() as u64);
            Ok(())
        };
        in_order(blocks.len(), GATHERED, || (), |(), index| framed(self.codec, blocks[index]), emit)
    }

    /// Where a position is, when all before it is compressed.
    pub(super) fn place(&self, position: u64) -> Result<Place, SquashfsError> {
        let limit = u64::from(u32::MAX);
        let too_large = || SquashfsError::TableTooLarge { table: self.name, limit };
        let size = METADATA_SIZE as u64;
        let start = usize::try_from(position / size).ok().and_then(|block| self.starts.get(block)).copied().ok_or_else(too_large)?;
        let block = u32::try_from(start).ok().ok_or_else(too_large)?;
        Ok(Place { block, offset: u16::try_from(position % size).unwrap_or(0) })
    }

    /// Compresses the rest.
    pub(super) fn finish(&mut self) -> Result<(), SquashfsError> {
        self.compress()?;
        self.compress_first(self.pending.len())
    }

    /// The blocks of a finished table.
    pub(super) fn bytes(&self) -> &[u8] {
        &self.compressed
    }

    /// Where the blocks of a finished table begin, from its start.
    pub(super) fn blocks(&self) -> &[u64] {
        &self.starts[..self.starts.len() - 1]
    }
}

/// A block with the two bytes before it that say how long it is.
fn framed(codec: &Codec, block: &[u8]) -> Result<Vec<u8>, SquashfsError> {
    let mut framed = vec![0; 2];
    let shorter = codec.put(block, &mut framed)?;
    let header = metadata_header(framed.len() - 2, shorter);
    framed[..2].copy_from_slice(&header);
    Ok(framed)
}

/// What is before a metadata block of so many bytes.
pub(super) fn metadata_header(length: usize, is_compressed: bool) -> [u8; 2] {
    // At most 8 KiB, which is less than the bit.
    let length = u16::try_from(length).unwrap_or(METADATA_UNCOMPRESSED - 1);
    (if is_compressed { length } else { length | METADATA_UNCOMPRESSED }).to_le_bytes()
}
