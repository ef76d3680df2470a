//! Compressed streams: what decoders may use, and how much they may give.

use std::io::{self, BufRead, BufReader, Read};

use bzip2::bufread::MultiBzDecoder;
use flate2::bufread::MultiGzDecoder;
use liblzma::bufread::XzDecoder;
use liblzma::stream::{CONCATENATED, Stream};

/// What a decoder may use: `xz -9` needs 65 MiB, `xz --ultra` dictionaries of 1.5 GiB exist in no package.
const MEMORY_LIMIT: u64 = 256 << 20;

/// The largest zstd window, as a power of two: 128 MiB, what `zstd --ultra -22` uses.
const WINDOW_LOG_MAX: u32 = 27;

/// How much is read at once, in bytes.
pub(crate) const BUFFER: usize = 128 << 10;

/// How a stream is compressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Compression {
    None,
    Gzip,
    Bzip2,
    Xz,
    Lzma,
    Zstd,
}

impl Compression {
    /// The uncompressed bytes. A damaged stream is an error of the read, and so is anything but another stream behind the first.
    pub(crate) fn decode<'a>(self, input: impl BufRead + 'a) -> io::Result<Box<dyn Read + 'a>> {
        Ok(match self {
            Self::None => Box::new(input),
            Self::Gzip => buffered(MultiGzDecoder::new(input)),
            Self::Bzip2 => buffered(MultiBzDecoder::new(input)),
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

/// All of a stream; none when it has more than `limit` bytes.
pub(crate) fn read_within(input: impl Read, limit: u64) -> io::Result<Option<Vec<u8>>> {
    let mut bytes = Vec::new();
    let read = input.take(limit.saturating_add(1)).read_to_end(&mut bytes)?;
    Ok(Some(bytes).filter(|_| u64::try_from(read).is_ok_and(|read| read <= limit)))
}

/// Gives so many bytes and no more.
#[derive(Debug)]
pub(crate) struct Bounded<R> {
    pub(crate) input: R,
    pub(crate) left: u64,
}

#[derive(Debug, thiserror::Error)]
#[error("it unpacks to more than any such file needs")]
struct LimitReached;

/// Whether reading failed because of a [`Bounded`].
pub(crate) fn is_limit(error: &io::Error) -> bool {
    error.get_ref().is_some_and(|inner| inner.is::<LimitReached>())
}

impl<R: Read> Read for Bounded<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.input.read(buffer)?;
        self.left = self.left.checked_sub(read as u64).ok_or_else(|| io::Error::other(LimitReached))?;
        Ok(read)
    }
}
