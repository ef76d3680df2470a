use std::io::{BufRead, BufReader, Read, Write};

use super::files::{HeaderFile, HeaderKind, read_files};
use super::header::{Header, Limits};
use super::payload::read_payload;
use super::relations::{RpmRelations, read_relations};
use super::signature::{check, parse_digest};
use super::{RpmContent, RpmFault, RpmHeader, RpmIdentity, Trust, tags};
use crate::compression::BUFFER;
use crate::payload::{self, StreamFault};

/// What a package begins with, of 96 bytes that mean nothing else any more.
const LEAD: [u8; 4] = [0xed, 0xab, 0xee, 0xdb];
const LEAD_LENGTH: usize = 96;

/// rpm's own limits (`lib/header.cc`).
const OF_SIGNATURES: Limits = Limits { entries: 32, store: 64 << 20 };
const OF_HEADER: Limits = Limits { entries: 0xffff, store: 256 << 20 };

/// The headers of a package, believed.
struct Headers {
    header: Header,
    identity: RpmIdentity,
    fingerprints: Vec<String>,
}

/// Reads no more of a package than its headers. Its payload was not looked at.
///
/// # Errors
/// As [`read_rpm`].
pub fn read_rpm_header(input: impl Read, trust: Trust<'_>) -> Result<RpmHeader, RpmFault> {
    read_headers(&mut BufReader::with_capacity(BUFFER, input), trust)?.told()
}

/// As [`read_rpm_header`], with what the package says of others.
pub(crate) fn read_rpm_relations(input: impl Read, trust: Trust<'_>) -> Result<(RpmHeader, RpmRelations), RpmFault> {
    let headers = read_headers(&mut BufReader::with_capacity(BUFFER, input), trust)?;
    let relations = read_relations(&headers.header)?;
    Ok((headers.told()?, relations))
}

impl Headers {
    fn told(self) -> Result<RpmHeader, RpmFault> {
        let files = read_files(&self.header)?;
        let is_top = |file: &&HeaderFile| file.kind == HeaderKind::Directory && !file.path.contains(&b'/');
        let top = files.iter().filter(is_top).map(|file| (file.path.clone(), file.mode, file.mtime)).collect();
        Ok(RpmHeader { identity: self.identity, fingerprints: self.fingerprints, top_directories: top })
    }
}

/// Reads a package of `size` bytes front to back and writes the contents of its files, uncompressed, to `layer`, one behind another.
///
/// Nothing but its headers is looked at before `trust` holds for them, and the payload has the hash that the header says, which is known when all of it was
/// written. Refused are besides: packages without that hash (of before rpm 4.14) and those of rpm 3; source packages; headers of which not all is
/// signed; payloads that unpack to more than 512 MiB and 200 times the package's size, or to more than 64 GiB; names that leave the root or have control characters; what
/// lies below what is no directory; anything twice; files that are in the header or the payload alone.
///
/// # Errors
/// What is wrong with the package, or [`StreamFault::Write`]. `layer` may then hold a part, which must not be used.
pub fn read_rpm(input: impl Read, size: u64, trust: Trust<'_>, layer: &mut dyn Write) -> Result<RpmContent, RpmFault> {
    let mut input = BufReader::with_capacity(BUFFER, input);
    let Headers { header, identity, .. } = read_headers(&mut input, trust)?;
    match header.text(tags::PAYLOAD_FORMAT)? {
        None | Some(b"cpio") => {}
        Some(other) => return Err(RpmFault::Compression { found: other.escape_ascii().to_string() }),
    }
    let expected = header.texts(tags::PAYLOAD_SHA256)?.first().and_then(|text| parse_digest(text)).ok_or(RpmFault::NoPayloadDigest)?;
    let files = read_files(&header)?;
    let limit = payload::limit(size);
    let compressor = header.text(tags::PAYLOAD_COMPRESSOR)?;
    let entries = read_payload(input, compressor, &files, limit, expected, layer)?;
    Ok(RpmContent { identity, entries })
}

fn read_headers(input: &mut impl BufRead, trust: Trust<'_>) -> Result<Headers, RpmFault> {
    let mut lead = [0; LEAD_LENGTH];
    input.read_exact(&mut lead).map_err(|source| StreamFault::reading("its beginning", source))?;
    if !lead.starts_with(&LEAD) {
        return Err(RpmFault::NotRpm);
    }
    let signatures = Header::read(input, "its signature header", tags::SIGNATURES, OF_SIGNATURES)?;
    let mut padding = [0; 7];
    let padding = padding.get_mut(..signatures.raw.len().wrapping_neg() % 8).unwrap_or_default();
    input.read_exact(padding).map_err(|source| StreamFault::reading("its signature header", source))?;
    let header = Header::read(input, "its header", tags::IMMUTABLE, OF_HEADER)?;
    let fingerprints = check(&signatures, &header, trust)?;
    if header.has(tags::SOURCE_PACKAGE) || !header.has(tags::SOURCE_RPM) {
        return Err(RpmFault::Source);
    }
    let identity = identity(&header)?;
    Ok(Headers { header, identity, fingerprints })
}

fn identity(header: &Header) -> Result<RpmIdentity, RpmFault> {
    let word = |tag: u32| -> Result<String, RpmFault> {
        let text = header.text(tag)?.and_then(|text| str::from_utf8(text).ok());
        let is_word = |text: &&str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'/');
        text.filter(is_word).map(str::to_owned).ok_or(RpmFault::Tag { tag, reason: "it is missing, or no word" })
    };
    let first = |tag: u32| Ok::<_, RpmFault>(header.numbers(tag)?.first().copied());
    Ok(RpmIdentity {
        name: word(tags::NAME)?,
        epoch: first(tags::EPOCH)?.and_then(|epoch| u32::try_from(epoch).ok()),
        version: word(tags::VERSION)?,
        release: word(tags::RELEASE)?,
        architecture: word(tags::ARCH)?,
        build_time: first(tags::BUILD_TIME)?.and_then(|time| i64::try_from(time).ok()).unwrap_or_default(),
    })
}
