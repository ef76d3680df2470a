//! Compressed streams: what archives are packed with. Every processor works, and how many there are doesn't show in the bytes; those change with
//! the version of a library.

mod gzip;

use std::io::{self, Write};

use liblzma::stream::{Check, MtStreamBuilder};
use liblzma::write::XzEncoder;

use gzip::GzipEncoder;

/// What each thread of xz gets at a time: three times the largest window of the usual levels, as xz has it for level 6.
const XZ_BLOCK: u64 = 24 << 20;

/// How a stream is packed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Compression {
    /// Not at all.
    #[default]
    None,
    /// gzip (RFC 1952), one member.
    Gzip {
        /// 1 to 9.
        level: u32,
    },
    /// xz, in blocks of 24 MiB. The checksum is CRC32, the only one that the kernel's own decoder knows.
    Xz {
        /// 0 to 9.
        level: u32,
    },
    /// Zstandard (RFC 8878), one frame with a checksum.
    Zstd {
        /// 1 to 19.
        level: u32,
    },
}

impl Compression {
    /// What packs at the level that its own program takes where none is said.
    pub const GZIP: Self = Self::Gzip { level: 6 };
    /// As [`Compression::GZIP`].
    pub const XZ: Self = Self::Xz { level: 6 };
    /// As [`Compression::GZIP`].
    pub const ZSTD: Self = Self::Zstd { level: 3 };

    /// Levels from the fastest to the smallest; none where nothing is packed.
    #[must_use]
    pub fn levels(self) -> Option<(u32, u32)> {
        match self {
            Self::None => None,
            Self::Gzip { .. } => Some((1, 9)),
            Self::Xz { .. } => Some((0, 9)),
            Self::Zstd { .. } => Some((1, 19)),
        }
    }

    /// The same at another level.
    #[must_use]
    pub fn at_level(self, level: u32) -> Self {
        match self {
            Self::None => Self::None,
            Self::Gzip { .. } => Self::Gzip { level },
            Self::Xz { .. } => Self::Xz { level },
            Self::Zstd { .. } => Self::Zstd { level },
        }
    }
}

/// Packs what is written to it into `out`. Nothing is whole before [`Encoder::finish`].
#[derive(Debug)]
pub struct Encoder<W: Write>(Inner<W>);

enum Inner<W: Write> {
    Plain(W),
    Gzip(GzipEncoder<W>),
    Xz(XzEncoder<W>),
    Zstd(zstd::Encoder<'static, W>),
}

impl<W: Write> std::fmt::Debug for Inner<W> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let name = match self {
            Self::Plain(_) => "Plain",
            Self::Gzip(_) => "Gzip",
            Self::Xz(_) => "Xz",
            Self::Zstd(_) => "Zstd",
        };
        f.write_str(name)
    }
}

impl<W: Write> Encoder<W> {
    /// Begins a stream.
    ///
    /// # Errors
    /// When the level is out of range, or there is no memory.
    pub fn new(out: W, compression: Compression) -> io::Result<Self> {
        let threads = u32::try_from(rayon::current_num_threads()).unwrap_or(1).max(1);
        Ok(Self(match compression {
            Compression::None => Inner::Plain(out),
            Compression::Gzip { level } => Inner::Gzip(GzipEncoder::new(out, level)),
            Compression::Xz { level } => {
                let mut builder = MtStreamBuilder::new();
                let stream = builder.preset(level).check(Check::Crc32).threads(threads).block_size(XZ_BLOCK).encoder()?;
                Inner::Xz(XzEncoder::new_stream(out, stream))
            }
            Compression::Zstd { level } => {
                let mut encoder = zstd::Encoder::new(out, i32::try_from(level).unwrap_or(i32::MAX))?;
                encoder.include_checksum(true)?;
                // With workers the bytes are the same for any number of them, and others without.
                encoder.multithread(threads)?;
                Inner::Zstd(encoder)
            }
        }))
    }

    /// Ends the stream.
    ///
    /// # Errors
    /// When `out` fails.
    pub fn finish(self) -> io::Result<W> {
        let mut out = match self.0 {
            Inner::Plain(out) => out,
            Inner::Gzip(encoder) => encoder.finish()?,
            Inner::Xz(encoder) => encoder.finish()?,
            Inner::Zstd(encoder) => encoder.finish()?,
        };
        out.flush()?;
        Ok(out)
    }
}

impl<W: Write> Write for Encoder<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match &mut self.0 {
            Inner::Plain(out) => out.write(bytes),
            Inner::Gzip(encoder) => encoder.write(bytes),
            Inner::Xz(encoder) => encoder.write(bytes),
            Inner::Zstd(encoder) => encoder.write(bytes),
        }
    }

    /// Does nothing: a stream that is flushed in between has other bytes.
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use super::*;

    /// Of all kinds, more than one stretch of each encoder.
    fn contents(length: usize) -> Vec<u8> {
        let mut state = 1_u32;
        let mut next = || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            state.to_le_bytes()[3]
        };
        (0..length).map(|at| if at % 3 == 0 { next() } else { b"text of a file"[at % 14] }).collect()
    }

    fn pack(compression: Compression, bytes: &[u8], threads: usize, pieces: usize) -> Vec<u8> {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| {
            let mut encoder = Encoder::new(Vec::new(), compression).unwrap();
            for piece in bytes.chunks(pieces) {
                encoder.write_all(piece).unwrap();
                encoder.flush().unwrap();
            }
            encoder.finish().unwrap()
        })
    }

    fn unpack(compression: Compression, packed: &[u8]) -> Vec<u8> {
        let mut bytes = Vec::new();
        match compression {
            Compression::None => return packed.to_vec(),
            Compression::Gzip { .. } => flate2::read::GzDecoder::new(packed).read_to_end(&mut bytes),
            Compression::Xz { .. } => liblzma::read::XzDecoder::new(packed).read_to_end(&mut bytes),
            Compression::Zstd { .. } => zstd::Decoder::new(packed).unwrap().read_to_end(&mut bytes),
        }
        .unwrap();
        bytes
    }

    const ALL: [Compression; 4] = [Compression::None, Compression::GZIP, Compression::XZ, Compression::ZSTD];

    #[test]
    fn threads_and_pieces_do_not_show() {
        let bytes = contents(3_000_017);
        for compression in ALL {
            let one = pack(compression, &bytes, 1, 1 << 20);
            assert!(one == pack(compression, &bytes, 5, 77_777), "{compression:?}");
            assert!(unpack(compression, &one) == bytes, "{compression:?}");
        }
    }

    #[test]
    fn short_streams_are_whole() {
        for compression in ALL {
            for length in [0, 1, 1000] {
                let bytes = contents(length);
                assert_eq!(unpack(compression, &pack(compression, &bytes, 2, 100)), bytes, "{compression:?}");
            }
        }
    }
}
