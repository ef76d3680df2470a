use super::extents::Packed;
use super::{ErofsReadError, ErofsReader};
use crate::erofs::format::{UNPACKED_MAX, algorithm};

/// What one thread keeps from cluster to cluster.
#[derive(Debug, Default)]
pub(super) struct Buffers {
    packed: Vec<u8>,
    pub(super) unpacked: Vec<u8>,
}

impl ErofsReader<'_> {
    /// Unpacks a cluster into the buffers, to the length that is said of it.
    pub(super) fn unpack(&self, cluster: &Packed, buffers: &mut Buffers) -> Result<(), ErofsReadError> {
        let damaged = || ErofsReadError::Packed { offset: cluster.offset };
        let length = usize::try_from(cluster.length).or(Err(damaged()))?;
        buffers.packed.resize(usize::try_from(cluster.size).or(Err(damaged()))?, 0);
        self.read(cluster.offset, &mut buffers.packed)?;
        // Zeros are in front of it, less than a block.
        let start = buffers.packed.iter().position(|byte| *byte != 0).ok_or_else(damaged)?;
        let packed = &buffers.packed[start..];
        let mut room = length;
        loop {
            buffers.unpacked.resize(room, 0);
            match unpack(cluster.algorithm, packed, &mut buffers.unpacked)? {
                Some(found) if found == length || (cluster.is_partial && found >= length) => break,
                // How long all of it is, is said nowhere.
                None if cluster.is_partial && (room as u64) < UNPACKED_MAX => room *= 2,
                _ => return Err(damaged()),
            }
        }
        buffers.unpacked.truncate(length);
        Ok(())
    }
}

/// Unpacks into a buffer, which must be able to hold it; gives the length, or none when it is damaged.
fn unpack(method: u8, packed: &[u8], buffer: &mut [u8]) -> Result<Option<usize>, ErofsReadError> {
    Ok(match method {
        algorithm::LZ4 => lz4_flex::block::decompress_into(packed, buffer).ok(),
        algorithm::ZSTD => zstd::bulk::decompress_to_buffer(packed, buffer).ok(),
        algorithm::DEFLATE => {
            let mut stream = flate2::Decompress::new(false);
            let status = stream.decompress(packed, buffer, flate2::FlushDecompress::Finish).ok();
            status.filter(|status| *status == flate2::Status::StreamEnd).and_then(|_| usize::try_from(stream.total_out()).ok())
        }
        algorithm::LZMA => return Err(ErofsReadError::Unsupported { what: "LZMA" }),
        _ => return Err(ErofsReadError::Unsupported { what: "a later way to compress" }),
    })
}
