//! A layer's index: what [`RpmContent`] is made from again, as bytes.

use super::{RpmContent, RpmEntry, RpmIdentity};
use crate::codec::{Decoder, Encoder};
use crate::payload::EntryKind;
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
        self.entries.iter().filter_map(|entry| entry.kind.file()).collect()
    }
}

fn encode_entry(out: &mut Encoder, entry: &RpmEntry) {
    out.text(&entry.path);
    out.u16(entry.mode);
    out.text(&entry.user);
    out.text(&entry.group);
    out.i64(entry.mtime);
    out.text(entry.capability.as_deref().unwrap_or_default());
    entry.kind.encode(out);
}

fn decode_entry(input: &mut Decoder<'_>) -> Option<RpmEntry> {
    let (path, mode) = (input.text()?, input.u16()?);
    let (user, group) = (input.text()?, input.text()?);
    let mtime = input.i64()?;
    let capability = Some(input.text()?).filter(|value| !value.is_empty());
    Some(RpmEntry { path, kind: EntryKind::decode(input)?, mode, user, group, mtime, capability })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_index_comes_back_as_it_was_and_a_cut_one_is_none() {
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
        let content = RpmContent { identity, entries: EntryKind::samples().map(entry).into() };
        let bytes = content.encode();
        assert_eq!(RpmContent::decode(&bytes), Some(content));
        for length in 0..bytes.len() {
            assert_eq!(RpmContent::decode(&bytes[..length]), None, "{length}");
        }
        assert_eq!(RpmContent::decode(&[&bytes[..], b"x"].concat()), None);
    }
}
