use std::collections::HashMap;
use std::io::{self, Read, Write};

use md5::Md5;
use rootfs_tree::Digest;
use sha2::{Digest as _, Sha256};

use super::path::{check_target, clean_path};
use super::tar::{BLOCK, Header, TarReader};
use super::{DebEntry, DebFault, DebKind};

/// Reads a payload, writes the same bytes to `layer` and hashes every file on the way. What follows the archive's end is not written; the layer ends
/// in two blocks of zeros whatever the payload ends in.
pub(super) fn read_payload(input: impl Read, layer: &mut dyn Write) -> Result<Vec<DebEntry>, DebFault> {
    let mut tar = TarReader::new(Tee { input, layer, failed: None }, "data.tar");
    let entries = match read_entries(&mut tar) {
        Ok(entries) => entries,
        Err(fault) => return Err(tar.input.failed.take().map_or(fault, DebFault::Write)),
    };
    // Reads the stream to its end, where the compressor's own checksum is.
    let Tee { mut input, layer, .. } = tar.input;
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
        let is_file = |path: &[u8]| matches!(kind(path), Some(DebKind::File { .. } | DebKind::Hardlink(_)));
        let entry = read_entry(tar, &header, is_file)?;
        if let Some(above) = above(&entry.path).find(|above| !matches!(kind(above), None | Some(DebKind::Directory))) {
            return Err(tar.fault(&header.name, format!("it lies below `{}`, which is no directory", above.escape_ascii())));
        }
        match known.get(&entry.path) {
            // Some builders write a directory once per file in it.
            Some(at) if entries[*at] == entry && entry.kind == DebKind::Directory => {}
            Some(_) => return Err(tar.fault(&header.name, "it is there twice")),
            None => {
                known.insert(entry.path.clone(), entries.len());
                entries.push(entry);
            }
        }
    }
    Ok(entries)
}

/// The directories that a path is in, the nearest first. dpkg moves links in their places last, so that no package can put a file through its own.
fn above(path: &[u8]) -> impl Iterator<Item = &[u8]> {
    path.iter().enumerate().rev().filter(|(_, byte)| **byte == b'/').map(|(end, _)| &path[..end])
}

fn read_entry(tar: &mut TarReader<Tee<'_, impl Read>>, header: &Header, is_file: impl Fn(&[u8]) -> bool) -> Result<DebEntry, DebFault> {
    let refuse =
        |reason: &str| DebFault::Entry { member: "data.tar", entry: header.name.escape_ascii().to_string(), reason: reason.to_owned() };
    let path = clean_path(&header.name).map_err(refuse)?;
    let kind = match header.kind {
        _ if header.is_directory() => DebKind::Directory,
        _ if header.is_file() => read_file(tar, header)?,
        b'1' => {
            let target = clean_path(&header.link).map_err(refuse)?;
            if !is_file(&target) {
                return Err(refuse("it is a hard link to what is no file before it"));
            }
            DebKind::Hardlink(target)
        }
        b'2' => {
            check_target(&header.link).map_err(refuse)?;
            DebKind::Symlink(header.link.clone())
        }
        b'3' => DebKind::CharDevice { major: header.major, minor: header.minor },
        b'4' => DebKind::BlockDevice { major: header.major, minor: header.minor },
        b'6' => DebKind::Fifo,
        _ => return Err(refuse("its type is not supported")),
    };
    if path.is_empty() && kind != DebKind::Directory {
        return Err(refuse("the root is not a directory"));
    }
    Ok(DebEntry { path, kind, mode: header.mode, uid: header.uid, gid: header.gid, mtime: header.mtime })
}

fn read_file(tar: &mut TarReader<Tee<'_, impl Read>>, header: &Header) -> Result<DebKind, DebFault> {
    let offset = tar.position();
    let (mut sha256, mut md5) = (Sha256::new(), Md5::new());
    tar.content(|piece| {
        sha256.update(piece);
        md5.update(piece);
    })?;
    Ok(DebKind::File { offset, length: header.size, sha256: Digest(sha256.finalize().into()), md5: md5.finalize().into() })
}

/// Writes what is read through it. A failed write ends the reading and is kept apart, since it says nothing about the package.
struct Tee<'a, R> {
    input: R,
    layer: &'a mut dyn Write,
    failed: Option<io::Error>,
}

impl<R: Read> Read for Tee<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.input.read(buffer)?;
        if let Err(error) = self.layer.write_all(&buffer[..read]) {
            self.failed = Some(error);
            return Err(io::Error::other("the layer can't be written"));
        }
        Ok(read)
    }
}
