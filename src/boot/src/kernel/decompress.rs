use std::io::{self, Read};

use liblzma::read::XzDecoder;
use liblzma::stream::Stream;

/// Nothing of a kernel is larger than this when unpacked.
const LIMIT: u64 = 1 << 30;

/// What a decoder may use.
const MEMORY_LIMIT: u64 = 256 << 20;

/// The largest zstd window, as a power of two: kernels are packed with `zstd -22 --ultra`.
const WINDOW_LOG_MAX: u32 = 27;

/// What one block of lz4's older form unpacks to at most (lz4_Frame_format.md of lz4, "Legacy frame").
const LZ4_BLOCK: usize = 8 << 20;

/// Unpacks by what the bytes begin with; what is not packed is given as it is. What follows the packed stream is ignored: kernels have their size there.
pub(super) fn decompress(packed: &[u8]) -> io::Result<Vec<u8>> {
    match packed {
        [0x1f, 0x8b, ..] => read_all(flate2::read::GzDecoder::new(packed)),
        [0xfd, b'7', b'z', b'X', b'Z', 0, ..] => read_all(XzDecoder::new_stream(packed, Stream::new_stream_decoder(MEMORY_LIMIT, 0)?)),
        [0x5d, 0, 0, ..] => read_all(XzDecoder::new_stream(packed, Stream::new_lzma_decoder(MEMORY_LIMIT)?)),
        [0x28, 0xb5, 0x2f, 0xfd, ..] => {
            let mut decoder = zstd::Decoder::with_buffer(packed)?.single_frame();
            decoder.window_log_max(WINDOW_LOG_MAX)?;
            read_all(decoder)
        }
        [0x02, 0x21, 0x4c, 0x18, rest @ ..] => unpack_lz4(rest),
        [b'B', b'Z', b'h', ..] => Err(unsupported("bzip2")),
        [0x89, b'L', b'Z', b'O', ..] => Err(unsupported("lzo")),
        _ => Ok(packed.to_vec()),
    }
}

fn unsupported(format: &str) -> io::Error {
    io::Error::new(io::ErrorKind::Unsupported, format!("it is compressed with {format}"))
}

fn read_all(decoder: impl Read) -> io::Result<Vec<u8>> {
    let mut unpacked = Vec::new();
    decoder.take(LIMIT + 1).read_to_end(&mut unpacked)?;
    if unpacked.len() as u64 > LIMIT { Err(too_large()) } else { Ok(unpacked) }
}

fn too_large() -> io::Error {
    io::Error::new(io::ErrorKind::FileTooLarge, "it is larger than 1 GiB when unpacked")
}

/// Blocks with their packed size before them. The last is followed by nothing, or by a size that no block has.
fn unpack_lz4(mut packed: &[u8]) -> io::Result<Vec<u8>> {
    let mut unpacked = Vec::new();
    let mut block = vec![0; LZ4_BLOCK];
    while let Some((size, rest)) = packed.split_first_chunk::<4>() {
        let size = usize::try_from(u32::from_le_bytes(*size)).unwrap_or(usize::MAX);
        let Some((content, after)) = rest.split_at_checked(size).filter(|_| size > 0) else {
            if rest.len() < 4 && !unpacked.is_empty() {
                break;
            }
            return Err(io::Error::new(io::ErrorKind::UnexpectedEof, "the lz4 stream is cut"));
        };
        let length = lz4_flex::block::decompress_into(content, &mut block).map_err(io::Error::other)?;
        unpacked.extend_from_slice(&block[..length]);
        if unpacked.len() as u64 > LIMIT {
            return Err(too_large());
        }
        packed = after;
    }
    Ok(unpacked)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    #[test]
    fn every_format_comes_back_with_something_behind_it() {
        let plain = b"kernel ".repeat(1000);
        let gzip = {
            let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
            encoder.write_all(&plain).unwrap();
            encoder.finish().unwrap()
        };
        let xz = {
            let mut encoder = liblzma::write::XzEncoder::new(Vec::new(), 1);
            encoder.write_all(&plain).unwrap();
            encoder.finish().unwrap()
        };
        let zstd = zstd::encode_all(plain.as_slice(), 1).unwrap();
        let lz4 = {
            let block = lz4_flex::block::compress(&plain);
            let size = u32::try_from(block.len()).unwrap().to_le_bytes();
            [&[0x02, 0x21, 0x4c, 0x18][..], &size, &block].concat()
        };
        for (name, packed) in [("gzip", gzip), ("xz", xz), ("zstd", zstd), ("lz4", lz4)] {
            let size = u32::try_from(plain.len()).unwrap().to_le_bytes();
            assert_eq!(decompress(&[&packed[..], &size].concat()).unwrap(), plain, "{name}");
            assert!(decompress(&packed[..packed.len() / 2]).is_err(), "{name}, cut");
        }
        assert_eq!(decompress(&plain).unwrap(), plain);
    }

    #[test]
    fn what_can_not_be_unpacked_is_told() {
        assert!(decompress(b"BZh9").unwrap_err().to_string().contains("bzip2"));
        let lies = [0x02, 0x21, 0x4c, 0x18, 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0, 0];
        assert!(decompress(&lies).is_err());
    }
}
