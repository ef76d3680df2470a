use liblzma::stream::{Action, Check, Error, Filters, LzmaOptions, Status, Stream};

use super::room;
use crate::squashfs::SquashfsError;

/// A whole .xz stream for each block, with the check that the kernel knows.
#[derive(Debug)]
pub(super) struct Encoder {
    level: u32,
    dictionary: u32,
    x86: bool,
}

impl Encoder {
    pub(super) fn new(level: u32, dictionary: u32, x86: bool) -> Self {
        Self { level, dictionary, x86 }
    }

    fn filters(&self, x86: bool) -> Result<Filters, Error> {
        let mut options = LzmaOptions::new_preset(self.level)?;
        let mut filters = Filters::new();
        if x86 {
            filters.x86();
        }
        filters.lzma2(options.dict_size(self.dictionary));
        Ok(filters)
    }

    pub(super) fn compress(&mut self, block: &[u8], output: &mut Vec<u8>) -> Result<bool, SquashfsError> {
        let start = output.len();
        let plain = self.filters(false).and_then(|filters| compress(&filters, block, output)).map_err(failed)?;
        if !self.x86 || !may_be_code(block) {
            return Ok(plain);
        }
        let between = output.len();
        let filtered = self.filters(true).and_then(|filters| compress(&filters, block, output)).map_err(failed)?;
        if filtered && (!plain || output.len() - between < between - start) {
            output.drain(start..between);
        } else {
            output.truncate(between);
        }
        Ok(plain || filtered)
    }
}

fn compress(filters: &Filters, block: &[u8], output: &mut Vec<u8>) -> Result<bool, Error> {
    let start = output.len();
    let mut stream = Stream::new_stream_encoder(filters, Check::Crc32)?;
    let status = stream.process(block, room(output, block), Action::Finish)?;
    output.truncate(start + usize::try_from(stream.total_out()).unwrap_or(usize::MAX));
    Ok(status == Status::StreamEnd)
}

/// Whether the filter for x86 would change anything: it looks for calls and jumps to places less than 16 MiB away.
fn may_be_code(block: &[u8]) -> bool {
    block.windows(5).any(|code| matches!(code, [0xE8 | 0xE9, _, _, _, 0x00 | 0xFF]))
}

fn failed(error: Error) -> SquashfsError {
    SquashfsError::Compressor { compressor: "xz", reason: error.to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_filter_does_not_change_is_not_filtered() {
        let with = |x86, block: &[u8]| {
            let mut output = Vec::new();
            assert!(Encoder::new(6, 1 << 17, x86).compress(block, &mut output).unwrap());
            output
        };
        let text = b"call me, said E8, and 0 came after\n".repeat(1000);
        assert!(!may_be_code(&text));
        assert_eq!(with(true, &text), with(false, &text));
        // Calls of one function from many places: with absolute addresses they are all the same.
        let calls: Vec<u8> = (0..3000_u32).flat_map(|at| [&[0xE8][..], &(1_000_000 - at * 5).to_le_bytes()].concat()).collect();
        assert!(may_be_code(&calls));
        assert!(with(true, &calls).len() * 4 < with(false, &calls).len());
    }
}
