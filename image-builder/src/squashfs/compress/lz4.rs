use lz4::block::{CompressionMode, compress_bound, compress_to_buffer};

use crate::squashfs::SquashfsError;

/// What mksquashfs takes for the slower compressor: `LZ4HC_CLEVEL_MAX`.
const HC_LEVEL: i32 = 12;

/// A block without any header.
#[derive(Debug)]
pub(super) struct Encoder {
    hc: bool,
}

impl Encoder {
    pub(super) fn new(hc: bool) -> Self {
        Self { hc }
    }

    pub(super) fn compress(&mut self, block: &[u8], output: &mut Vec<u8>) -> Result<bool, SquashfsError> {
        let failed = |error: std::io::Error| SquashfsError::Compressor { compressor: "lz4", reason: error.to_string() };
        let start = output.len();
        // With less room it fails, and does not say so in a way that could be told from others.
        output.resize(start + compress_bound(block.len()).map_err(failed)?, 0);
        let mode = if self.hc { CompressionMode::HIGHCOMPRESSION(HC_LEVEL) } else { CompressionMode::DEFAULT };
        let length = compress_to_buffer(block, Some(mode), false, &mut output[start..]).map_err(failed)?;
        output.truncate(start + length);
        Ok(length < block.len())
    }
}
