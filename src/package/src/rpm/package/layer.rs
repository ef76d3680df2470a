//! A layer's index: what [`RpmContent`] is made from again, as bytes.

use rootfs_tree::Digest;

use super::{RpmContent, RpmEntry, RpmIdentity, RpmKind};
use crate::codec::{Decoder, Encoder};
use crate::store::{LayerFile, Unpacked};

/// Changes with every change of the format.
const MAGIC: &[u8; 16] = b"rootfs rpm  001\n";

impl Unpacked for RpmContent {
    fn encode(&self) -> Vec<u8> {
        let mut out = Encoder::new(MAGIC);
        let RpmIdentity { name, epoch, version, release, architecture, build_time } = &self.identity;
        for text in [name, version, release, architecture] {
            out.text(text.as_bytes());
        }
        out.text(&epoch.map(u32::to_le_bytes).map(|bytes| bytes.to_vec()).unwrap_or_default());
        out.i64(*build_time);
        out.length(self.entries.len());
        for entry in &self.entries {
            encode_entry(&mut out, entry);
        }
        out.bytes
    }

    fn decode(bytes: &[u8]) -> Option<Self> {
        let mut input = Decoder::new(MAGIC, bytes)?;
        let mut text = || String::from_utf8(input.text()?).ok();
        let (name, version, release, architecture) = (text()?, text()?, text()?, text()?);
        let epoch = match input.text()?.as_slice() {
            [] => None,
            bytes => Some(u32::from_le_bytes(bytes.try_into().ok()?)),
        };
        let identity = RpmIdentity { name, epoch, version, release, architecture, build_time: input.i64()? };
        let count = input.u32()?;
        let mut entries = Vec::with_capacity(input.capacity(count));
        for _ in 0..count {
            entries.push(decode_entry(&mut input)?);
        }
        input.is_empty().then_some(Self { identity, entries })
    }

    fn files(&self) -> Vec<LayerFile> {
        let file = |entry: &RpmEntry| match entry.kind {
            RpmKind::File { offset, length, sha256 } => Some(LayerFile { offset, length, sha256 }),
            _ => None,
        };
        self.entries.iter().filter_map(file).collect()
    }
}

fn encode_entry(out: &mut Encoder, entry: &RpmEntry) {
    out.text(&entry.path);
    out.u16(entry.mode);
    out.text(&entry.user);
    out.text(&entry.group);
    out.i64(entry.mtime);
    out.text(entry.capability.as_deref().unwrap_or_default());
    match &entry.kind {
        RpmKind::Directory => out.array(b"d"),
        RpmKind::File { offset, length, sha256 } => {
            out.array(b"f");
            out.u64(*offset);
            out.u64(*length);
            out.array(&sha256.0);
        }
        RpmKind::Hardlink(target) => {
            out.array(b"h");
            out.text(target);
        }
        RpmKind::Symlink(target) => {
            out.array(b"l");
            out.text(target);
        }
        RpmKind::CharDevice { major, minor } => out.device(b'c', *major, *minor),
        RpmKind::BlockDevice { major, minor } => out.device(b'b', *major, *minor),
        RpmKind::Fifo => out.array(b"p"),
    }
}

fn decode_entry(input: &mut Decoder<'_>) -> Option<RpmEntry> {
    let (path, mode) = (input.text()?, input.u16()?);
    let (user, group) = (input.text()?, input.text()?);
    let mtime = input.i64()?;
    let capability = Some(input.text()?).filter(|value| !value.is_empty());
    let kind = match input.array()? {
        [b'd'] => RpmKind::Directory,
        [b'f'] => RpmKind::File { offset: input.u64()?, length: input.u64()?, sha256: Digest(input.array()?) },
        [b'h'] => RpmKind::Hardlink(input.text()?),
        [b'l'] => RpmKind::Symlink(input.text()?),
        [b'c'] => RpmKind::CharDevice { major: input.u32()?, minor: input.u32()? },
        [b'b'] => RpmKind::BlockDevice { major: input.u32()?, minor: input.u32()? },
        [b'p'] => RpmKind::Fifo,
        _ => return None,
    };
    Some(RpmEntry { path, kind, mode, user, group, mtime, capability })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_index_comes_back_as_it_was_and_a_cut_one_is_none() {
        let kinds = [
            RpmKind::Directory,
            RpmKind::File { offset: 512, length: u64::MAX, sha256: Digest([7; 32]) },
            RpmKind::Hardlink(b"a/b".to_vec()),
            RpmKind::Symlink(b"../x\xff".to_vec()),
            RpmKind::CharDevice { major: 1, minor: 3 },
            RpmKind::BlockDevice { major: 8, minor: 255 },
            RpmKind::Fifo,
        ];
        let entry = |kind| RpmEntry {
            path: b"usr/\xfe".to_vec(),
            kind,
            mode: 0o4755,
            user: b"root".to_vec(),
            group: b"wheel".to_vec(),
            mtime: -3,
            capability: Some(vec![1, 0]),
        };
        let [name, version, release, architecture] = ["a", "1", "2.fc43", "noarch"].map(str::to_owned);
        let identity = RpmIdentity { name, epoch: Some(0), version, release, architecture, build_time: 9 };
        let content = RpmContent { identity, entries: kinds.map(entry).into() };
        let bytes = content.encode();
        assert_eq!(RpmContent::decode(&bytes), Some(content));
        for length in 0..bytes.len() {
            assert_eq!(RpmContent::decode(&bytes[..length]), None, "{length}");
        }
        assert_eq!(RpmContent::decode(&[&bytes[..], b"x"].concat()), None);
    }
}
