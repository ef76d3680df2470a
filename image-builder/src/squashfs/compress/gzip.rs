use flate2::{Compress, Compression, FlushCompress, Status};

use super::room;
use crate::squashfs::SquashfsError;

/// A stream of zlib for each block.
#[derive(Debug)]
pub(super) struct Encoder {
    level: Compression,
    compress: Compress,
}

impl Encoder {
    pub(super) fn new(level: u32) -> Self {
        let level = Compression::new(level);
        Self { level, compress: Compress::new(level, true) }
    }

    pub(super) fn compress(&mut self, block: &[u8], output: &mut Vec<u8>) -> Result<bool, SquashfsError> {
        let start = output.len();
        self.compress.reset();
        let status = self.compress.compress(block, room(output, block), FlushCompress::Finish);
        let status = status.map_err(|error| SquashfsError::Compressor { compressor: "gzip", reason: error.to_string() })?;
        let length = usize::try_from(self.compress.total_out()).unwrap_or(usize::MAX);
        output.truncate(start + length);
        let is_whole = status == Status::StreamEnd;
        if !is_whole {
            // At level 1 zlib-rs doesn't forget an unfinished stream when it is reset.
            self.compress = Compress::new(self.level, true);
        }
        Ok(is_whole)
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;

    use super::*;

    /// Blocks of all lengths, of stretches with few values and with all: some can be compressed and some can't.
    #[test]
    fn a_block_that_is_given_up_leaves_no_trace() {
        let mut state = 1_u32;
        let mut next = || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            state >> 8
        };
        let mut given_up = 0;
        for level in 1..=9 {
            let mut encoder = Encoder::new(level);
            for _ in 0..60 {
                let mut block = Vec::new();
                for _ in 0..=next() % 12 {
                    let (length, values) = (1 + next() % 20_000, 1 + next() % 256);
                    block.extend((0..length).map(|_| (next() % values).to_le_bytes()[0]));
                }
                let mut output = Vec::new();
                if encoder.compress(&block, &mut output).unwrap() {
                    let mut found = Vec::new();
                    let read = flate2::read::ZlibDecoder::new(output.as_slice()).read_to_end(&mut found);
                    assert!(read.is_ok() && found == block, "level {level}, {} bytes", block.len());
                } else {
                    given_up += 1;
                }
            }
        }
        assert!(given_up > 0);
    }
}
