use std::cell::Cell;
use std::io::{self, BufRead, BufReader, Read};

use flate2::bufread::GzDecoder;
use liblzma::stream::{CONCATENATED, Stream};

use super::{InspectError, read};
use crate::source::ImageSource;

/// Memory that an xz stream may ask for: four times what `xz -9` needs.
const XZ_MEMORY: u64 = 256 << 20;
/// Longest way back in a zstd stream: what `zstd --ultra --long=27` writes.
const ZSTD_WINDOW: u32 = 27;

/// How a stream is compressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "their names")]
pub enum Packing {
    Gzip,
    Xz,
    Zstd,
    Bzip2,
    Lz4,
}

impl Packing {
    /// `gzip`, say.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Gzip => "gzip",
            Self::Xz => "xz",
            Self::Zstd => "zstd",
            Self::Bzip2 => "bzip2",
            Self::Lz4 => "lz4",
        }
    }

    /// By the first bytes.
    pub(crate) fn of(start: &[u8]) -> Option<Self> {
        match start {
            [0x1f, 0x8b, 8, ..] => Some(Self::Gzip),
            [0xfd, b'7', b'z', b'X', b'Z', 0, ..] => Some(Self::Xz),
            [0x28, 0xb5, 0x2f, 0xfd, ..] => Some(Self::Zstd),
            // A block, or the end of an empty stream.
            [b'B', b'Z', b'h', b'1'..=b'9', 0x31, 0x41, ..] | [b'B', b'Z', b'h', b'1'..=b'9', 0x17, 0x72, ..] => Some(Self::Bzip2),
            [0x04, 0x22, 0x4d, 0x18, ..] => Some(Self::Lz4),
            _ => None,
        }
    }

    /// What is in it; the checksums are verified on the way.
    pub(crate) fn unpack<'a>(self, packed: impl Read + 'a) -> io::Result<Box<dyn Read + 'a>> {
        let packed = BufReader::with_capacity(1 << 17, packed);
        Ok(match self {
            Self::Gzip => Box::new(Sequence { decoder: Some(GzDecoder::new(packed)) }),
            Self::Xz => Box::new(liblzma::bufread::XzDecoder::new_stream(packed, Stream::new_stream_decoder(XZ_MEMORY, CONCATENATED)?)),
            Self::Zstd => {
                let mut decoder = zstd::Decoder::with_buffer(packed)?;
                decoder.window_log_max(ZSTD_WINDOW)?;
                Box::new(decoder)
            }
            Self::Bzip2 => Box::new(bzip2::bufread::MultiBzDecoder::new(packed)),
            Self::Lz4 => Box::new(Sequence { decoder: Some(lz4::Decoder::new(packed)?) }),
        })
    }
}

/// Streams one behind another.
struct Sequence<D> {
    decoder: Option<D>,
}

/// A stream that another may follow.
trait Part: Read + Sized {
    /// What follows it, once it is read to its end.
    fn next(self) -> io::Result<Option<Self>>;
}

impl<D: Part> Read for Sequence<D> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while let Some(mut decoder) = self.decoder.take() {
            let count = decoder.read(buffer)?;
            if count > 0 || buffer.is_empty() {
                self.decoder = Some(decoder);
                return Ok(count);
            }
            self.decoder = decoder.next()?;
        }
        Ok(0)
    }
}

/// Frames of lz4.
impl<R: BufRead> Part for lz4::Decoder<R> {
    fn next(self) -> io::Result<Option<Self>> {
        let (mut rest, is_whole) = self.finish();
        // As the library has it, such an error could be tried again.
        is_whole.map_err(|error| io::Error::new(io::ErrorKind::UnexpectedEof, error.to_string()))?;
        if rest.fill_buf()?.is_empty() { Ok(None) } else { Self::new(rest).map(Some) }
    }
}

/// Members of gzip. As gzip itself, it takes zeros behind the last for padding.
impl<R: BufRead> Part for GzDecoder<R> {
    fn next(self) -> io::Result<Option<Self>> {
        let mut rest = self.into_inner();
        let next = loop {
            let here = rest.fill_buf()?;
            let zeros = here.iter().take_while(|byte| **byte == 0).count();
            match here.get(zeros) {
                Some(byte) => break Some(*byte),
                None if here.is_empty() => break None,
                None => rest.consume(zeros),
            }
        };
        match next {
            None => Ok(None),
            Some(0x1f) => {
                let zeros = rest.buffer_zeros()?;
                rest.consume(zeros);
                Ok(Some(Self::new(rest)))
            }
            Some(_) => Err(io::Error::new(io::ErrorKind::InvalidData, "there is something else behind the compressed stream")),
        }
    }
}

trait Zeros: BufRead {
    /// Zeros that the buffer begins with.
    fn buffer_zeros(&mut self) -> io::Result<usize> {
        Ok(self.fill_buf()?.iter().take_while(|byte| **byte == 0).count())
    }
}

impl<R: BufRead> Zeros for R {}

/// An image from an offset on, as a stream; it keeps the failure of the image itself apart from what a decoder makes of it.
pub(crate) struct Flow<'a> {
    source: &'a dyn ImageSource,
    position: u64,
    failure: &'a Cell<Option<InspectError>>,
}

impl<'a> Flow<'a> {
    pub(crate) fn new(source: &'a dyn ImageSource, position: u64, failure: &'a Cell<Option<InspectError>>) -> Self {
        Self { source, position, failure }
    }
}

impl Read for Flow<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match read::fill(self.source, self.position, buffer) {
            Ok(count) => {
                self.position += count as u64;
                Ok(count)
            }
            Err(error) => {
                self.failure.set(Some(error));
                Err(io::Error::other("the image can't be read"))
            }
        }
    }
}
