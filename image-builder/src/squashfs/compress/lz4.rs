use crate::squashfs::SquashfsError;

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
        let _ = self.hc;
        let start = output.len();
        output.resize(start + lz4_flex::block::get_maximum_output_size(block.len()), 0);
        let length = lz4_flex::block::compress_into(block, &mut output[start..])
            .map_err(|error| SquashfsError::Compressor { compressor: "lz4", reason: error.to_string() })?;
        output.truncate(start + length);
        Ok(length < block.len())
    }
}
