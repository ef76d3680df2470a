use std::io;

use zstd::bulk::Compressor;

use crate::squashfs::SquashfsError;

/// A frame for each block, with its length and without a checksum.
pub(super) struct Encoder(Compressor<'static>);

impl std::fmt::Debug for Encoder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Encoder").finish_non_exhaustive()
    }
}

impl Encoder {
    pub(super) fn new(level: u32) -> Result<Self, SquashfsError> {
        Ok(Self(Compressor::new(i32::try_from(level).unwrap_or(i32::MAX)).map_err(failed)?))
    }

    pub(super) fn compress(&mut self, block: &[u8], output: &mut Vec<u8>) -> Result<bool, SquashfsError> {
        let start = output.len();
        // With less room it fails, and does not say so in a way that could be told from others.
        output.resize(start + zstd::zstd_safe::compress_bound(block.len()), 0);
        let length = self.0.compress_to_buffer(block, &mut output[start..]).map_err(failed)?;
        output.truncate(start + length);
        Ok(length < block.len())
    }
}

fn failed(error: io::Error) -> SquashfsError {
    SquashfsError::Compressor { compressor: "zstd", reason: error.to_string() }
}
