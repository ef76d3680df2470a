//! The gzip members that apk's files are concatenated of.

use std::io::{BufRead, Read};

use flate2::bufread::{GzDecoder, MultiGzDecoder};

use super::ApkFault;
use crate::compression::read_within;
use crate::payload::StreamFault;

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
    let bytes = read_within(decoder, limit).map_err(|source| StreamFault::reading(place, source))?;
    bytes.ok_or(ApkFault::TooLarge { place, limit })
}
