//! The older format (xpak(5)): a packed archive of files, and behind it
//!
//! ```text
//! XPAKPACK  be32 length of the index  be32 length of the data
//! index     be32 length of a name, the name, be32 where its content begins in the data, be32 the content's length; again and again
//! data      contents
//! XPAKSTOP  be32 length from XPAKPACK to XPAKSTOP  STOP
//! ```

use std::io::{BufRead, Read, Seek};

use super::metadata::LIMIT;
use super::{BinaryFault, Metadata, section};
use crate::compression::Compression;
use crate::payload::StreamFault;

/// `XPAKSTOP`, a length, and `STOP`.
const END: u64 = 16;

/// Metadata, and where the archive before it ends.
pub(super) struct Xpak {
    pub(super) metadata: Metadata,
    /// The length of the archive in bytes.
    pub(super) archive: u64,
}

/// Whether the file ends as such a package does.
pub(super) fn is_there<R: Read + Seek>(input: &mut R, size: u64) -> Result<bool, BinaryFault> {
    let Some(at) = size.checked_sub(END) else { return Ok(false) };
    let end = read_at(input, at, END)?;
    Ok(end.starts_with(b"XPAKSTOP") && end.ends_with(b"STOP"))
}

/// Reads the metadata.
pub(super) fn read<R: Read + Seek>(input: &mut R, size: u64) -> Result<Xpak, BinaryFault> {
    let refuse = |reason| BinaryFault::Xpak { reason };
    let end = read_at(input, size.saturating_sub(END), END)?;
    let length = u64::from(number(&end, 8).ok_or_else(|| refuse("its end is cut off"))?);
    // The length counts from XPAKPACK to XPAKSTOP, both included.
    let archive = size.checked_sub(length).and_then(|start| start.checked_sub(8)).ok_or_else(|| refuse("it is longer than the file"))?;
    if length > LIMIT {
        return Err(BinaryFault::TooLarge { place: "its metadata", limit: LIMIT });
    }
    let segment = read_at(input, archive, length)?;
    let lengths = segment.strip_prefix(b"XPAKPACK").and_then(|rest| Some((number(rest, 0)?, number(rest, 4)?, rest.get(8..)?)));
    let (index, data, rest) = lengths.ok_or_else(|| refuse("it doesn't begin with XPAKPACK"))?;
    let (Some(index), Some(data)) = (usize::try_from(index).ok(), usize::try_from(data).ok()) else { return Err(refuse("it is too long")) };
    let parts = rest.split_at_checked(index).and_then(|(index, rest)| Some((index, rest.get(..data)?)));
    let (mut index, data) = parts.ok_or_else(|| refuse("its lengths don't fit"))?;
    let mut metadata = Metadata::default();
    let mut left = data.len();
    while !index.is_empty() {
        let (name, content, rest) = entry(index, data).ok_or_else(|| refuse("an entry of its index leads out of it"))?;
        // Or else a few bytes of the file could become any number of them in memory.
        left = left.checked_sub(content.len()).ok_or_else(|| refuse("its contents lie over each other"))?;
        metadata.add(name, content.to_vec()).map_err(refuse)?;
        index = rest;
    }
    Ok(Xpak { metadata: metadata.check()?, archive })
}

/// The first entry's name and content, and what follows it.
fn entry<'a>(index: &'a [u8], data: &'a [u8]) -> Option<(&'a [u8], &'a [u8], &'a [u8])> {
    let length = usize::try_from(number(index, 0)?).ok()?;
    let (name, rest) = index.get(4..)?.split_at_checked(length)?;
    let (start, length) = (usize::try_from(number(rest, 0)?).ok()?, usize::try_from(number(rest, 4)?).ok()?);
    Some((name, data.get(start..start.checked_add(length)?)?, rest.get(8..)?))
}

fn number(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_be_bytes(*bytes.get(at..)?.first_chunk()?))
}

/// How the archive is packed, which nothing says: by how it begins.
pub(super) fn compression(archive: &mut impl BufRead) -> Result<Compression, BinaryFault> {
    let start = archive.fill_buf()?;
    let known: [(&[u8], Result<Compression, &str>); 8] = [
        (b"\x28\xb5\x2f\xfd", Ok(Compression::Zstd)),
        (b"BZh", Ok(Compression::Bzip2)),
        (b"\x1f\x8b", Ok(Compression::Gzip)),
        (b"\xfd7zXZ\0", Ok(Compression::Xz)),
        (b"\x04\x22\x4d\x18", Err("lz4")),
        (b"LZIP", Err("lzip")),
        (b"\x89LZO", Err("lzop")),
        (b"", Ok(Compression::None)),
    ];
    let found = known.into_iter().find(|(magic, _)| start.starts_with(magic)).map_or(Ok(Compression::None), |(_, found)| found);
    found.map_err(|program| BinaryFault::Compression { part: "its archive".to_owned(), program: program.to_owned() })
}

fn read_at<R: Read + Seek>(input: &mut R, offset: u64, length: u64) -> Result<Vec<u8>, BinaryFault> {
    let mut bytes = Vec::new();
    section(input, offset, length)?.read_to_end(&mut bytes)?;
    if bytes.len() as u64 == length { Ok(bytes) } else { Err(StreamFault::Truncated { place: "its metadata" }.into()) }
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;

    fn made(files: &[(&str, &str)]) -> Vec<u8> {
        let (mut index, mut data) = (Vec::new(), Vec::new());
        let be = |length: usize| u32::try_from(length).unwrap().to_be_bytes();
        for (name, content) in files {
            index.extend([&be(name.len())[..], name.as_bytes(), &be(data.len()), &be(content.len())].concat());
            data.extend_from_slice(content.as_bytes());
        }
        let segment = [&b"XPAKPACK"[..], &be(index.len()), &be(data.len()), &index, &data, b"XPAKSTOP"].concat();
        [b"archive", &segment[..], &be(segment.len()), b"STOP"].concat()
    }

    #[test]
    fn metadata_is_behind_the_archive() {
        let bytes = made(&[("CATEGORY", "a"), ("PF", "b-1"), ("USE", "x y\n")]);
        let size = bytes.len() as u64;
        assert!(is_there(&mut Cursor::new(&bytes), size).unwrap());
        let read = read(&mut Cursor::new(&bytes), size).unwrap();
        assert_eq!((read.archive, read.metadata.words("USE")), (7, vec!["x".to_owned(), "y".to_owned()]));
    }

    #[test]
    fn contents_that_share_their_bytes_are_refused() {
        let bytes = made(&[("CATEGORY", "abcdefgh"), ("PF", "b-1"), ("USE", "x")]);
        let size = bytes.len() as u64;
        // The third content is then the first.
        let at = bytes.windows(4).position(|window| window == [0, 0, 0, 11]).unwrap();
        let damaged = [&bytes[..at], &[0, 0, 0, 0, 0, 0, 0, 8], &bytes[at + 8..]].concat();
        let fault = read(&mut Cursor::new(&damaged), size).err().unwrap();
        assert!(matches!(fault, BinaryFault::Xpak { reason: "its contents lie over each other" }), "{fault:?}");
    }

    #[test]
    fn every_cut_and_every_wrong_length_is_refused_or_read() {
        let bytes = made(&[("CATEGORY", "a"), ("PF", "b-1")]);
        for at in 0..bytes.len() {
            for value in [0, 1, 0x7f, 0xff] {
                let mut damaged = bytes.clone();
                damaged[at] = value;
                let size = damaged.len() as u64;
                let _whatever = read(&mut Cursor::new(&damaged), size);
            }
            let cut = &bytes[at..];
            assert!(at <= 7 || read(&mut Cursor::new(cut), cut.len() as u64).is_err(), "{at}");
        }
        assert!(read(&mut Cursor::new(&made(&[("CATEGORY", "a")])), 0).is_err());
    }
}
