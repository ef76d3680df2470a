use std::collections::HashMap;
use std::io::{self, Read, Write};

use md5::Md5;
use rootfs_tree::Digest;
use sha2::{Digest as _, Sha256};

use super::path::{check_target, clean_path};
use super::tar::{Header, TarReader};
use super::{DebEntry, DebFault};
use crate::payload::{BLOCK, EntryKind, Tee, above};

/// Reads a payload, writes the same bytes to `layer` and hashes every file on the way. What follows the archive's end is not written; the layer ends
/// in two blocks of zeros whatever the payload ends in.
pub(super) fn read_payload(input: impl Read, layer: &mut dyn Write) -> Result<Vec<DebEntry>, DebFault> {
    let mut tar = TarReader::new(Tee { input, layer, failed: None }, "data.tar");
    let entries = match read_entries(&mut tar) {
        Ok(entries) => entries,
        Err(fault) => return Err(tar.blocks.input.failed.take().map_or(fault, DebFault::Write)),
    };
    // Reads the stream to its end, where the compressor's own checksum is.
    let Tee { mut input, layer, .. } = tar.blocks.input;
    io::copy(&mut input, &mut io::sink()).map_err(|source| DebFault::Read { place: "`data.tar`".to_owned(), source })?;
    layer.write_all(&[0; 2 * BLOCK]).and_then(|()| layer.flush()).map_err(DebFault::Write)?;
    Ok(entries)
}

fn read_entries(tar: &mut TarReader<Tee<'_, impl Read>>) -> Result<Vec<DebEntry>, DebFault> {
    let mut entries: Vec<DebEntry> = Vec::new();
    let mut known: HashMap<Vec<u8>, usize> = HashMap::new();
    while let Some(header) = tar.next()? {
        let kind = |path: &[u8]| known.get(path).map(|at| &entries[*at].kind);
        // dpkg links to files alone.
        let is_file = |path: &[u8]| matches!(kind(path), Some(EntryKind::File { .. } | EntryKind::Hardlink(_)));
        let entry = read_entry(tar, &header, is_file)?;
        // dpkg moves links in their places last, so that no package can put a file through its own.
        if let Some(above) = above(&entry.path).find(|above| !matches!(kind(above), None | Some(EntryKind::Directory))) {
            return Err(tar.fault(&header.name, format!("it lies below `{}`, which is no directory", above.escape_ascii())));
        }
        match known.get(&entry.path) {
            // Some builders write a directory once per file in it.
            Some(at) if entries[*at] == entry && entry.kind == EntryKind::Directory => {}
            Some(_) => return Err(tar.fault(&header.name, "it is there twice")),
            None => {
                known.insert(entry.path.clone(), entries.len());
                entries.push(entry);
            }
        }
    }
    Ok(entries)
}

fn read_entry(tar: &mut TarReader<Tee<'_, impl Read>>, header: &Header, is_file: impl Fn(&[u8]) -> bool) -> Result<DebEntry, DebFault> {
    let refuse =
        |reason: &str| DebFault::Entry { member: "data.tar", entry: header.name.escape_ascii().to_string(), reason: reason.to_owned() };
    let path = clean_path(&header.name).map_err(refuse)?;
    let mut md5 = None;
    let kind = match header.kind {
        _ if header.is_directory() => EntryKind::Directory,
        _ if header.is_file() => {
            let (kind, sum) = read_file(tar, header)?;
            md5 = Some(sum);
            kind
        }
        b'1' => {
            let target = clean_path(&header.link).map_err(refuse)?;
            if !is_file(&target) {
                return Err(refuse("it is a hard link to what is no file before it"));
            }
            EntryKind::Hardlink(target)
        }
        b'2' => {
            check_target(&header.link).map_err(refuse)?;
            EntryKind::Symlink(header.link.clone())
        }
        b'3' => EntryKind::CharDevice { major: header.major, minor: header.minor },
        b'4' => EntryKind::BlockDevice { major: header.major, minor: header.minor },
        b'6' => EntryKind::Fifo,
        _ => return Err(refuse("its type is not supported")),
    };
    if path.is_empty() && kind != EntryKind::Directory {
        return Err(refuse("the root is not a directory"));
    }
    Ok(DebEntry { path, kind, mode: header.mode, uid: header.uid, gid: header.gid, mtime: header.mtime, md5 })
}

fn read_file(tar: &mut TarReader<Tee<'_, impl Read>>, header: &Header) -> Result<(EntryKind, [u8; 16]), DebFault> {
    let offset = tar.position();
    let (mut sha256, mut md5) = (Sha256::new(), Md5::new());
    tar.content(|piece| {
        sha256.update(piece);
        md5.update(piece);
    })?;
    let kind = EntryKind::File { offset, length: header.size, sha256: Digest(sha256.finalize().into()) };
    Ok((kind, md5.finalize().into()))
}
