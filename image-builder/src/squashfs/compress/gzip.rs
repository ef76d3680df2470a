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

    #[test]
    fn a_block_that_is_given_up_leaves_no_trace() {
        let mut state = 1_u32;
        let noise: Vec<u8> = std::iter::repeat_with(|| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            state.to_le_bytes()[3]
        })
        .take(10_000)
        .collect();
        let text = b"some text and ".repeat(700);
        for level in 1..=9 {
            let mut encoder = Encoder::new(level);
            for block in [&noise, &text, &noise, &text] {
                let mut output = Vec::new();
                if encoder.compress(block, &mut output).unwrap() {
                    let mut found = Vec::new();
                    flate2::read::ZlibDecoder::new(output.as_slice()).read_to_end(&mut found).unwrap();
                    assert!(found == *block, "level {level}");
                }
            }
        }
    }
}
