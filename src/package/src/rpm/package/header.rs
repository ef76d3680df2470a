//! The header structure: an index of tags and a store of their values, big-endian (rpm's `lib/header.cc`, `docs/manual/format_header.md`).

use std::collections::BTreeMap;
use std::io::Read;

use super::RpmFault;
use crate::payload::StreamFault;

/// What every header begins with: a magic, the version 1, and four reserved bytes.
const MAGIC: [u8; 8] = [0x8e, 0xad, 0xe8, 0x01, 0, 0, 0, 0];

/// An entry of the index.
const ENTRY: usize = 16;

/// Types of values (`rpmTagType`).
const INT16: u32 = 3;
const INT32: u32 = 4;
const INT64: u32 = 5;
const STRING: u32 = 6;
const BIN: u32 = 7;
const STRING_ARRAY: u32 = 8;
const I18NSTRING: u32 = 9;

/// How large a header may be: rpm's own limits.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits {
    pub(super) entries: u32,
    pub(super) store: u32,
}

/// One of a package's two headers.
#[derive(Debug)]
pub(super) struct Header {
    place: &'static str,
    /// As it stands in the file, from the magic on: what signatures and hashes of a header cover.
    pub(super) raw: Vec<u8>,
    entries: BTreeMap<u32, Entry>,
    /// Where the store begins in `raw`.
    store: usize,
}

#[derive(Debug, Clone, Copy)]
struct Entry {
    kind: u32,
    /// In the store.
    offset: usize,
    count: usize,
}

impl Header {
    /// Reads a header. All of it must be one region, whose tag comes first: so nothing can have been added to what was signed.
    pub(super) fn read(input: &mut impl Read, place: &'static str, region: u32, limits: Limits) -> Result<Self, RpmFault> {
        let malformed = |reason: &'static str| RpmFault::Header { place, reason };
        let mut intro = [0; 16];
        input.read_exact(&mut intro).map_err(|source| StreamFault::reading(place, source))?;
        if !intro.starts_with(&MAGIC) {
            return Err(malformed("it doesn't begin as a header does"));
        }
        let (count, length) = (number(&intro, 8), number(&intro, 12));
        if count == 0 || count > limits.entries || length > limits.store {
            return Err(malformed("it is empty or larger than rpm allows"));
        }
        let index = u64::from(count) * ENTRY as u64;
        let mut raw = intro.to_vec();
        input.take(index + u64::from(length)).read_to_end(&mut raw).map_err(|source| StreamFault::reading(place, source))?;
        let store = intro.len() + usize::try_from(index).map_err(|_too_large| malformed("it is too large"))?;
        if raw.len() as u64 != 16 + index + u64::from(length) {
            return Err(StreamFault::Truncated { place }.into());
        }
        let mut header = Self { place, raw, entries: BTreeMap::new(), store };
        for at in (intro.len()..store).step_by(ENTRY) {
            header.add(at)?;
        }
        header.check_region(region, count)?;
        Ok(header)
    }

    fn add(&mut self, at: usize) -> Result<(), RpmFault> {
        let word = |field: usize| number(&self.raw, at + 4 * field);
        let (tag, kind, count) = (word(0), word(1), usize::try_from(word(3)).unwrap_or(usize::MAX));
        let offset = usize::try_from(word(2)).unwrap_or(usize::MAX);
        let left = (self.raw.len() - self.store).checked_sub(offset);
        // No type has values of no bytes, so the count is bounded by the store.
        if left.is_none_or(|left| count > left) || kind > I18NSTRING {
            return Err(self.malformed("an entry of its index leads out of it"));
        }
        if self.entries.insert(tag, Entry { kind, offset, count }).is_some() {
            return Err(self.malformed("it has a tag twice"));
        }
        Ok(())
    }

    /// The region's trailer, itself shaped as an entry, counts the entries backwards; it lies at the store's end.
    fn check_region(&self, region: u32, count: u32) -> Result<(), RpmFault> {
        let trailer = self.raw.len().checked_sub(ENTRY).filter(|trailer| *trailer >= self.store);
        let is_whole = trailer.is_some_and(|trailer| {
            let first = self.entries.get(&region).copied();
            let at_end = first.is_some_and(|entry| (entry.kind, entry.count, self.store + entry.offset) == (BIN, ENTRY, trailer));
            let backwards = count.wrapping_mul(16).wrapping_neg();
            let of_trailer = [0, 1, 2, 3].map(|field| number(&self.raw, trailer + 4 * field));
            at_end && number(&self.raw, 16) == region && of_trailer == [region, BIN, backwards, 16]
        });
        if is_whole { Ok(()) } else { Err(self.malformed("not all of it lies in its region, which is what is signed")) }
    }

    fn malformed(&self, reason: &'static str) -> RpmFault {
        RpmFault::Header { place: self.place, reason }
    }

    /// The value's bytes from its beginning to the store's end; none when there is no such tag.
    fn value(&self, tag: u32, kinds: &[u32]) -> Result<Option<(&[u8], Entry)>, RpmFault> {
        let Some(entry) = self.entries.get(&tag) else { return Ok(None) };
        if !kinds.contains(&entry.kind) {
            return Err(RpmFault::Tag { tag, reason: "its value is of another type" });
        }
        Ok(Some((self.raw.get(self.store + entry.offset..).unwrap_or_default(), *entry)))
    }

    /// Whether the tag is there, whatever its value.
    pub(super) fn has(&self, tag: u32) -> bool {
        self.entries.contains_key(&tag)
    }

    /// The text of a tag; of a translated one, the untranslated.
    pub(super) fn text(&self, tag: u32) -> Result<Option<&[u8]>, RpmFault> {
        let Some((bytes, _)) = self.value(tag, &[STRING, I18NSTRING])? else { return Ok(None) };
        until_nul(bytes, tag).map(|(text, _)| Some(text))
    }

    /// All texts of a tag; none when it isn't there.
    pub(super) fn texts(&self, tag: u32) -> Result<Vec<&[u8]>, RpmFault> {
        let Some((mut bytes, entry)) = self.value(tag, &[STRING_ARRAY, STRING, I18NSTRING])? else { return Ok(Vec::new()) };
        let mut texts = Vec::new();
        for _ in 0..entry.count {
            let (text, rest) = until_nul(bytes, tag)?;
            texts.push(text);
            bytes = rest;
        }
        Ok(texts)
    }

    /// The bytes of a tag.
    pub(super) fn bytes(&self, tag: u32) -> Result<Option<&[u8]>, RpmFault> {
        let Some((bytes, entry)) = self.value(tag, &[BIN])? else { return Ok(None) };
        bytes.get(..entry.count).map(Some).ok_or(RpmFault::Tag { tag, reason: "its value is cut off" })
    }

    /// The numbers of a tag, of whichever width; none when it isn't there.
    pub(super) fn numbers(&self, tag: u32) -> Result<Vec<u64>, RpmFault> {
        let Some((bytes, entry)) = self.value(tag, &[INT16, INT32, INT64])? else { return Ok(Vec::new()) };
        let width = match entry.kind {
            INT16 => 2,
            INT32 => 4,
            _ => 8,
        };
        let cut = RpmFault::Tag { tag, reason: "its value is cut off" };
        let Some(bytes) = entry.count.checked_mul(width).and_then(|length| bytes.get(..length)) else { return Err(cut) };
        Ok(bytes.chunks_exact(width).map(|chunk| chunk.iter().fold(0, |value, byte| value << 8 | u64::from(*byte))).collect())
    }
}

fn number(bytes: &[u8], at: usize) -> u32 {
    bytes.get(at..).and_then(<[u8]>::first_chunk).map_or(0, |bytes| u32::from_be_bytes(*bytes))
}

fn until_nul(bytes: &[u8], tag: u32) -> Result<(&[u8], &[u8]), RpmFault> {
    let end = memchr::memchr(0, bytes).ok_or(RpmFault::Tag { tag, reason: "its text has no end" })?;
    Ok((bytes.get(..end).unwrap_or_default(), bytes.get(end + 1..).unwrap_or_default()))
}
