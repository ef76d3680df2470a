//! A binary host's index, `Packages` or `Packages.gz`: a header, and a block for each package, of lines `NAME: VALUE`, with an empty line after each.
//!
//! The format is what portage 3.0.83 reads (`portage.getbinpkg.PackageIndex`, `portage.dbapi.bintree`). The text is kept as it is, once, and for each
//! package the places of its lines: 30,000 packages take some 10 MB besides the text.

use std::collections::BTreeMap;

use super::field::FIELDS;
use super::name::split_cpv;
use super::version::Parts;
use super::{Field, IndexFault, IndexPackage};
use crate::compression::{Compression, read_within};

/// What an index may have, unpacked, in bytes. That of all of Gentoo's packages for one machine has a tenth.
const MOST_BYTES: usize = 512 << 20;

/// Each takes memory, however little it says.
const MOST_PACKAGES: usize = 500_000;

/// `CATEGORY/NAME-VERSION`; what a file's name may have.
const LONGEST_NAME: usize = 255;

/// The version of the format; there is no other yet.
const VERSION: u64 = 0;

/// What a binary host has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PackageIndex {
    text: String,
    header: BTreeMap<String, String>,
    pub(super) entries: Vec<Entry>,
}

/// Where a package's values lie in the text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Entry {
    values: [Option<Place>; FIELDS],
    /// How long the category in `CPV` is.
    pub(super) category: u8,
    /// How long the name in `CPV` is.
    pub(super) name: u8,
    /// Where the parts of the version are.
    pub(super) version: Parts,
}

/// A part of the text; none is longer than 4 GiB.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Place {
    start: u32,
    end: u32,
}

impl PackageIndex {
    /// Reads an index, compressed with gzip or not.
    ///
    /// Bytes that are no UTF-8 are replaced, as portage does it.
    ///
    /// # Errors
    /// When it can't be unpacked, is none, is too large, or has a package whose name or path no file can have.
    pub fn read(bytes: &[u8]) -> Result<Self, IndexFault> {
        let compression = if bytes.starts_with(&[0x1f, 0x8b]) { Compression::Gzip } else { Compression::None };
        let limit = u64::try_from(MOST_BYTES).unwrap_or(u64::MAX);
        let read = compression.decode(bytes).and_then(|input| read_within(input, limit));
        let unpacked = read.map_err(|source| IndexFault::Read { source })?;
        let unpacked = unpacked.ok_or(IndexFault::TooLarge { what: "bytes", limit: MOST_BYTES })?;
        Self::parse(String::from_utf8(unpacked).unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned()))
    }

    /// Reads an index's text.
    ///
    /// # Errors
    /// As [`PackageIndex::read`].
    pub fn parse(text: String) -> Result<Self, IndexFault> {
        if text.len() > MOST_BYTES {
            return Err(IndexFault::TooLarge { what: "bytes", limit: MOST_BYTES });
        }
        let mut reader = Reader { text: &text, position: 0, line: 0 };
        let header = reader.read_header()?;
        let mut entries = Vec::new();
        while let Some(entry) = reader.read_entry()? {
            if entries.len() == MOST_PACKAGES {
                return Err(IndexFault::TooLarge { what: "packages", limit: MOST_PACKAGES });
            }
            entries.push(entry);
        }
        Ok(Self { text, header, entries })
    }

    /// A line of the header: `URI` (where the packages lie, if not beside the index), `CHOST`, `ARCH`, `PROFILE`, `TIMESTAMP`, …
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.header.get(name).map(String::as_str)
    }

    /// Its packages, in its order.
    pub fn packages(&self) -> impl ExactSizeIterator<Item = IndexPackage<'_>> {
        self.entries.iter().map(|entry| IndexPackage { index: self, entry })
    }

    /// One of its packages, from 0.
    #[must_use]
    pub fn package(&self, place: usize) -> Option<IndexPackage<'_>> {
        self.entries.get(place).map(|entry| IndexPackage { index: self, entry })
    }

    /// How many packages it has.
    #[must_use]
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether it has no package.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// A value, or what the header says for all packages.
    pub(super) fn value(&self, entry: &Entry, field: Field) -> Option<&str> {
        let own = entry.values.get(field.index()).copied().flatten();
        match (own, field) {
            (Some(place), _) => self.text.get(index(place.start)..index(place.end)),
            (None, Field::Chost) => self.header("CHOST"),
            (None, Field::Repository) => self.header("REPO").or_else(|| self.header("repository")),
            (None, _) => None,
        }
    }
}

fn index(place: u32) -> usize {
    usize::try_from(place).unwrap_or(usize::MAX)
}

/// Goes through the text line by line.
struct Reader<'a> {
    text: &'a str,
    position: usize,
    line: usize,
}

impl<'a> Reader<'a> {
    /// The next line and where it begins; none at the end.
    fn next_line(&mut self) -> Option<(usize, &'a str)> {
        let rest = self.text.get(self.position..).filter(|rest| !rest.is_empty())?;
        let length = memchr::memchr(b'\n', rest.as_bytes()).unwrap_or(rest.len());
        let start = self.position;
        self.position = self.text.len().min(start + length + 1);
        self.line += 1;
        Some((start, rest.get(..length).unwrap_or_default()))
    }

    fn read_header(&mut self) -> Result<BTreeMap<String, String>, IndexFault> {
        let mut header = BTreeMap::new();
        while let Some((_, line)) = self.next_line().filter(|(_, line)| !line.is_empty()) {
            if let Some((name, value)) = split_line(line) {
                header.insert(name.to_owned(), value.to_owned());
            }
        }
        let version = header.get("VERSION").map_or("", String::as_str);
        if version.parse::<u64>().is_ok_and(|version| version == VERSION) {
            Ok(header)
        } else {
            Err(IndexFault::Version { version: version.chars().take(40).collect() })
        }
    }

    /// The next block that is a package's; others are passed over.
    fn read_entry(&mut self) -> Result<Option<Entry>, IndexFault> {
        loop {
            let (mut values, mut first, mut has_line) = ([None; FIELDS], self.line + 1, false);
            while let Some((start, line)) = self.next_line() {
                if line.is_empty() {
                    if has_line {
                        break;
                    }
                    first = self.line + 1;
                    continue;
                }
                has_line = true;
                let Some((name, value)) = split_line(line) else { continue };
                if let Some(slot) = Field::from_name(name).and_then(|field| values.get_mut(field.index())) {
                    *slot = self.place(start + line.len() - value.len(), value.len())?;
                }
            }
            if !has_line {
                return Ok(None);
            }
            if let Some(entry) = self.check(values, first)? {
                return Ok(Some(entry));
            }
        }
    }

    fn place(&self, start: usize, length: usize) -> Result<Option<Place>, IndexFault> {
        let number = |value| u32::try_from(value).map_err(|_too_large| IndexFault::TooLarge { what: "bytes", limit: MOST_BYTES });
        Ok(Some(Place { start: number(start)?, end: number(start + length)? }))
    }

    /// Nothing that becomes part of a path may lead elsewhere. A block without a package is none.
    fn check(&self, values: [Option<Place>; FIELDS], line: usize) -> Result<Option<Entry>, IndexFault> {
        let value = |field: Field| {
            let place = values.get(field.index()).copied().flatten()?;
            self.text.get(index(place.start)..index(place.end))
        };
        let Some(cpv) = value(Field::Cpv).filter(|cpv| !cpv.is_empty()) else { return Ok(None) };
        let refuse = |reason| IndexFault::Line { line, reason };
        let Some((category, name, version)) = split_cpv(cpv) else {
            return Err(refuse(format!("`{}` is not a package with its version", cpv.escape_debug())));
        };
        if let Some(path) = value(Field::Path).filter(|path| !is_inside(path)) {
            return Err(refuse(format!("the path `{}` is not inside of the binary host", path.escape_debug())));
        }
        match (u8::try_from(category.len()), u8::try_from(name.len())) {
            (Ok(category), Ok(name)) if cpv.len() <= LONGEST_NAME => Ok(Some(Entry { values, category, name, version: version.parts() })),
            _ => Err(refuse(format!("the package's name has more than {LONGEST_NAME} bytes"))),
        }
    }
}

/// `NAME: VALUE`; the blank is not looked at. A line without a colon means nothing.
fn split_line(line: &str) -> Option<(&str, &str)> {
    let (name, value) = line.split_once(':')?;
    let mut characters = value.chars();
    characters.next();
    Some((name, characters.as_str()))
}

/// Relative, without `.` and `..`, and nothing that a URL or a terminal would take for something else.
fn is_inside(path: &str) -> bool {
    let is_bad = |character: char| character.is_control() || matches!(character, '\\' | '?' | '#');
    path.is_empty() || (!path.chars().any(is_bad) && path.split('/').all(|part| !matches!(part, "" | "." | "..")))
}

#[cfg(test)]
mod tests;
