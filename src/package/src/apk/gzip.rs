//! The gzip members that apk's files are concatenated of.

use std::io::{self, BufRead, Read};

use flate2::bufread::{GzDecoder, MultiGzDecoder};

use super::ApkFault;

/// What files of apk-tools 3 begin with.
const ADB: &[u8] = b"ADB";

/// What a gzip member begins with: its magic and deflate.
const GZIP: &[u8] = b"\x1f\x8b\x08";

/// Tells apk-tools 3's files, and what is no gzip stream at all, by how they begin.
pub(super) fn check_start(start: &[u8]) -> Result<(), ApkFault> {
    match start {
        _ if start.starts_with(GZIP) => Ok(()),
        _ if start.starts_with(ADB) => Err(ApkFault::Adb),
        _ => Err(ApkFault::NotGzip),
    }
}

/// Unpacks the member that `input` begins with; `input` stands behind it then.
pub(super) fn read_member(input: &mut impl BufRead, place: &'static str, limit: u64) -> Result<Vec<u8>, ApkFault> {
    read_all(GzDecoder::new(input), place, limit)
}

/// Unpacks all members up to the end.
pub(super) fn read_members(input: impl BufRead, place: &'static str, limit: u64) -> Result<Vec<u8>, ApkFault> {
    read_all(MultiGzDecoder::new(input), place, limit)
}

fn read_all(decoder: impl Read, place: &'static str, limit: u64) -> Result<Vec<u8>, ApkFault> {
    let mut bytes = Vec::new();
    let read = decoder.take(limit.saturating_add(1)).read_to_end(&mut bytes).map_err(|source| read_fault(place, source))?;
    if u64::try_from(read).is_ok_and(|read| read <= limit) { Ok(bytes) } else { Err(ApkFault::TooLarge { place, limit }) }
}

/// What a failed read says about a file.
pub(super) fn read_fault(place: &'static str, source: io::Error) -> ApkFault {
    match source.kind() {
        io::ErrorKind::UnexpectedEof => ApkFault::Truncated { place },
        _ => ApkFault::Read { place, source },
    }
}

/// Hashes what is consumed of a reader.
#[derive(Debug)]
pub(super) struct Hashed<R, D> {
    pub(super) input: R,
    pub(super) digest: D,
}

impl<R: BufRead, D: sha2::Digest> Read for Hashed<R, D> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.fill_buf()?.read(buffer)?;
        self.consume(read);
        Ok(read)
    }
}

impl<R: BufRead, D: sha2::Digest> BufRead for Hashed<R, D> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        self.input.fill_buf()
    }

    fn consume(&mut self, amount: usize) {
        // What is consumed lies in the buffer already, so that nothing is read here.
        if let Ok(buffer) = self.input.fill_buf() {
            self.digest.update(buffer.get(..amount).unwrap_or(buffer));
        }
        self.input.consume(amount);
    }
}
