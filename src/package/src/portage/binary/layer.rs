//! A layer's index: what [`BinaryContent`] is made from again, as bytes.

use super::{BinaryContent, BinaryEntry, Format, Metadata};
use crate::codec::{Decoder, Encoder};
use crate::payload::EntryKind;
use crate::store::{LayerFile, Unpacked};

/// Changes with every change of the format.
const MAGIC: &[u8; 16] = b"rootfs binpkg01\n";

impl Unpacked for BinaryContent {
    fn encode(&self) -> Vec<u8> {
        let mut out = Encoder::new(MAGIC);
        out.array(match self.format {
            Format::Gpkg => b"g",
            Format::Xpak => b"x",
        });
        out.array(&self.md5);
        out.length(self.metadata.files().count());
        for (name, content) in self.metadata.files() {
            out.text(name.as_bytes());
            out.text(content);
        }
        out.length(self.entries.len());
        for entry in &self.entries {
            encode_entry(&mut out, entry);
        }
        out.bytes
    }

    fn decode(bytes: &[u8]) -> Option<Self> {
        let mut input = Decoder::new(MAGIC, bytes)?;
        let format = match input.array()? {
            [b'g'] => Format::Gpkg,
            [b'x'] => Format::Xpak,
            _ => return None,
        };
        let md5 = input.array()?;
        let mut metadata = Metadata::default();
        for _ in 0..input.u32()? {
            let name = input.text()?;
            metadata.add(&name, input.text()?).ok()?;
        }
        let count = input.u32()?;
        let mut entries = Vec::with_capacity(input.capacity(count));
        for _ in 0..count {
            entries.push(decode_entry(&mut input)?);
        }
        input.is_empty().then_some(Self { format, md5, metadata, entries })
    }

    fn files(&self) -> Vec<LayerFile> {
        self.entries.iter().filter_map(|entry| entry.kind.file()).collect()
    }
}

fn encode_entry(out: &mut Encoder, entry: &BinaryEntry) {
    out.text(&entry.path);
    out.u16(entry.mode);
    out.u32(entry.uid);
    out.u32(entry.gid);
    out.text(&entry.user);
    out.text(&entry.group);
    out.i64(entry.mtime);
    match entry.md5 {
        Some(sum) => {
            out.array(b"s");
            out.array(&sum);
        }
        None => out.array(b"-"),
    }
    out.pairs(&entry.xattrs);
    entry.kind.encode(out);
}

fn decode_entry(input: &mut Decoder<'_>) -> Option<BinaryEntry> {
    let path = input.text()?;
    let (mode, uid, gid) = (input.u16()?, input.u32()?, input.u32()?);
    let (user, group) = (input.text()?, input.text()?);
    let mtime = input.i64()?;
    let md5 = match input.array()? {
        [b's'] => Some(input.array()?),
        [b'-'] => None,
        _ => return None,
    };
    let xattrs = input.pairs()?;
    Some(BinaryEntry { path, kind: EntryKind::decode(input)?, mode, uid, gid, user, group, mtime, md5, xattrs })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample() -> BinaryContent {
        let entry = |kind| BinaryEntry {
            path: b"usr/\xfe".to_vec(),
            kind,
            mode: 0o4755,
            uid: 1,
            gid: 2,
            user: b"root".to_vec(),
            group: Vec::new(),
            mtime: 3,
            md5: Some([9; 16]),
            xattrs: vec![(b"user.a".to_vec(), b"\0".to_vec())],
        };
        let mut metadata = Metadata::default();
        metadata.add(b"SLOT", b"0\n".to_vec()).unwrap();
        BinaryContent { format: Format::Xpak, md5: [3; 16], metadata, entries: EntryKind::samples().map(entry).into() }
    }

    #[test]
    fn an_index_comes_back_as_it_was() {
        assert_eq!(BinaryContent::decode(&sample().encode()), Some(sample()));
    }

    #[test]
    fn an_index_that_is_cut_or_too_long_is_none() {
        let bytes = sample().encode();
        for length in 0..bytes.len() {
            assert_eq!(BinaryContent::decode(&bytes[..length]), None, "{length}");
        }
        assert_eq!(BinaryContent::decode(&[&bytes[..], b"x"].concat()), None);
    }
}
