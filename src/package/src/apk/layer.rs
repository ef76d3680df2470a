//! A layer's index: what [`ApkContent`] is made from again, as bytes.

use std::collections::BTreeMap;

use super::{ApkContent, PackageInfo, ScriptKind, Sha1Sum};
use crate::codec::{Decoder, Encoder};
use crate::payload::{ContentSum, decode_entries, encode_entries};
use crate::store::{LayerFile, Unpacked};

/// Changes with every change of the format.
const MAGIC: &[u8; 16] = b"rootfs apk  001\n";

impl ContentSum for Sha1Sum {
    fn encode(&self, out: &mut Encoder) {
        out.array(&self.0);
    }

    fn decode(input: &mut Decoder<'_>) -> Option<Self> {
        input.array().map(Self)
    }
}

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
        encode_entries(&self.entries, &mut out);
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
        let entries = decode_entries(&mut input)?;
        input.is_empty().then_some(Self { identity, info_text, info, scripts, entries })
    }

    fn files(&self) -> Vec<LayerFile> {
        self.entries.iter().filter_map(|entry| entry.kind.file()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::super::ApkEntry;
    use super::*;

    fn sample() -> ApkContent {
        let info_text = "pkgname = a\npkgver = 1\n".to_owned();
        let mut info = PackageInfo::parse(&info_text).unwrap();
        (info.package.identity, info.package.size) = (Sha1Sum([5; 20]), 6);
        let scripts = [(ScriptKind::Trigger, b"#!/bin/sh\n".to_vec())].into();
        ApkContent { identity: Sha1Sum([5; 20]), info_text, info, scripts, entries: ApkEntry::samples(&Sha1Sum([9; 20])) }
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
