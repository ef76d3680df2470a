//! GNU tar's sparse files: the oldest form, with places behind the header, and the three in pax headers (0.0, 0.1 and 1.0), as the manual of GNU tar has them
//! in "Storing Sparse Files".

use std::io;
use std::path::{Path, PathBuf};

use fs_err::os::unix::fs::FileExt;
use fs_err::{File, OpenOptions};

use super::pax::decimal;
use super::{BLOCK, fields};

/// Where the oldest form has its places in a header, how many fit there and in a block behind it, and whether such a block follows.
const HEADER_PLACES: usize = 386;
const HEADER_COUNT: usize = 4;
const HEADER_MORE: usize = 482;
const HEADER_LENGTH: std::ops::Range<usize> = 483..495;
const MORE_COUNT: usize = 21;
const MORE_MORE: usize = 504;
/// Bytes of a place: where data begins, and how long it is.
const PLACE: usize = 24;
/// Longest digits of a number in a map, with the newline.
const LONGEST_NUMBER: usize = 21;
/// Bytes that are copied at once.
const PIECE: u64 = 1 << 20;
/// What contents begin at a multiple of, so that they can be cloned.
const ALIGNMENT: u64 = 4096;
/// Longest file of ext4: whoever claims a longer one wants somebody to read zeros for days.
const LONGEST: u64 = 1 << 44;

const DAMAGED: &str = "it is a sparse file whose map is damaged";

/// Where a sparse file has data.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Map {
    /// Bytes of the file with its holes.
    pub(super) length: u64,
    /// Where data begins, and how long it is: ascending, and one behind another in the archive.
    pub(super) data: Vec<(u64, u64)>,
}

impl Map {
    /// Whether stretches are within the file and follow each other, and are all there is in the archive.
    fn check(self, stored: u64) -> Result<Self, &'static str> {
        let mut end = 0;
        let mut all: u64 = 0;
        for (offset, length) in &self.data {
            if *offset < end {
                return Err(DAMAGED);
            }
            end = offset.checked_add(*length).filter(|end| *end <= self.length).ok_or(DAMAGED)?;
            all = all.saturating_add(*length);
        }
        if all == stored && self.length <= LONGEST { Ok(self) } else { Err(DAMAGED) }
    }
}

/// What a header of the oldest form has: the map's beginning, and whether it goes on behind it.
pub(super) fn of_header(header: &[u8; 512]) -> Result<(Map, bool), &'static str> {
    let length = fields::number(&header[HEADER_LENGTH]).and_then(|length| u64::try_from(length).ok()).ok_or(DAMAGED)?;
    let mut map = Map { length, data: Vec::new() };
    add_places(&mut map, &header[HEADER_PLACES..], HEADER_COUNT)?;
    Ok((map, header[HEADER_MORE] != 0))
}

/// Adds what a block behind such a header has; says whether one more follows.
pub(super) fn add_block(map: &mut Map, block: &[u8; 512]) -> Result<bool, &'static str> {
    add_places(map, block, MORE_COUNT)?;
    Ok(block[MORE_MORE] != 0)
}

fn add_places(map: &mut Map, bytes: &[u8], count: usize) -> Result<(), &'static str> {
    for place in bytes.chunks_exact(PLACE).take(count) {
        let (offset, length) = place.split_at(PLACE / 2);
        // What is left of the last block is empty.
        if offset.first() == Some(&0) {
            break;
        }
        let number = |field| fields::number(field).and_then(|number| u64::try_from(number).ok()).ok_or(DAMAGED);
        map.data.push((number(offset)?, number(length)?));
    }
    Ok(())
}

/// Ends a map of the oldest form.
pub(super) fn checked(map: Map, stored: u64) -> Result<Map, &'static str> {
    map.check(stored)
}

/// What pax headers say of a sparse file.
#[derive(Debug, Clone, Default)]
pub(super) struct Records {
    major: Option<u64>,
    minor: Option<u64>,
    length: Option<u64>,
    /// Offsets and lengths by turns.
    numbers: Vec<u64>,
}

impl Records {
    /// Takes a record whose key begins with `GNU.sparse.`, but for the file's name.
    pub(super) fn take(&mut self, key: &[u8], value: &[u8]) -> Result<(), &'static str> {
        let number = || decimal(value).ok_or(DAMAGED);
        match key {
            b"GNU.sparse.major" => self.major = Some(number()?),
            b"GNU.sparse.minor" => self.minor = Some(number()?),
            b"GNU.sparse.size" | b"GNU.sparse.realsize" => self.length = Some(number()?),
            b"GNU.sparse.offset" | b"GNU.sparse.numbytes" => self.numbers.push(number()?),
            b"GNU.sparse.map" => {
                let numbers = value.split(|byte| *byte == b',').filter(|number| !number.is_empty());
                self.numbers = numbers.map(decimal).collect::<Option<_>>().ok_or(DAMAGED)?;
            }
            // How many there are, is seen.
            b"GNU.sparse.numblocks" => {}
            _ => return Err("it is a sparse file of a form that is not known"),
        }
        Ok(())
    }

    /// Whether there are any.
    pub(super) fn is_some(&self) -> bool {
        self.major.is_some() || self.length.is_some() || !self.numbers.is_empty()
    }

    /// The map, and where the data begins; `content` is what the archive has of the file. In the last form the map is in front of the data.
    pub(super) fn map(self, file: &File, content: (u64, u64)) -> Result<(Map, (u64, u64)), &'static str> {
        let (start, stored) = content;
        let length = self.length.ok_or(DAMAGED)?;
        let (numbers, size) = match (self.major, self.minor) {
            (None | Some(0), _) => (self.numbers, 0),
            (Some(1), Some(0)) => read_map(file, content)?,
            _ => return Err("it is a sparse file of a form that is not known"),
        };
        let (pairs, rest) = numbers.as_chunks::<2>();
        let data = pairs.iter().map(|[offset, length]| (*offset, *length)).filter(|(_, length)| *length > 0).collect();
        let stored = stored.checked_sub(size).filter(|_| rest.is_empty()).ok_or(DAMAGED)?;
        Ok((Map { length, data }.check(stored)?, (start + size, stored)))
    }
}

/// A map in front of the data: how many stretches there are, and their offsets and lengths, each on a line; then zeros to the end of the block. Gives its
/// length in the archive, too. It is read no further than the content goes.
fn read_map(file: &File, (start, stored): (u64, u64)) -> Result<(Vec<u64>, u64), &'static str> {
    let mut lines = Lines { file, at: start, end: start + stored, block: Vec::new() };
    let count = lines.next()?;
    // Two digits and two newlines at least.
    if count > stored / 4 {
        return Err(DAMAGED);
    }
    let numbers = (0..count * 2).map(|_| lines.next()).collect::<Result<_, _>>()?;
    Ok((numbers, lines.at - start))
}

/// Numbers on lines, in whole blocks.
struct Lines<'a> {
    file: &'a File,
    /// The block that is read next.
    at: u64,
    end: u64,
    /// What is left of those before, the last byte first.
    block: Vec<u8>,
}

impl Lines<'_> {
    fn next(&mut self) -> Result<u64, &'static str> {
        let mut line = Vec::new();
        loop {
            match self.byte()? {
                b'\n' => return decimal(&line).filter(|_| !line.is_empty()).ok_or(DAMAGED),
                byte if line.len() < LONGEST_NUMBER => line.push(byte),
                _ => return Err(DAMAGED),
            }
        }
    }

    fn byte(&mut self) -> Result<u8, &'static str> {
        if let Some(byte) = self.block.pop() {
            return Ok(byte);
        }
        let mut block = [0; 512];
        if self.end - self.at < BLOCK || self.file.read_exact_at(&mut block, self.at).is_err() {
            return Err(DAMAGED);
        }
        self.at += BLOCK;
        self.block.extend(block.iter().rev());
        self.block.pop().ok_or(DAMAGED)
    }
}

/// Sparse files as they are once they are unpacked: one behind another in a sparse file of ours.
#[derive(Debug)]
pub(super) struct Spool {
    file: File,
    pub(super) path: PathBuf,
    length: u64,
}

impl Spool {
    /// In a directory that is made if it is missing.
    pub(super) fn create(directory: &Path) -> io::Result<Self> {
        fs_err::create_dir_all(directory)?;
        for number in 0_u32.. {
            let path = directory.join(format!("{number}.sparse"));
            match OpenOptions::new().write(true).create_new(true).open(&path) {
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                file => return Ok(Self { file: file?, path, length: 0 }),
            }
        }
        Err(io::ErrorKind::AlreadyExists.into())
    }

    /// Unpacks a file whose data begins at a byte of the archive; gives where it begins here.
    pub(super) fn add(&mut self, archive: &File, from: u64, map: &Map) -> io::Result<u64> {
        let start = self.length.next_multiple_of(ALIGNMENT);
        let end = start.checked_add(map.length).filter(|end| *end <= LONGEST).ok_or(io::ErrorKind::FileTooLarge)?;
        let (mut from, mut buffer) = (from, Vec::new());
        for (offset, length) in &map.data {
            let mut done = 0;
            while done < *length {
                let count = (length - done).min(PIECE);
                buffer.resize(usize::try_from(count).unwrap_or(0), 0);
                archive.read_exact_at(&mut buffer, from)?;
                self.file.write_all_at(&buffer, start + offset + done)?;
                done += count;
                from += count;
            }
        }
        self.file.set_len(end)?;
        self.length = end;
        Ok(start)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn map(length: u64, data: &[(u64, u64)]) -> Map {
        Map { length, data: data.to_vec() }
    }

    #[test]
    fn maps_that_can_not_be_are_refused() {
        assert!(map(100, &[(0, 10), (10, 5), (95, 5)]).check(20).is_ok());
        assert!(map(100, &[]).check(0).is_ok());
        for (length, data, stored) in [
            (100, &[(0, 10)][..], 9),
            (100, &[(50, 10), (40, 10)], 20),
            (100, &[(50, 10), (55, 10)], 20),
            (100, &[(95, 6)], 6),
            (100, &[(u64::MAX, 2)], 2),
            (u64::MAX, &[], 0),
        ] {
            assert!(map(length, data).check(stored).is_err(), "{data:?}");
        }
    }

    #[test]
    fn records_of_every_version() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let mut bytes = b"2\n512\n3\n9000\n4\n".to_vec();
        bytes.resize(512, 0);
        bytes.extend_from_slice(b"abcdefg");
        std::io::Write::write_all(&mut file.as_file(), &bytes).unwrap();
        let archive = File::open(file.path()).unwrap();
        let expected = map(10_000, &[(512, 3), (9000, 4)]);
        let of = |records: &[(&str, &str)], content| {
            let mut all = Records::default();
            records.iter().try_for_each(|(key, value)| all.take(format!("GNU.sparse.{key}").as_bytes(), value.as_bytes()))?;
            assert!(all.is_some());
            all.map(&archive, content)
        };
        let places = [("offset", "512"), ("numbytes", "3"), ("offset", "9000"), ("numbytes", "4")];
        assert_eq!(of(&[&[("size", "10000"), ("numblocks", "2")], &places[..]].concat(), (512, 7)), Ok((expected.clone(), (512, 7))));
        assert_eq!(of(&[("size", "10000"), ("map", "512,3,9000,4")], (512, 7)), Ok((expected.clone(), (512, 7))));
        let newest = [("major", "1"), ("minor", "0"), ("realsize", "10000")];
        assert_eq!(of(&newest, (0, 519)), Ok((expected, (512, 7))));
        for (records, content) in [
            (&newest[..], (0, 518)),
            (&newest[..2], (0, 519)),
            (&newest, (512, 7)),
            (&[("major", "1"), ("minor", "1"), ("realsize", "10000")], (0, 519)),
            (&[("size", "10000"), ("map", "512,3,9000")], (512, 3)),
            (&[("size", "10000"), ("map", "512,x")], (512, 3)),
            (&[("size", "-1")], (512, 3)),
            (&[("other", "1")], (512, 3)),
        ] {
            assert!(of(records, content).is_err(), "{records:?}");
        }
    }
}
