//! The tar format of apk's and portage's packages: ustar with pax headers, or GNU's long names. What two readers would read differently is refused.

mod header;
mod pax;

use std::io::Read;

use super::{StreamFault, TarBlocks};
use header::parse_header;
use pax::read_pax;

/// The longest extended header: all attributes of an inode fit.
const LONGEST_EXTENSION: u64 = 1 << 20;

/// What is wrong with an archive.
#[derive(Debug)]
pub(crate) enum TarFault {
    /// With one of its entries.
    Entry {
        /// The archive.
        place: &'static str,
        /// Its name, with unprintable bytes escaped.
        entry: String,
        /// What is wrong with it.
        reason: String,
    },
    /// It was not read to its end.
    Stream(StreamFault),
}

impl From<StreamFault> for TarFault {
    fn from(fault: StreamFault) -> Self {
        Self::Stream(fault)
    }
}

/// A header with what its extended header says.
#[derive(Debug, Clone, Default)]
pub(crate) struct Header {
    pub(crate) name: Vec<u8>,
    pub(crate) link: Vec<u8>,
    pub(crate) kind: u8,
    pub(crate) mode: u16,
    pub(crate) uid: u32,
    pub(crate) gid: u32,
    pub(crate) user: Vec<u8>,
    pub(crate) group: Vec<u8>,
    pub(crate) size: u64,
    pub(crate) mtime: i64,
    pub(crate) major: u32,
    pub(crate) minor: u32,
    /// What its extended header says besides, by key.
    pub(crate) records: Vec<(Vec<u8>, Vec<u8>)>,
    /// Extended attributes, names in the order of the archive.
    pub(crate) xattrs: Vec<(Vec<u8>, Vec<u8>)>,
}

/// A tar archive read front to back.
#[derive(Debug)]
pub(crate) struct TarReader<R> {
    pub(crate) blocks: TarBlocks<R>,
    place: &'static str,
    /// Whether GNU's long targets of links are read: apk passes over them, so none of its packages may have one.
    long_links: bool,
}

impl<R: Read> TarReader<R> {
    pub(crate) fn new(input: R, place: &'static str) -> Self {
        Self { blocks: TarBlocks::new(input), place, long_links: false }
    }

    /// Reads all that GNU tar writes of itself.
    pub(crate) fn with_long_links(self) -> Self {
        Self { long_links: true, ..self }
    }

    /// Where the input stands: after [`TarReader::next`], where the entry's content begins.
    pub(crate) fn position(&self) -> u64 {
        self.blocks.position()
    }

    /// An error about an entry.
    pub(crate) fn fault(&self, name: &[u8], reason: impl Into<String>) -> TarFault {
        TarFault::Entry { place: self.place, entry: name.escape_ascii().to_string(), reason: reason.into() }
    }

    /// The next entry; none at a block of zeros, or where the input ends between entries (all but the last of a package's archives end so).
    pub(crate) fn next(&mut self) -> Result<Option<Header>, TarFault> {
        self.skip_content()?;
        let (mut extended, mut long_name, mut long_link) = (None, None, None);
        while let Some(block) = self.blocks.header().map_err(|source| StreamFault::reading(self.place, source))? {
            let header = parse_header(&block).map_err(|(name, reason)| self.fault(&name, reason))?;
            self.blocks.begin_content(header.size);
            match header.kind {
                // Readers don't agree on what the first of two means.
                b'x' if extended.is_some() => return Err(self.fault(&header.name, "it is a second extended header of one entry")),
                b'L' if long_name.is_some() => return Err(self.fault(&header.name, "it is a second long name of one entry")),
                b'x' => extended = Some(self.read_extension(&header)?),
                b'K' if !self.long_links => return Err(self.fault(&header.name, "its type `K` is not supported")),
                b'K' if long_link.is_some() => return Err(self.fault(&header.name, "it is a second long target of one entry")),
                b'L' => long_name = Some(self.read_extension(&header)?),
                b'K' => long_link = Some(self.read_extension(&header)?),
                b'g' => self.skip_content()?,
                _ => return self.complete(header, extended.as_deref(), [long_name, long_link]).map(Some),
            }
        }
        if extended.is_some() || long_name.is_some() || long_link.is_some() {
            return Err(StreamFault::Truncated { place: self.place }.into());
        }
        Ok(None)
    }

    fn complete(&self, mut header: Header, extended: Option<&[u8]>, long: [Option<Vec<u8>>; 2]) -> Result<Header, TarFault> {
        let [name, link] = long.map(|text| text.map(|text| text.split(|byte| *byte == 0).next().unwrap_or_default().to_vec()));
        header.name = name.unwrap_or(header.name);
        header.link = link.unwrap_or(header.link);
        if let Some(extended) = extended {
            read_pax(&mut header, extended).map_err(|reason| self.fault(&header.name, reason))?;
        }
        if header.size > 0 && !matches!(header.kind, b'0' | b'7') {
            return Err(self.fault(&header.name, "it is no regular file, and yet has a content"));
        }
        Ok(header)
    }

    /// Reads the current entry's content, a piece at a time.
    pub(crate) fn content(&mut self, each: impl FnMut(&[u8])) -> Result<(), TarFault> {
        Ok(self.blocks.content(each).map_err(|source| StreamFault::reading(self.place, source))?)
    }

    /// All of the current entry's content, unless it is longer than `limit`.
    pub(crate) fn read_content(&mut self, header: &Header, limit: u64) -> Result<Vec<u8>, TarFault> {
        if header.size > limit {
            return Err(self.fault(&header.name, format!("it is longer than {limit} bytes")));
        }
        let mut content = Vec::new();
        self.content(|piece| content.extend_from_slice(piece))?;
        Ok(content)
    }

    fn read_extension(&mut self, header: &Header) -> Result<Vec<u8>, TarFault> {
        let content = self.read_content(header, LONGEST_EXTENSION)?;
        self.skip_content()?;
        Ok(content)
    }

    fn skip_content(&mut self) -> Result<(), TarFault> {
        Ok(self.blocks.skip_content().map_err(|source| StreamFault::reading(self.place, source))?)
    }
}
