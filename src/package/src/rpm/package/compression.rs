use std::io::{self, BufRead, BufReader, Read};

use super::RpmFault;
use crate::compression::{BUFFER, Bounded, Compression};
use crate::payload::StreamFault;

/// What gzip begins with (RFC 1952).
const GZIP: [u8; 2] = [0x1f, 0x8b];

/// The uncompressed bytes of a payload. `compressor` is what the header calls its format; without a name for it, it is gzip or nothing, whichever it looks like.
pub(super) fn decode<'a>(compressor: Option<&[u8]>, mut input: impl BufRead + 'a) -> Result<Box<dyn Read + 'a>, RpmFault> {
    let compression = match compressor {
        Some(b"gzip") => Compression::Gzip,
        Some(b"bzip2") => Compression::Bzip2,
        Some(b"xz") => Compression::Xz,
        Some(b"lzma") => Compression::Lzma,
        Some(b"zstd") => Compression::Zstd,
        Some(b"identity" | b"none") => Compression::None,
        Some(other) => return Err(RpmFault::Compression { found: other.escape_ascii().to_string() }),
        None if input.fill_buf().map_err(failed)?.starts_with(&GZIP) => Compression::Gzip,
        None => Compression::None,
    };
    compression.decode(input).map_err(failed)
}

fn failed(source: io::Error) -> RpmFault {
    StreamFault::Read { place: "its payload", source }.into()
}

/// The unpacked bytes of a repository's file, by what its name ends in; reading fails beyond `limit` bytes.
pub(in crate::rpm) fn decode_by_suffix(suffix: &str, input: impl BufRead + 'static, limit: u64) -> Result<Box<dyn BufRead>, RpmFault> {
    let compression = match suffix {
        "gz" => Compression::Gzip,
        "bz2" => Compression::Bzip2,
        "xz" => Compression::Xz,
        "zst" => Compression::Zstd,
        _ => Compression::None,
    };
    let input = compression.decode(input).map_err(failed)?;
    let unpacked = Bounded { input, left: limit };
    Ok(Box::new(BufReader::with_capacity(BUFFER, unpacked)))
}
