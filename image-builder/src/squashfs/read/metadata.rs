use std::ops::Range;

use super::{SquashfsReadError, SquashfsReader};
use crate::squashfs::format::{METADATA_SIZE, METADATA_UNCOMPRESSED};

/// Reads a table of metadata as one stream of bytes, a block at a time.
#[derive(Debug)]
pub(super) struct Cursor<'a> {
    reader: &'a SquashfsReader<'a>,
    table: &'static str,
    /// Where the table is in the image.
    range: Range<u64>,
    /// Where the block at hand begins, and the next one.
    block: Range<u64>,
    bytes: Vec<u8>,
    /// Where reading goes on in it.
    at: usize,
}

impl<'a> Cursor<'a> {
    /// At the beginning of a table.
    pub(super) fn new(reader: &'a SquashfsReader<'a>, table: &'static str, range: Range<u64>) -> Self {
        Self { reader, table, block: range.start..range.start, range, bytes: Vec::new(), at: 0 }
    }

    /// Goes to a place in the table: a block, from its start, and an offset in it.
    pub(super) fn seek(&mut self, reference: u64) -> Result<(), SquashfsReadError> {
        let start = self.range.start.checked_add(reference >> 16).filter(|start| *start < self.range.end);
        let start = start.ok_or_else(|| self.damaged())?;
        if self.bytes.is_empty() || self.block.start != start {
            self.block = start..start;
            self.load()?;
        }
        self.at = usize::try_from(reference & 0xFFFF).unwrap_or(usize::MAX);
        if self.at < self.bytes.len() { Ok(()) } else { Err(self.damaged()) }
    }

    /// Where reading goes on, as [`Cursor::seek`] takes it; none at the end of the table.
    pub(super) fn reference(&mut self) -> Result<Option<u64>, SquashfsReadError> {
        if self.at == self.bytes.len() {
            if self.block.end == self.range.end {
                return Ok(None);
            }
            self.load()?;
        }
        Ok(Some((self.block.start - self.range.start) << 16 | self.at as u64))
    }

    /// Where the table begins in the image.
    pub(super) fn start(&self) -> u64 {
        self.range.start
    }

    /// Unpacks all of the table; gives its length.
    pub(super) fn drain(mut self) -> Result<u64, SquashfsReadError> {
        let mut length = 0;
        while self.block.end < self.range.end {
            self.load()?;
            length += self.bytes.len() as u64;
        }
        Ok(length)
    }

    /// Fills a buffer with what comes next.
    pub(super) fn read(&mut self, mut buffer: &mut [u8]) -> Result<(), SquashfsReadError> {
        while !buffer.is_empty() {
            if self.at == self.bytes.len() {
                self.load()?;
            }
            let count = buffer.len().min(self.bytes.len() - self.at);
            buffer[..count].copy_from_slice(&self.bytes[self.at..self.at + count]);
            self.at += count;
            buffer = &mut buffer[count..];
        }
        Ok(())
    }

    /// Reads a struct.
    pub(super) fn get<T: zerocopy::FromBytes + zerocopy::IntoBytes>(&mut self) -> Result<T, SquashfsReadError> {
        let mut value = T::new_zeroed();
        self.read(value.as_mut_bytes())?;
        Ok(value)
    }

    /// Unpacks the block behind the one at hand.
    fn load(&mut self) -> Result<(), SquashfsReadError> {
        let start = self.block.end;
        self.bytes.clear();
        self.at = 0;
        let damaged = SquashfsReadError::Table { table: self.table, offset: start };
        let Some(packed_start) = start.checked_add(2).filter(|start| *start <= self.range.end) else { return Err(damaged) };
        let mut header = [0; 2];
        self.reader.read(start, &mut header)?;
        let header = u16::from_le_bytes(header);
        let length = usize::from(header & !METADATA_UNCOMPRESSED);
        let end = packed_start + length as u64;
        if length == 0 || length > METADATA_SIZE || end > self.range.end {
            return Err(damaged);
        }
        let mut packed = vec![0; length];
        self.reader.read(packed_start, &mut packed)?;
        if header & METADATA_UNCOMPRESSED == 0 {
            self.bytes.resize(METADATA_SIZE, 0);
            let unpacked = self.reader.decoder.unpack(&packed, &mut self.bytes).filter(|length| *length > 0);
            self.bytes.truncate(unpacked.ok_or(SquashfsReadError::Packed { what: self.table, offset: start })?);
        } else {
            self.bytes = packed;
        }
        // Only the last block of a table may be short.
        if self.bytes.len() < METADATA_SIZE && end < self.range.end {
            self.bytes.clear();
            return Err(damaged);
        }
        self.block = start..end;
        Ok(())
    }

    pub(super) fn damaged(&self) -> SquashfsReadError {
        SquashfsReadError::Table { table: self.table, offset: self.block.start }
    }
}

impl<'a> SquashfsReader<'a> {
    /// A table found by an index of where its blocks begin: a cursor over the blocks, which must follow each other up to `head` bytes before the index.
    pub(super) fn indexed(&'a self, table: &'static str, index: u64, head: u64, bytes: u64) -> Result<Cursor<'a>, SquashfsReadError> {
        let damaged = || SquashfsReadError::Table { table, offset: index };
        let blocks = bytes.div_ceil(METADATA_SIZE as u64);
        let end = index.checked_add(head).and_then(|start| start.checked_add(blocks * 8)).ok_or_else(damaged)?;
        if end > self.info.bytes_used || blocks == 0 {
            return Err(damaged());
        }
        let place = |number: u64| -> Result<u64, SquashfsReadError> {
            let mut place = [0; 8];
            self.read(index + head + number * 8, &mut place)?;
            Ok(u64::from_le_bytes(place))
        };
        let first = place(0)?;
        if first < self.layout.inodes.end || first >= index {
            return Err(damaged());
        }
        // One after another, which also says that each is where the index has it.
        let mut cursor = Cursor::new(self, table, first..index);
        for number in 0..blocks {
            cursor.bytes.clear();
            cursor.at = 0;
            cursor.load()?;
            if cursor.block.start != place(number)? {
                return Err(damaged());
            }
        }
        if cursor.block.end != index || (blocks - 1) * METADATA_SIZE as u64 + cursor.bytes.len() as u64 != bytes {
            return Err(damaged());
        }
        Ok(Cursor::new(self, table, first..index))
    }
}
