use std::io::{self, Read};

use flate2::read::MultiGzDecoder;
use liblzma::read::XzDecoder;
use liblzma::stream::{CONCATENATED, Stream};

/// `xz -9` takes 65 MiB to unpack.
const MEMORY_LIMIT: u64 = 256 << 20;

/// As `zstd --ultra -22` writes at most.
const WINDOW_LOG_MAX: u32 = 27;

/// Unpacks an index by its file name's suffix; none when it has more than `limit` bytes.
pub(super) fn decompress(suffix: &str, packed: &[u8], limit: u64) -> io::Result<Option<Vec<u8>>> {
    let mut decoder: Box<dyn Read + '_> = match suffix {
        ".xz" => Box::new(XzDecoder::new_stream(packed, Stream::new_stream_decoder(MEMORY_LIMIT, CONCATENATED)?)),
        ".gz" => Box::new(MultiGzDecoder::new(packed)),
        ".zst" => {
            let mut decoder = zstd::Decoder::with_buffer(packed)?;
            decoder.window_log_max(WINDOW_LOG_MAX)?;
            Box::new(decoder)
        }
        _ => Box::new(packed),
    };
    let mut bytes = Vec::new();
    decoder.by_ref().take(limit.saturating_add(1)).read_to_end(&mut bytes)?;
    Ok(Some(bytes).filter(|bytes| u64::try_from(bytes.len()).is_ok_and(|length| length <= limit)))
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
