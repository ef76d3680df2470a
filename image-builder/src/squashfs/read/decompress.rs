use liblzma::stream::{Action, Status, Stream};

use super::SquashfsReadError;
use crate::squashfs::format::compression;

/// Most that xz may take to unpack a block, in bytes: far more than a block's dictionary.
const XZ_MEMORY: u64 = 32 << 20;

/// How blocks of an image are unpacked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Decoder {
    Gzip,
    Xz,
    Lz4,
    Zstd,
}

impl Decoder {
    /// By `compression` of the superblock.
    pub(super) fn of(id: u16) -> Result<Self, SquashfsReadError> {
        match id {
            compression::ZLIB => Ok(Self::Gzip),
            compression::XZ => Ok(Self::Xz),
            compression::LZ4 => Ok(Self::Lz4),
            compression::ZSTD => Ok(Self::Zstd),
            id => Err(SquashfsReadError::Compression { id }),
        }
    }

    /// Unpacks a block into a buffer, which must be able to hold it; gives its length, or none when the block is damaged.
    pub(super) fn unpack(self, packed: &[u8], buffer: &mut [u8]) -> Option<usize> {
        match self {
            Self::Gzip => {
                let mut stream = flate2::Decompress::new(true);
                let status = stream.decompress(packed, buffer, flate2::FlushDecompress::Finish).ok()?;
                let is_whole = status == flate2::Status::StreamEnd && stream.total_in() == packed.len() as u64;
                usize::try_from(stream.total_out()).ok().filter(|_| is_whole)
            }
            Self::Xz => {
                let mut stream = Stream::new_stream_decoder(XZ_MEMORY, 0).ok()?;
                let status = stream.process(packed, buffer, Action::Finish).ok()?;
                let is_whole = status == Status::StreamEnd && stream.total_in() == packed.len() as u64;
                usize::try_from(stream.total_out()).ok().filter(|_| is_whole)
            }
            Self::Lz4 => lz4_flex::block::decompress_into(packed, buffer).ok(),
            Self::Zstd => zstd::bulk::decompress_to_buffer(packed, buffer).ok(),
        }
    }
}
