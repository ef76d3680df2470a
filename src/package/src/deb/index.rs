//! A layer's index: what [`super::DebLayer`] holds but for the path, as bytes.

use std::collections::BTreeMap;

use rootfs_tree::Digest;

use super::{ControlFile, DebContent, DebEntry, DebKind};
use crate::codec::{Decoder, Encoder};
use crate::store::{LayerFile, Unpacked};

/// Changes with every change of the format.
const MAGIC: &[u8; 16] = b"rootfs layer 001";

impl Unpacked for DebContent {
    fn encode(&self) -> Vec<u8> {
        let mut out = Encoder::new(MAGIC);
        out.length(self.control.len());
        for (name, file) in &self.control {
            out.text(name.as_bytes());
            out.u16(file.mode);
            out.text(&file.content);
        }
        out.length(self.entries.len());
        for entry in &self.entries {
            out.text(&entry.path);
            out.u16(entry.mode);
            out.u32(entry.uid);
            out.u32(entry.gid);
            out.i64(entry.mtime);
            encode_kind(&mut out, &entry.kind);
        }
        out.bytes
    }

    fn decode(bytes: &[u8]) -> Option<Self> {
        let mut input = Decoder::new(MAGIC, bytes)?;
        let mut control = BTreeMap::new();
        for _ in 0..input.u32()? {
            let name = String::from_utf8(input.text()?).ok()?;
            let mode = input.u16()?;
            control.insert(name, ControlFile { mode, content: input.text()? });
        }
        let count = input.u32()?;
        let mut entries = Vec::with_capacity(input.capacity(count));
        for _ in 0..count {
            entries.push(decode_entry(&mut input)?);
        }
        input.is_empty().then_some(Self { control, entries })
    }

    fn files(&self) -> Vec<LayerFile> {
        let file = |entry: &DebEntry| match entry.kind {
            DebKind::File { offset, length, sha256, .. } => Some(LayerFile { offset, length, sha256 }),
            _ => None,
        };
        self.entries.iter().filter_map(file).collect()
    }
}

fn encode_kind(out: &mut Encoder, kind: &DebKind) {
    match kind {
        DebKind::Directory => out.array(b"d"),
        DebKind::File { offset, length, sha256, md5 } => {
            out.array(b"f");
            out.u64(*offset);
            out.u64(*length);
            out.array(&sha256.0);
            out.array(md5);
        }
        DebKind::Hardlink(target) => {
            out.array(b"h");
            out.text(target);
        }
        DebKind::Symlink(target) => {
            out.array(b"l");
            out.text(target);
        }
        DebKind::CharDevice { major, minor } => out.device(b'c', *major, *minor),
        DebKind::BlockDevice { major, minor } => out.device(b'b', *major, *minor),
        DebKind::Fifo => out.array(b"p"),
    }
}

fn decode_entry(input: &mut Decoder<'_>) -> Option<DebEntry> {
    let path = input.text()?;
    let (mode, uid, gid) = (input.u16()?, input.u32()?, input.u32()?);
    let mtime = input.i64()?;
    Some(DebEntry { path, mode, uid, gid, mtime, kind: decode_kind(input)? })
}

fn decode_kind(input: &mut Decoder<'_>) -> Option<DebKind> {
    Some(match input.array()? {
        [b'd'] => DebKind::Directory,
        [b'f'] => DebKind::File { offset: input.u64()?, length: input.u64()?, sha256: Digest(input.array()?), md5: input.array()? },
        [b'h'] => DebKind::Hardlink(input.text()?),
        [b'l'] => DebKind::Symlink(input.text()?),
        [b'c'] => DebKind::CharDevice { major: input.u32()?, minor: input.u32()? },
        [b'b'] => DebKind::BlockDevice { major: input.u32()?, minor: input.u32()? },
        [b'p'] => DebKind::Fifo,
        _ => return None,
    })
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
        assert_eq!(DebContent::decode(&sample().encode()), Some(sample()));
    }

    #[test]
    fn an_index_that_is_cut_or_too_long_is_none() {
        let bytes = sample().encode();
        for length in 0..bytes.len() {
            assert_eq!(DebContent::decode(&bytes[..length]), None, "{length}");
        }
        assert_eq!(DebContent::decode(&[&bytes[..], b"x"].concat()), None);
    }

    #[test]
    fn a_length_that_lies_allocates_nothing() {
        let mut bytes = DebContent { control: BTreeMap::new(), entries: Vec::new() }.encode();
        let end = bytes.len();
        bytes[end - 4..].fill(0xff);
        assert_eq!(DebContent::decode(&bytes), None);
    }
}
