//! A layer's index: what [`super::DebLayer`] holds but for the path, as bytes. Little-endian; texts and lists begin with their length in 32 bits.

use std::collections::BTreeMap;

use rootfs_tree::Digest;

use super::{ControlFile, DebContent, DebEntry, DebKind};

/// Changes with every change of the format.
const MAGIC: &[u8; 16] = b"rootfs layer 001";

/// The bytes that [`decode_index`] reads.
pub(crate) fn encode_index(content: &DebContent) -> Vec<u8> {
    let mut out = Encoder { bytes: MAGIC.to_vec() };
    out.length(content.control.len());
    for (name, file) in &content.control {
        out.text(name.as_bytes());
        out.u16(file.mode);
        out.text(&file.content);
    }
    out.length(content.entries.len());
    for entry in &content.entries {
        out.text(&entry.path);
        out.u16(entry.mode);
        out.u32(entry.uid);
        out.u32(entry.gid);
        out.bytes.extend(entry.mtime.to_le_bytes());
        out.kind(&entry.kind);
    }
    out.bytes
}

/// What [`encode_index`] wrote; none for anything else.
pub(crate) fn decode_index(bytes: &[u8]) -> Option<DebContent> {
    let mut input = Decoder { bytes: bytes.strip_prefix(MAGIC)? };
    let mut control = BTreeMap::new();
    for _ in 0..input.u32()? {
        let name = String::from_utf8(input.text()?).ok()?;
        let mode = input.u16()?;
        control.insert(name, ControlFile { mode, content: input.text()? });
    }
    let count = input.u32()?;
    // An entry takes more bytes than this, so that the list is never larger than what is there.
    let mut entries = Vec::with_capacity(usize::try_from(count).ok()?.min(input.bytes.len() / 20));
    for _ in 0..count {
        entries.push(input.entry()?);
    }
    input.bytes.is_empty().then_some(DebContent { control, entries })
}

struct Encoder {
    bytes: Vec<u8>,
}

impl Encoder {
    fn u16(&mut self, value: u16) {
        self.bytes.extend(value.to_le_bytes());
    }

    fn u32(&mut self, value: u32) {
        self.bytes.extend(value.to_le_bytes());
    }

    fn u64(&mut self, value: u64) {
        self.bytes.extend(value.to_le_bytes());
    }

    /// Nothing in a package has 2³² bytes or items: a path is short, a control archive below 16 MiB, and entries have 512 bytes of header each.
    fn length(&mut self, length: usize) {
        self.u32(u32::try_from(length).unwrap_or(u32::MAX));
    }

    fn text(&mut self, text: &[u8]) {
        self.length(text.len());
        self.bytes.extend(text);
    }

    fn kind(&mut self, kind: &DebKind) {
        match kind {
            DebKind::Directory => self.bytes.push(b'd'),
            DebKind::File { offset, length, sha256, md5 } => {
                self.bytes.push(b'f');
                self.u64(*offset);
                self.u64(*length);
                self.bytes.extend(sha256.0);
                self.bytes.extend(md5);
            }
            DebKind::Hardlink(target) => {
                self.bytes.push(b'h');
                self.text(target);
            }
            DebKind::Symlink(target) => {
                self.bytes.push(b'l');
                self.text(target);
            }
            DebKind::CharDevice { major, minor } => self.device(b'c', *major, *minor),
            DebKind::BlockDevice { major, minor } => self.device(b'b', *major, *minor),
            DebKind::Fifo => self.bytes.push(b'p'),
        }
    }

    fn device(&mut self, kind: u8, major: u32, minor: u32) {
        self.bytes.push(kind);
        self.u32(major);
        self.u32(minor);
    }
}

struct Decoder<'a> {
    bytes: &'a [u8],
}

impl Decoder<'_> {
    fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (array, rest) = self.bytes.split_first_chunk()?;
        self.bytes = rest;
        Some(*array)
    }

    fn u16(&mut self) -> Option<u16> {
        self.array().map(u16::from_le_bytes)
    }

    fn u32(&mut self) -> Option<u32> {
        self.array().map(u32::from_le_bytes)
    }

    fn u64(&mut self) -> Option<u64> {
        self.array().map(u64::from_le_bytes)
    }

    fn text(&mut self) -> Option<Vec<u8>> {
        let length = usize::try_from(self.u32()?).ok()?;
        let (text, rest) = self.bytes.split_at_checked(length)?;
        self.bytes = rest;
        Some(text.to_vec())
    }

    fn entry(&mut self) -> Option<DebEntry> {
        let path = self.text()?;
        let (mode, uid, gid) = (self.u16()?, self.u32()?, self.u32()?);
        let mtime = self.array().map(i64::from_le_bytes)?;
        Some(DebEntry { path, mode, uid, gid, mtime, kind: self.kind()? })
    }

    fn kind(&mut self) -> Option<DebKind> {
        Some(match self.array()? {
            [b'd'] => DebKind::Directory,
            [b'f'] => DebKind::File { offset: self.u64()?, length: self.u64()?, sha256: Digest(self.array()?), md5: self.array()? },
            [b'h'] => DebKind::Hardlink(self.text()?),
            [b'l'] => DebKind::Symlink(self.text()?),
            [b'c'] => DebKind::CharDevice { major: self.u32()?, minor: self.u32()? },
            [b'b'] => DebKind::BlockDevice { major: self.u32()?, minor: self.u32()? },
            [b'p'] => DebKind::Fifo,
            _ => return None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample() -> DebContent {
        let kinds = [
            DebKind::Directory,
            DebKind::File { offset: 512, length: u64::MAX, sha256: Digest([7; 32]), md5: [9; 16] },
            DebKind::Hardlink(b"a/b".to_vec()),
            DebKind::Symlink(b"../x\xff".to_vec()),
            DebKind::CharDevice { major: 1, minor: 3 },
            DebKind::BlockDevice { major: 8, minor: u32::MAX },
            DebKind::Fifo,
        ];
        let entry = |kind| DebEntry { path: b"usr/\xfe".to_vec(), kind, mode: 0o4755, uid: 1, gid: 2, mtime: -3 };
        let file = ControlFile { content: b"Package: a\n".to_vec(), mode: 0o644 };
        DebContent { control: [("control".to_owned(), file)].into(), entries: kinds.map(entry).into() }
    }

    #[test]
    fn an_index_comes_back_as_it_was() {
        assert_eq!(decode_index(&encode_index(&sample())), Some(sample()));
    }

    #[test]
    fn an_index_that_is_cut_or_too_long_is_none() {
        let bytes = encode_index(&sample());
        for length in 0..bytes.len() {
            assert_eq!(decode_index(&bytes[..length]), None, "{length}");
        }
        assert_eq!(decode_index(&[&bytes[..], b"x"].concat()), None);
    }

    #[test]
    fn a_length_that_lies_allocates_nothing() {
        let mut bytes = encode_index(&DebContent { control: BTreeMap::new(), entries: Vec::new() });
        let end = bytes.len();
        bytes[end - 4..].fill(0xff);
        assert_eq!(decode_index(&bytes), None);
    }
}
