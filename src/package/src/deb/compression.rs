use std::io::{self, BufReader, Read};

use liblzma::read::XzDecoder;
use liblzma::stream::{CONCATENATED, Stream};

use super::DebFault;

/// What a decoder may use: `xz -9` needs 65 MiB, `xz --ultra` dictionaries of 1.5 GiB exist in no package.
const MEMORY_LIMIT: u64 = 256 << 20;

/// The largest zstd window, as a power of two: 128 MiB, what `zstd --ultra -22` uses.
const WINDOW_LOG_MAX: u32 = 27;

const BUFFER: usize = 128 << 10;

/// How a member is compressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Compression {
    None,
    Gzip,
    Xz,
    Zstd,
    Lzma,
}

impl Compression {
    /// By what follows `control.tar` or `data.tar` in the member's name.
    pub(super) fn from_suffix(member: &str, suffix: &str) -> Result<Self, DebFault> {
        match suffix {
            "" => Ok(Self::None),
            ".gz" => Ok(Self::Gzip),
            ".xz" => Ok(Self::Xz),
            ".zst" => Ok(Self::Zstd),
            ".lzma" => Ok(Self::Lzma),
            _ => Err(DebFault::Compression { name: member.to_owned(), format: suffix.trim_start_matches('.').to_owned() }),
        }
    }

    /// The uncompressed bytes. A damaged stream is an error of the read, and so is anything but another stream behind the first.
    pub(super) fn decode<'a>(self, input: impl Read + 'a) -> io::Result<Box<dyn Read + 'a>> {
        let input = BufReader::with_capacity(BUFFER, input);
        Ok(match self {
            Self::None => Box::new(input),
            Self::Gzip => Box::new(BufReader::with_capacity(BUFFER, flate2::bufread::MultiGzDecoder::new(input))),
            Self::Xz => buffered(XzDecoder::new_stream(input, Stream::new_stream_decoder(MEMORY_LIMIT, CONCATENATED)?)),
            Self::Lzma => buffered(XzDecoder::new_stream(input, Stream::new_lzma_decoder(MEMORY_LIMIT)?)),
            Self::Zstd => {
                let mut decoder = zstd::Decoder::with_buffer(input)?;
                decoder.window_log_max(WINDOW_LOG_MAX)?;
                buffered(decoder)
            }
        })
    }
}

fn buffered<'a>(decoder: impl Read + 'a) -> Box<dyn Read + 'a> {
    Box::new(BufReader::with_capacity(BUFFER, decoder))
}
