//! Compressors of single blocks.

mod gzip;
mod lz4;
mod xz;
mod zstd;

use std::sync::{Mutex, PoisonError};

use zerocopy::IntoBytes;

use super::format::{GzipOptions, LZ4_HC, LZ4_LEGACY, Lz4Options, XZ_X86, XzOptions, ZstdOptions, compression};
use super::options::usual_dictionary;
use super::{SquashfsCompression, SquashfsError, SquashfsOptions};

/// The bytes of one block in, those on disk out. What it gives depends on the block alone, not on those before.
#[derive(Debug)]
enum Encoder {
    None,
    Gzip(gzip::Encoder),
    Xz(xz::Encoder),
    Zstd(zstd::Encoder),
    Lz4(lz4::Encoder),
}

/// The compressor of an image. Each thread that compresses borrows an encoder; they are made when they are needed, and used again.
#[derive(Debug)]
pub(super) struct Codec {
    compression: SquashfsCompression,
    block_size: u32,
    idle: Mutex<Vec<Encoder>>,
}

impl Codec {
    /// The options are checked before.
    pub(super) fn new(options: &SquashfsOptions) -> Self {
        Self { compression: options.compression, block_size: options.block_size, idle: Mutex::default() }
    }

    /// `compression` of the superblock. What compresses nothing is called what every kernel knows.
    pub(super) fn id(&self) -> u16 {
        match self.compression {
            SquashfsCompression::None | SquashfsCompression::Gzip { .. } => compression::ZLIB,
            SquashfsCompression::Xz { .. } => compression::XZ,
            SquashfsCompression::Zstd { .. } => compression::ZSTD,
            SquashfsCompression::Lz4 { .. } => compression::LZ4,
        }
    }

    /// Whether blocks are stored as they are.
    pub(super) fn is_none(&self) -> bool {
        self.compression == SquashfsCompression::None
    }

    /// What a reader has to know, or would not guess; empty when there is nothing.
    pub(super) fn options(&self) -> Vec<u8> {
        match self.compression {
            SquashfsCompression::Gzip { level } if self.compression != SquashfsCompression::gzip() => {
                GzipOptions { compression_level: level.into(), window_size: 15.into(), strategies: 0.into() }.as_bytes().to_vec()
            }
            SquashfsCompression::Xz { dictionary, x86, .. } => {
                let usual = usual_dictionary(self.block_size);
                let size = dictionary.unwrap_or(usual);
                let filters = if x86 { XZ_X86 } else { 0 };
                let options = XzOptions { dictionary_size: size.into(), flags: filters.into() };
                if x86 || size != usual { options.as_bytes().to_vec() } else { Vec::new() }
            }
            SquashfsCompression::Zstd { level } if self.compression != SquashfsCompression::zstd() => {
                ZstdOptions { compression_level: level.into() }.as_bytes().to_vec()
            }
            SquashfsCompression::Lz4 { hc } => {
                Lz4Options { version: LZ4_LEGACY.into(), flags: if hc { LZ4_HC } else { 0 }.into() }.as_bytes().to_vec()
            }
            _ => Vec::new(),
        }
    }

    /// Puts a block behind what is in `output`, compressed when that is shorter; says whether it was.
    pub(super) fn put(&self, block: &[u8], output: &mut Vec<u8>) -> Result<bool, SquashfsError> {
        let idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let mut encoder = idle.map_or_else(|| self.encoder(), Ok)?;
        let start = output.len();
        let shorter = encoder.compress(block, output);
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).push(encoder);
        if shorter? {
            return Ok(true);
        }
        output.truncate(start);
        output.extend_from_slice(block);
        Ok(false)
    }

    fn encoder(&self) -> Result<Encoder, SquashfsError> {
        Ok(match self.compression {
            SquashfsCompression::None => Encoder::None,
            SquashfsCompression::Gzip { level } => Encoder::Gzip(gzip::Encoder::new(level)),
            SquashfsCompression::Xz { level, dictionary, x86 } => {
                Encoder::Xz(xz::Encoder::new(level, dictionary.unwrap_or_else(|| usual_dictionary(self.block_size)), x86))
            }
            SquashfsCompression::Zstd { level } => Encoder::Zstd(zstd::Encoder::new(level)?),
            SquashfsCompression::Lz4 { hc } => Encoder::Lz4(lz4::Encoder::new(hc)),
        })
    }
}

impl Encoder {
    /// Appends the block to `output` and says whether that is shorter; otherwise what was appended is of no use.
    fn compress(&mut self, block: &[u8], output: &mut Vec<u8>) -> Result<bool, SquashfsError> {
        match self {
            Self::None => Ok(false),
            Self::Gzip(encoder) => encoder.compress(block, output),
            Self::Xz(encoder) => encoder.compress(block, output),
            Self::Zstd(encoder) => encoder.compress(block, output),
            Self::Lz4(encoder) => encoder.compress(block, output),
        }
    }
}

/// Room for as much as a block may take at most to be shorter, behind what is in `output`.
fn room<'a>(output: &'a mut Vec<u8>, block: &[u8]) -> &'a mut [u8] {
    let start = output.len();
    output.resize(start + block.len().saturating_sub(1), 0);
    &mut output[start..]
}
