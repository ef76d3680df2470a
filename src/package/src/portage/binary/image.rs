use std::io::{self, BufRead, Read, Write};

use md5::Md5;
use rootfs_tree::Digest;
use sha2::{Digest as _, Sha256};

use super::{BinaryEntry, BinaryFault};
use crate::compression::{Bounded, Compression, is_limit};
use crate::deb::path::{check_target, clean_path};
use crate::payload::{self, BLOCK, Entries, EntryKind, Header, Orphans, StreamFault, TarReader, Tee};

const PLACE: &str = "its image";

/// Unpacks an image to `layer` and hashes every file on the way; `root` is the directory of the archive that stands for the root. What follows the
/// archive's end is not written; the layer ends in two blocks of zeros whatever the archive ends in.
pub(super) fn read_image(
    packed: impl BufRead,
    compression: Compression,
    length: u64,
    root: &[u8],
    layer: &mut dyn Write,
) -> Result<Vec<BinaryEntry>, BinaryFault> {
    let limit = payload::limit(length);
    let failed = |source: io::Error| {
        if is_limit(&source) { BinaryFault::TooLarge { place: PLACE, limit } } else { StreamFault::reading(PLACE, source).into() }
    };
    let input = Bounded { input: compression.decode(packed).map_err(failed)?, left: limit };
    let mut tar = TarReader::new(Tee { input, layer, failed: None }, PLACE).with_long_links();
    let entries = match read_entries(&mut tar, root) {
        Ok(entries) => entries,
        Err(fault) => {
            return Err(match (tar.blocks.input.failed.take(), fault) {
                (Some(source), _) => StreamFault::Write(source).into(),
                (None, BinaryFault::Stream(StreamFault::Read { source, .. })) => failed(source),
                (None, fault) => fault,
            });
        }
    };
    // Reads the stream to its end, where the compressor's own checksum is.
    let Tee { mut input, layer, .. } = tar.blocks.input;
    io::copy(&mut input, &mut io::sink()).map_err(failed)?;
    layer.write_all(&[0; 2 * BLOCK]).and_then(|()| layer.flush()).map_err(StreamFault::Write)?;
    Ok(entries)
}

fn read_entries(tar: &mut TarReader<impl Read>, root: &[u8]) -> Result<Vec<BinaryEntry>, BinaryFault> {
    let mut entries = Entries::default();
    while let Some(header) = tar.next()? {
        // As portage, of a gpkg alone.
        if root != b"." && matches!(header.kind, b'3' | b'4' | b'6') {
            return Err(tar.fault(&header.name, "it is a device or a pipe, of which portage takes none from a gpkg").into());
        }
        let below = header.name.strip_prefix(root).filter(|below| below.is_empty() || below.starts_with(b"/"));
        let below = below.ok_or_else(|| tar.fault(&header.name, format!("it is not below `{}`", root.escape_ascii())))?;
        // The root itself, of which portage takes nothing.
        if matches!(below, b"" | b"/") && header.kind == b'5' {
            continue;
        }
        let path = clean_path(below).and_then(|path| if path.is_empty() { Err("the root is not a directory") } else { Ok(path) });
        let entry = read_entry(tar, &header, path.map_err(|reason| tar.fault(&header.name, reason))?, &entries)?;
        entries.add(entry, Orphans::Refused).map_err(|reason| tar.fault(&header.name, reason))?;
    }
    Ok(entries.into_list())
}

fn read_entry(
    tar: &mut TarReader<impl Read>,
    header: &Header,
    path: Vec<u8>,
    entries: &Entries<[u8; 16]>,
) -> Result<BinaryEntry, BinaryFault> {
    let place = PLACE;
    let refuse = |reason: &str| BinaryFault::Entry { place, entry: header.name.escape_ascii().to_string(), reason: reason.to_owned() };
    let mut md5 = None;
    let kind = match header.kind {
        b'0' | b'7' => {
            let (kind, sum) = read_file(tar, header)?;
            md5 = Some(sum);
            kind
        }
        b'1' => {
            let root = header.name.len().saturating_sub(path.len() + 1);
            let target = header.link.get(root..).and_then(|target| clean_path(target).ok());
            let target = target.ok_or_else(|| refuse("it is a hard link out of the package"))?;
            md5 = entries.file(&target).map_err(refuse)?.checksum;
            EntryKind::Hardlink(target)
        }
        b'2' => {
            check_target(&header.link).map_err(refuse)?;
            if header.link.contains(&b'\n') {
                return Err(refuse("its target has a newline"));
            }
            EntryKind::Symlink(header.link.clone())
        }
        b'3' => EntryKind::CharDevice { major: header.major, minor: header.minor },
        b'4' => EntryKind::BlockDevice { major: header.major, minor: header.minor },
        b'5' => EntryKind::Directory,
        b'6' => EntryKind::Fifo,
        _ => return Err(refuse("its type is not supported")),
    };
    BinaryEntry::new(header, path, kind, md5).map_err(refuse)
}

fn read_file(tar: &mut TarReader<impl Read>, header: &Header) -> Result<(EntryKind, [u8; 16]), BinaryFault> {
    let offset = tar.position();
    let (mut sha256, mut md5) = (Sha256::new(), Md5::new());
    tar.content(|piece| {
        sha256.update(piece);
        md5.update(piece);
    })?;
    let kind = EntryKind::File { offset, length: header.size, sha256: Digest(sha256.finalize().into()) };
    Ok((kind, md5.finalize().into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An archive of one-block headers: type, name, link, content.
    fn archive(entries: &[(u8, &str, &str, &[u8])]) -> Vec<u8> {
        let mut out = Vec::new();
        for (kind, name, link, content) in entries {
            let mut block = vec![0_u8; BLOCK];
            let mut put = |at: usize, text: &[u8]| block[at..at + text.len()].copy_from_slice(text);
            put(0, name.as_bytes());
            put(100, b"0000644\0");
            put(108, b"0000000\0");
            put(116, b"0000000\0");
            put(124, format!("{:011o}\0", content.len()).as_bytes());
            put(136, b"00000000001\0");
            put(148, b"        ");
            put(156, &[*kind]);
            put(157, link.as_bytes());
            put(257, b"ustar\x0000root");
            let sum: u32 = block.iter().map(|byte| u32::from(*byte)).sum();
            block[148..155].copy_from_slice(format!("{sum:06o}\0").as_bytes());
            out.extend_from_slice(&block);
            out.extend_from_slice(content);
            out.resize(out.len().next_multiple_of(BLOCK), 0);
        }
        out.resize(out.len() + 2 * BLOCK, 0);
        out
    }

    fn read(entries: &[(u8, &str, &str, &[u8])]) -> Result<Vec<BinaryEntry>, BinaryFault> {
        let bytes = archive(entries);
        read_image(bytes.as_slice(), Compression::None, bytes.len() as u64, b"image", &mut Vec::new())
    }

    #[test]
    fn entries_lose_the_archives_directory() {
        let read = read(&[
            (b'5', "image/", "", b""),
            (b'5', "image/usr/", "", b""),
            (b'0', "image/usr/a", "", b"abc"),
            (b'1', "image/usr/b", "image/usr/a", b""),
            (b'2', "image/usr/c", "../x", b""),
        ]);
        let read = read.unwrap();
        assert_eq!(read.iter().map(|entry| entry.path.as_slice()).collect::<Vec<_>>(), [&b"usr"[..], b"usr/a", b"usr/b", b"usr/c"]);
        assert_eq!(read[2].kind, EntryKind::Hardlink(b"usr/a".to_vec()));
        assert_eq!((read[2].checksum, read[1].checksum.unwrap()[..2].to_vec()), (read[1].checksum, vec![0x90, 0x01]));
    }

    #[test]
    fn what_leaves_the_root_or_contradicts_itself_is_refused() {
        let usr = (b'5', "image/usr", "", &b""[..]);
        for bad in [
            vec![(b'6', "image/pipe", "", &b""[..])],
            vec![(b'0', "usr", "", &b""[..])],
            vec![(b'0', "image", "", b"")],
            vec![(b'0', "imagex/a", "", b"")],
            vec![(b'0', "image/../a", "", b"")],
            vec![(b'0', "image/usr/a", "", b"")],
            vec![usr, usr],
            vec![(b'2', "image/l", "/etc", b""), (b'0', "image/l/a", "", b"")],
            vec![(b'1', "image/a", "image/b", b"")],
            vec![(b'0', "image/b", "", b""), (b'1', "image/a", "x", b"")],
            vec![(b'2', "image/l", "", b"")],
            vec![(b'K', "x", "", b"a"), (b'K', "x", "", b"a"), (b'2', "image/l", "", b"")],
        ] {
            assert!(read(&bad).is_err(), "{bad:?}");
        }
    }
}
