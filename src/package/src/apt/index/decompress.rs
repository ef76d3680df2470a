use std::io;

use crate::compression::{Compression, read_within};

/// Unpacks an index by its file name's suffix; none when it has more than `limit` bytes.
pub(super) fn decompress(suffix: &str, packed: &[u8], limit: u64) -> io::Result<Option<Vec<u8>>> {
    let compression = match suffix {
        ".xz" => Compression::Xz,
        ".gz" => Compression::Gzip,
        ".zst" => Compression::Zstd,
        _ => Compression::None,
    };
    read_within(compression.decode(packed)?, limit)
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    #[test]
    fn every_form_unpacks_and_none_beyond_the_limit() {
        let text = b"Package: a\n".repeat(1000);
        let mut gz = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
        gz.write_all(&text).unwrap();
        let mut xz = liblzma::write::XzEncoder::new(Vec::new(), 1);
        xz.write_all(&text).unwrap();
        let zst = zstd::encode_all(&text[..], 1).unwrap();
        for (suffix, packed) in [("", text.clone()), (".gz", gz.finish().unwrap()), (".xz", xz.finish().unwrap()), (".zst", zst)] {
            assert_eq!(decompress(suffix, &packed, 11_000).unwrap().as_deref(), Some(&text[..]), "{suffix}");
            assert_eq!(decompress(suffix, &packed, 10_999).unwrap(), None, "{suffix}");
            assert!(suffix.is_empty() || decompress(suffix, &packed[..packed.len() - 5], 11_000).is_err(), "{suffix}, cut off");
        }
    }
}
