//! A layer's index: what [`super::DebLayer`] holds but for the path, as bytes.

use std::collections::BTreeMap;

use super::{ControlFile, DebContent, DebEntry};
use crate::codec::{Decoder, Encoder};
use crate::payload::EntryKind;
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
            entry.kind.encode(&mut out);
            if let Some(md5) = &entry.md5 {
                out.array(md5);
            }
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
        self.entries.iter().filter_map(|entry| entry.kind.file()).collect()
    }
}

fn decode_entry(input: &mut Decoder<'_>) -> Option<DebEntry> {
    let path = input.text()?;
    let (mode, uid, gid) = (input.u16()?, input.u32()?, input.u32()?);
    let mtime = input.i64()?;
    let kind = EntryKind::decode(input)?;
    let md5 = match kind {
        EntryKind::File { .. } => Some(input.array()?),
        _ => None,
    };
    Some(DebEntry { path, kind, mode, uid, gid, mtime, md5 })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample() -> DebContent {
        let entry = |kind: EntryKind| {
            let md5 = kind.file().map(|_| [9; 16]);
            DebEntry { path: b"usr/\xfe".to_vec(), kind, mode: 0o4755, uid: 1, gid: 2, mtime: -3, md5 }
        };
        let file = ControlFile { content: b"Package: a\n".to_vec(), mode: 0o644 };
        DebContent { control: [("control".to_owned(), file)].into(), entries: EntryKind::samples().map(entry).into() }
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
