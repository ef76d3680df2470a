//! Small pieces as few writes.

use crate::sink::{Image, SinkError};

/// Bytes that are gathered before they are written. With more at once the kernel looks for large folios in its page cache, and the time that takes varies widely.
const CAPACITY: usize = 128 << 10;

/// Bytes that follow each other, on their way into an image.
#[derive(Debug)]
pub(crate) struct Batch<'a> {
    image: &'a Image<'a>,
    offset: u64,
    buffer: Vec<u8>,
    used: usize,
}

impl<'a> Batch<'a> {
    pub(crate) fn new(image: &'a Image<'a>) -> Self {
        Self { image, offset: 0, buffer: vec![0; CAPACITY], used: 0 }
    }

    /// Zeros at an offset, to be filled in.
    pub(crate) fn zeros(&mut self, offset: u64, length: usize) -> Result<&mut [u8], SinkError> {
        let slice = self.room(offset, length, 0)?;
        slice.fill(0);
        Ok(slice)
    }

    /// Room at an offset that must be filled in, followed by zeros up to a multiple of `block_size`.
    pub(crate) fn room(&mut self, offset: u64, length: usize, block_size: usize) -> Result<&mut [u8], SinkError> {
        let padded = length.next_multiple_of(block_size.max(1));
        if offset != self.offset + self.used as u64 || self.used + padded > CAPACITY {
            self.flush()?;
            self.offset = offset;
        }
        let start = self.used;
        self.used += padded;
        if self.used > self.buffer.len() {
            self.buffer.resize(self.used, 0);
        }
        self.buffer[start + length..self.used].fill(0);
        Ok(&mut self.buffer[start..start + length])
    }

    /// Writes what is gathered. Whoever drops a batch without loses it.
    pub(crate) fn flush(&mut self) -> Result<(), SinkError> {
        if self.used > 0 {
            self.image.data(self.offset, &self.buffer[..self.used])?;
            self.used = 0;
        }
        Ok(())
    }
}
