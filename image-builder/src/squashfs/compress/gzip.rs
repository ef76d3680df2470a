use flate2::{Compress, Compression, FlushCompress, Status};

use super::room;
use crate::squashfs::SquashfsError;

/// A stream of zlib for each block.
#[derive(Debug)]
pub(super) struct Encoder(Compress);

impl Encoder {
    pub(super) fn new(level: u32) -> Self {
        Self(Compress::new(Compression::new(level), true))
    }

    pub(super) fn compress(&mut self, block: &[u8], output: &mut Vec<u8>) -> Result<bool, SquashfsError> {
        let start = output.len();
        self.0.reset();
        let status = self.0.compress(block, room(output, block), FlushCompress::Finish);
        let status = status.map_err(|error| SquashfsError::Compressor { compressor: "gzip", reason: error.to_string() })?;
        let length = usize::try_from(self.0.total_out()).unwrap_or(usize::MAX);
        output.truncate(start + length);
        Ok(status == Status::StreamEnd)
    }
}
