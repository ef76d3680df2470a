//! A layer's index: what [`ApkContent`] is made from again, as bytes.

use std::collections::BTreeMap;

use super::{ApkContent, ApkEntry, PackageInfo, ScriptKind, Sha1Sum};
use crate::codec::{Decoder, Encoder};
use crate::payload::EntryKind;
use crate::store::{LayerFile, Unpacked};

/// Changes with every change of the format.
const MAGIC: &[u8; 16] = b"rootfs apk  001\n";

impl Unpacked for ApkContent {
    fn encode(&self) -> Vec<u8> {
        let mut out = Encoder::new(MAGIC);
        out.array(&self.identity.0);
        out.u64(self.info.package.size);
        out.text(self.info_text.as_bytes());
        out.length(self.scripts.len());
        for (kind, text) in &self.scripts {
            out.text(kind.name().as_bytes());
            out.text(text);
        }
        out.length(self.entries.len());
        for entry in &self.entries {
            encode_entry(&mut out, entry);
        }
        out.bytes
    }

    fn decode(bytes: &[u8]) -> Option<Self> {
        let mut input = Decoder::new(MAGIC, bytes)?;
        let identity = Sha1Sum(input.array()?);
        let size = input.u64()?;
        let info_text = String::from_utf8(input.text()?).ok()?;
        let mut info = PackageInfo::parse(&info_text).ok()?;
        (info.package.identity, info.package.size) = (identity, size);
        let mut scripts = BTreeMap::new();
        for _ in 0..input.u32()? {
            let name = input.text()?;
            let kind = ScriptKind::ALL.into_iter().find(|kind| kind.name().as_bytes() == name)?;
            scripts.insert(kind, input.text()?);
        }
        let count = input.u32()?;
        let mut entries = Vec::with_capacity(input.capacity(count));
        for _ in 0..count {
            entries.push(decode_entry(&mut input)?);
        }
        input.is_empty().then_some(Self { identity, info_text, info, scripts, entries })
    }

    fn files(&self) -> Vec<LayerFile> {
        self.entries.iter().filter_map(|entry| entry.kind.file()).collect()
    }
}

fn encode_entry(out: &mut Encoder, entry: &ApkEntry) {
    out.text(&entry.path);
    out.u16(entry.mode);
    out.u32(entry.uid);
    out.u32(entry.gid);
    out.text(&entry.user);
    out.text(&entry.group);
    out.i64(entry.mtime);
    match entry.checksum {
        Some(sum) => {
            out.array(b"s");
            out.array(&sum.0);
        }
        None => out.array(b"-"),
    }
    out.pairs(&entry.xattrs);
    entry.kind.encode(out);
}

fn decode_entry(input: &mut Decoder<'_>) -> Option<ApkEntry> {
    let path = input.text()?;
    let (mode, uid, gid) = (input.u16()?, input.u32()?, input.u32()?);
    let (user, group) = (input.text()?, input.text()?);
    let mtime = input.i64()?;
    let checksum = match input.array()? {
        [b's'] => Some(Sha1Sum(input.array()?)),
        [b'-'] => None,
        _ => return None,
    };
    let xattrs = input.pairs()?;
    Some(ApkEntry { path, kind: EntryKind::decode(input)?, mode, uid, gid, user, group, mtime, checksum, xattrs })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample() -> ApkContent {
        let entry = |kind| ApkEntry {
            path: b"usr/\xfe".to_vec(),
            kind,
            mode: 0o4755,
            uid: 1,
            gid: 2,
            user: b"root".to_vec(),
            group: Vec::new(),
            mtime: 3,
            checksum: Some(Sha1Sum([9; 20])),
            xattrs: vec![(b"user.a".to_vec(), b"\0".to_vec())],
        };
        let info_text = "pkgname = a\npkgver = 1\n".to_owned();
        let mut info = PackageInfo::parse(&info_text).unwrap();
        (info.package.identity, info.package.size) = (Sha1Sum([5; 20]), 6);
        let scripts = [(ScriptKind::Trigger, b"#!/bin/sh\n".to_vec())].into();
        ApkContent { identity: Sha1Sum([5; 20]), info_text, info, scripts, entries: EntryKind::samples().map(entry).into() }
    }

    #[test]
    fn an_index_comes_back_as_it_was() {
        assert_eq!(ApkContent::decode(&sample().encode()), Some(sample()));
    }

    #[test]
    fn an_index_that_is_cut_or_too_long_is_none() {
        let bytes = sample().encode();
        for length in 0..bytes.len() {
            assert_eq!(ApkContent::decode(&bytes[..length]), None, "{length}");
        }
        assert_eq!(ApkContent::decode(&[&bytes[..], b"x"].concat()), None);
    }
}
