use std::io::{self, BufRead, Read, Write};

use flate2::bufread::MultiGzDecoder;
use rootfs_tree::Digest;
use sha1::{Digest as _, Sha1};
use sha2::Sha256;

use super::path::{check_target, clean_path};
use super::{ApkEntry, ApkFault, Sha1Sum};
use crate::compression::{Bounded, is_limit};
use crate::payload::{BLOCK, Entries, EntryKind, Header, Orphans, StreamFault, TarReader, Tee};
use crate::root::split;

const PLACE: &str = "its files' archive";

/// The extended header that apk has for it.
const CHECKSUM: &[u8] = b"APK-TOOLS.checksum.SHA1";

/// Unpacks a payload to `layer` and hashes every file on the way. What follows the archive's end is not written; the layer ends in two blocks of
/// zeros whatever the payload ends in.
pub(super) fn read_payload(data: &mut impl BufRead, limit: u64, layer: &mut dyn Write) -> Result<Vec<ApkEntry>, ApkFault> {
    let input = Bounded { input: MultiGzDecoder::new(data), left: limit };
    let mut tar = TarReader::new(Tee { input, layer, failed: None }, PLACE);
    let fault = |fault| match fault {
        ApkFault::Stream(StreamFault::Read { source, .. }) if is_limit(&source) => ApkFault::TooLarge { place: PLACE, limit },
        fault => fault,
    };
    let entries = match read_entries(&mut tar) {
        Ok(entries) => entries,
        Err(error) => return Err(tar.blocks.input.failed.take().map_or_else(|| fault(error), |source| StreamFault::Write(source).into())),
    };
    // Reads the stream to its end, where gzip's own checksum is.
    let Tee { mut input, layer, .. } = tar.blocks.input;
    io::copy(&mut input, &mut io::sink()).map_err(|source| fault(StreamFault::reading(PLACE, source).into()))?;
    layer.write_all(&[0; 2 * BLOCK]).and_then(|()| layer.flush()).map_err(StreamFault::Write)?;
    Ok(entries)
}

fn read_entries(tar: &mut TarReader<impl Read>) -> Result<Vec<ApkEntry>, ApkFault> {
    let mut entries = Entries::default();
    while let Some(header) = tar.next()? {
        // What apk itself doesn't install: names that are hidden in the root, and files that only keep their directory.
        if is_hidden(&header.name) {
            continue;
        }
        let entry = read_entry(tar, &header, &entries)?;
        // Some name a directory twice, and say the same of it.
        let is_repeated = entry.kind == EntryKind::Directory && entries.get(&entry.path) == Some(&entry);
        if !is_placeholder(&entry) && !is_repeated {
            entries.add(entry, Orphans::Kept).map_err(|reason| tar.fault(&header.name, reason))?;
        }
    }
    Ok(entries.into_list())
}

fn is_hidden(name: &[u8]) -> bool {
    let first = name.split(|byte| *byte == b'/').next().unwrap_or_default();
    first.starts_with(b".") && first != b"." && first != b".."
}

fn is_placeholder(entry: &ApkEntry) -> bool {
    let (_, name) = split(&entry.path);
    entry.kind != EntryKind::Directory && name.len() > 6 && name.starts_with(b".keep_")
}

fn read_entry(tar: &mut TarReader<impl Read>, header: &Header, entries: &Entries<Sha1Sum>) -> Result<ApkEntry, ApkFault> {
    let refuse = |reason: &str| ApkFault::Entry { place: PLACE, entry: header.name.escape_ascii().to_string(), reason: reason.to_owned() };
    let path = clean_path(&header.name).map_err(refuse)?;
    let (kind, checksum) = match header.kind {
        b'0' | b'7' => read_file(tar, header)?,
        b'1' => {
            let target = clean_path(&header.link).map_err(refuse)?;
            (EntryKind::Hardlink(target.to_vec()), entries.file(target).map_err(refuse)?.checksum)
        }
        b'2' => {
            check_target(&header.link).map_err(refuse)?;
            let sum = Sha1Sum::of(&header.link);
            if checksum_of(header).map_err(refuse)? != Some(sum) {
                return Err(refuse("its checksum is missing or is not that of what the link says"));
            }
            (EntryKind::Symlink(header.link.clone()), Some(sum))
        }
        b'3' => (EntryKind::CharDevice { major: header.major, minor: header.minor }, None),
        b'4' => (EntryKind::BlockDevice { major: header.major, minor: header.minor }, None),
        b'5' => (EntryKind::Directory, None),
        b'6' => (EntryKind::Fifo, None),
        _ => return Err(refuse("its type is not supported")),
    };
    ApkEntry::new(header, path.to_vec(), kind, checksum).map_err(refuse)
}

/// The SHA-1 of an entry's content, as who packed it says; the last one, if there are several.
fn checksum_of(header: &Header) -> Result<Option<Sha1Sum>, &'static str> {
    let found = header.records.iter().rev().find(|(key, _)| key == CHECKSUM);
    found.map(|(_, hex)| Sha1Sum::from_hex(hex).ok_or("its checksum is not a SHA-1")).transpose()
}

fn read_file(tar: &mut TarReader<impl Read>, header: &Header) -> Result<(EntryKind, Option<Sha1Sum>), ApkFault> {
    let offset = tar.position();
    let (mut sha256, mut sha1) = (Sha256::new(), Sha1::new());
    tar.content(|piece| {
        sha256.update(piece);
        sha1.update(piece);
    })?;
    let sum = Sha1Sum(sha1.finalize().into());
    match checksum_of(header).map_err(|reason| tar.fault(&header.name, reason))? {
        Some(expected) if expected == sum => {}
        Some(_) => return Err(tar.fault(&header.name, "its content has another SHA-1 than the archive says").into()),
        None => return Err(tar.fault(&header.name, "it has no checksum, which every package since apk-tools 2 has").into()),
    }
    Ok((EntryKind::File { offset, length: header.size, sha256: Digest(sha256.finalize().into()) }, Some(sum)))
}

#[cfg(test)]
mod tests {
    use flate2::{Compression, write::GzEncoder};

    use super::*;

    #[test]
    fn a_payload_above_the_limit_is_refused() {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(&[0; 4096]).unwrap();
        let packed = encoder.finish().unwrap();
        let mut layer = Vec::new();
        assert_eq!(read_payload(&mut packed.as_slice(), 4096, &mut layer).unwrap(), []);
        let fault = read_payload(&mut packed.as_slice(), 4095, &mut layer).unwrap_err();
        assert!(matches!(fault, ApkFault::TooLarge { limit: 4095, .. }), "{fault:?}");
    }
}
