use std::io::{self, BufRead, BufReader, Read};

use liblzma::bufread::XzDecoder;
use liblzma::stream::{CONCATENATED, Stream};

use super::RpmFault;

/// What a decoder may use: `xz -9` needs 65 MiB.
const MEMORY_LIMIT: u64 = 256 << 20;

/// The largest zstd window, as a power of two: 128 MiB, what `zstd --ultra -22` uses.
const WINDOW_LOG_MAX: u32 = 27;

const BUFFER: usize = 128 << 10;

/// What gzip begins with (RFC 1952).
const GZIP: [u8; 2] = [0x1f, 0x8b];

/// The uncompressed bytes of a payload. `compressor` is what the header calls its format; without a name for it, it is gzip or nothing, whichever it looks like.
pub(super) fn decode<'a>(compressor: Option<&[u8]>, mut input: impl BufRead + 'a) -> Result<Box<dyn Read + 'a>, RpmFault> {
    let failed = |source: io::Error| RpmFault::Read { place: "its payload", source };
    let compressor = match compressor {
        Some(compressor) => compressor,
        None if input.fill_buf().map_err(failed)?.starts_with(&GZIP) => b"gzip",
        None => b"identity",
    };
    Ok(match compressor {
        b"gzip" => buffered(flate2::bufread::MultiGzDecoder::new(input)),
        b"bzip2" => buffered(bzip2::bufread::MultiBzDecoder::new(input)),
        b"xz" => {
            buffered(XzDecoder::new_stream(input, Stream::new_stream_decoder(MEMORY_LIMIT, CONCATENATED).map_err(lzma).map_err(failed)?))
        }
        b"lzma" => buffered(XzDecoder::new_stream(input, Stream::new_lzma_decoder(MEMORY_LIMIT).map_err(lzma).map_err(failed)?)),
        b"zstd" => {
            let mut decoder = zstd::Decoder::with_buffer(input).map_err(failed)?;
            decoder.window_log_max(WINDOW_LOG_MAX).map_err(failed)?;
            buffered(decoder)
        }
        b"identity" | b"none" => Box::new(input),
        other => return Err(RpmFault::Compression { found: other.escape_ascii().to_string() }),
    })
}

/// The unpacked bytes of a repository's file, by what its name ends in; reading fails beyond `limit` bytes.
pub(in crate::rpm) fn decode_by_suffix(suffix: &str, input: impl BufRead + 'static, limit: u64) -> Result<Box<dyn BufRead>, RpmFault> {
    let compressor: &[u8] = match suffix {
        "gz" => b"gzip",
        "bz2" => b"bzip2",
        "xz" => b"xz",
        "zst" => b"zstd",
        _ => b"none",
    };
    let unpacked = Bounded { input: decode(Some(compressor), input)?, left: limit };
    Ok(Box::new(BufReader::with_capacity(BUFFER, unpacked)))
}

/// Gives so many bytes and no more.
pub(super) struct Bounded<R> {
    pub(super) input: R,
    pub(super) left: u64,
}

#[derive(Debug, thiserror::Error)]
#[error("it unpacks to more than any such file needs")]
struct LimitReached;

/// Whether reading failed because of a [`Bounded`].
pub(super) fn is_limit(error: &io::Error) -> bool {
    error.get_ref().is_some_and(|inner| inner.is::<LimitReached>())
}

impl<R: Read> Read for Bounded<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.input.read(buffer)?;
        self.left = self.left.checked_sub(read as u64).ok_or_else(|| io::Error::other(LimitReached))?;
        Ok(read)
    }
}

fn lzma(error: liblzma::stream::Error) -> io::Error {
    error.into()
}

fn buffered<'a>(decoder: impl Read + 'a) -> Box<dyn Read + 'a> {
    Box::new(BufReader::with_capacity(BUFFER, decoder))
}
