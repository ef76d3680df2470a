//! The tar format that apk reads: ustar with pax headers, or GNU's long names. What apk and others would read differently is refused.

mod header;
mod pax;

use std::io::Read;

use super::{ApkFault, Sha1Sum};
use crate::payload::{StreamFault, TarBlocks};
use header::parse_header;
use pax::read_pax;

/// The longest extended header: all attributes of an inode fit.
const LONGEST_EXTENSION: u64 = 1 << 20;

/// A header with what its extended header says.
#[derive(Debug, Clone, Default)]
pub(super) struct Header {
    pub(super) name: Vec<u8>,
    pub(super) link: Vec<u8>,
    pub(super) kind: u8,
    pub(super) mode: u16,
    pub(super) uid: u32,
    pub(super) gid: u32,
    pub(super) user: Vec<u8>,
    pub(super) group: Vec<u8>,
    pub(super) size: u64,
    pub(super) mtime: i64,
    pub(super) major: u32,
    pub(super) minor: u32,
    /// Of its content, as who packed it says.
    pub(super) checksum: Option<Sha1Sum>,
    /// Extended attributes, names in the order of the archive.
    pub(super) xattrs: Vec<(Vec<u8>, Vec<u8>)>,
}

/// A tar archive read front to back.
#[derive(Debug)]
pub(super) struct TarReader<R> {
    pub(super) blocks: TarBlocks<R>,
    place: &'static str,
}

impl<R: Read> TarReader<R> {
    pub(super) fn new(input: R, place: &'static str) -> Self {
        Self { blocks: TarBlocks::new(input), place }
    }

    /// Where the input stands: after [`TarReader::next`], where the entry's content begins.
    pub(super) fn position(&self) -> u64 {
        self.blocks.position()
    }

    /// An error about an entry.
    pub(super) fn fault(&self, name: &[u8], reason: impl Into<String>) -> ApkFault {
        ApkFault::Entry { place: self.place, entry: name.escape_ascii().to_string(), reason: reason.into() }
    }

    /// The next entry; none at a block of zeros, or where the input ends between entries (all but the last of a package's archives end so).
    pub(super) fn next(&mut self) -> Result<Option<Header>, ApkFault> {
        self.skip_content()?;
        let (mut extended, mut long_name) = (None, None);
        while let Some(block) = self.blocks.header().map_err(|source| StreamFault::reading(self.place, source))? {
            let header = parse_header(&block).map_err(|(name, reason)| self.fault(&name, reason))?;
            self.blocks.begin_content(header.size);
            match header.kind {
                // Readers don't agree on what the first of two means.
                b'x' if extended.is_some() => return Err(self.fault(&header.name, "it is a second extended header of one entry")),
                b'L' if long_name.is_some() => return Err(self.fault(&header.name, "it is a second long name of one entry")),
                b'x' => extended = Some(self.read_extension(&header)?),
                b'L' => long_name = Some(self.read_extension(&header)?),
                b'g' => self.skip_content()?,
                _ => return self.complete(header, extended.as_deref(), long_name).map(Some),
            }
        }
        if extended.is_some() || long_name.is_some() {
            return Err(StreamFault::Truncated { place: self.place }.into());
        }
        Ok(None)
    }

    fn complete(&self, mut header: Header, extended: Option<&[u8]>, long_name: Option<Vec<u8>>) -> Result<Header, ApkFault> {
        if let Some(name) = long_name {
            header.name = name.split(|byte| *byte == 0).next().unwrap_or_default().to_vec();
        }
        if let Some(extended) = extended {
            read_pax(&mut header, extended).map_err(|reason| self.fault(&header.name, reason))?;
        }
        if header.size > 0 && !matches!(header.kind, b'0' | b'7') {
            return Err(self.fault(&header.name, "it is no regular file, and yet has a content"));
        }
        Ok(header)
    }

    /// Reads the current entry's content, a piece at a time.
    pub(super) fn content(&mut self, each: impl FnMut(&[u8])) -> Result<(), ApkFault> {
        Ok(self.blocks.content(each).map_err(|source| StreamFault::reading(self.place, source))?)
    }

    /// All of the current entry's content, unless it is longer than `limit`.
    pub(super) fn read_content(&mut self, header: &Header, limit: u64) -> Result<Vec<u8>, ApkFault> {
        if header.size > limit {
            return Err(self.fault(&header.name, format!("it is longer than {limit} bytes")));
        }
        let mut content = Vec::new();
        self.content(|piece| content.extend_from_slice(piece))?;
        Ok(content)
    }

    fn read_extension(&mut self, header: &Header) -> Result<Vec<u8>, ApkFault> {
        let content = self.read_content(header, LONGEST_EXTENSION)?;
        self.skip_content()?;
        Ok(content)
    }

    fn skip_content(&mut self) -> Result<(), ApkFault> {
        Ok(self.blocks.skip_content().map_err(|source| StreamFault::reading(self.place, source))?)
    }
}
