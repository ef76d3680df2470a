//! A layer's index: what [`BinaryContent`] is made from again, as bytes.

use super::{BinaryContent, Format, Metadata};
use crate::codec::{Decoder, Encoder};
use crate::payload::{ContentSum, decode_entries, encode_entries};
use crate::store::{LayerFile, Unpacked};

/// Changes with every change of the format.
const MAGIC: &[u8; 16] = b"rootfs binpkg01\n";

impl ContentSum for [u8; 16] {
    fn encode(&self, out: &mut Encoder) {
        out.array(self);
    }

    fn decode(input: &mut Decoder<'_>) -> Option<Self> {
        input.array()
    }
}

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
        encode_entries(&self.entries, &mut out);
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
        let entries = decode_entries(&mut input)?;
        input.is_empty().then_some(Self { format, md5, metadata, entries })
    }

    fn files(&self) -> Vec<LayerFile> {
        self.entries.iter().filter_map(|entry| entry.kind.file()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::super::BinaryEntry;
    use super::*;

    fn sample() -> BinaryContent {
        let mut metadata = Metadata::default();
        metadata.add(b"SLOT", b"0\n".to_vec()).unwrap();
        BinaryContent { format: Format::Xpak, md5: [3; 16], metadata, entries: BinaryEntry::samples(&[9; 16]) }
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
