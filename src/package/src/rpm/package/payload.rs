use std::collections::HashMap;
use std::io::{self, BufRead, Read, Write};

use rootfs_tree::Digest;
use sha2::{Digest as _, Sha256};

use super::compression::decode;
use super::cpio::{CpioReader, Member};
use super::files::{HeaderFile, HeaderKind};
use super::{RpmEntry, RpmFault};
use crate::compression::{Bounded, is_limit};
use crate::payload::{EntryKind, Hashed, StreamFault};

const PLACE: &str = "its payload";

/// Reads a payload to its end and writes every file's content to `layer`, one behind another.
pub(super) fn read_payload(
    input: impl BufRead,
    compressor: Option<&[u8]>,
    files: &[HeaderFile],
    limit: u64,
    expected: Digest,
    layer: &mut dyn Write,
) -> Result<Vec<RpmEntry>, RpmFault> {
    let mut hashed = Hashed { input, digest: Sha256::new() };
    let mut unpack = Unpack { files, layer, contents: vec![None; files.len()], seen: vec![false; files.len()], offset: 0 };
    let unpacked = {
        let input = decode(compressor, &mut hashed)?;
        unpack.run(CpioReader::new(Bounded { input, left: limit }))
    };
    unpacked.map_err(|fault| match fault {
        RpmFault::Stream(StreamFault::Read { source, .. }) if is_limit(&source) => RpmFault::TooLarge { limit },
        fault => fault,
    })?;
    unpack.layer.flush().map_err(StreamFault::Write)?;
    // What a decoder leaves unread belongs to the payload as well.
    io::copy(&mut hashed, &mut io::sink()).map_err(|source| StreamFault::reading(PLACE, source))?;
    let found = Digest(hashed.digest.finalize().into());
    if found != expected {
        return Err(RpmFault::Digest { place: PLACE, expected, found });
    }
    unpack.entries()
}

/// A content in the layer.
#[derive(Debug, Clone, Copy)]
struct Stored {
    offset: u64,
    length: u64,
    sha256: Digest,
}

struct Unpack<'a> {
    files: &'a [HeaderFile],
    layer: &'a mut dyn Write,
    /// By the number of a set of names, which is that of its first file.
    contents: Vec<Option<Stored>>,
    seen: Vec<bool>,
    offset: u64,
}

impl Unpack<'_> {
    fn run(&mut self, mut archive: CpioReader<impl Read>) -> Result<(), RpmFault> {
        let by_name: HashMap<&[u8], usize> = self.files.iter().enumerate().map(|(at, file)| (&file.path[..], at)).collect();
        let mut last_of_set = HashMap::new();
        for (at, file) in self.files.iter().enumerate().filter(|(_, file)| !file.ghost) {
            if let HeaderKind::File { set: Some(set), .. } = file.kind {
                last_of_set.insert(set, at);
            }
        }
        while let Some(member) = archive.next()? {
            let (at, length) = match member {
                Member::Named(name, length) => {
                    let path = name.strip_prefix(b"./").or(name.strip_prefix(b"/")).unwrap_or(&name);
                    let at = by_name.get(path).copied();
                    (at.ok_or_else(|| RpmFault::file(path, "it is in the payload, and not in the header"))?, length)
                }
                Member::Numbered(at) => {
                    let file = self.files.get(at).ok_or(RpmFault::Payload { reason: "a member is a file that the header doesn't have" })?;
                    let length = match &file.kind {
                        // Of several names, the last one has the content.
                        HeaderKind::File { set: Some(set), length, .. } if last_of_set.get(set) == Some(&at) => *length,
                        HeaderKind::Symlink(target) => target.len() as u64,
                        _ => 0,
                    };
                    (at, length)
                }
            };
            self.member(&mut archive, at, length)?;
        }
        archive.finish()
    }

    fn member(&mut self, archive: &mut CpioReader<impl Read>, at: usize, length: u64) -> Result<(), RpmFault> {
        let Some(file) = self.files.get(at) else { return Ok(()) };
        if file.ghost || self.seen.get(at) == Some(&true) {
            return Err(RpmFault::file(&file.path, "it is in the payload once too often"));
        }
        if let Some(seen) = self.seen.get_mut(at) {
            *seen = true;
        }
        match &file.kind {
            HeaderKind::File { length: expected, set, .. } if *expected == length => {
                let stored = self.store(archive, length)?;
                let set = set.unwrap_or(at);
                // An empty file needs no content, and names of one file come without it.
                if let Some(slot) = self.contents.get_mut(set)
                    && slot.is_none_or(|slot| slot.length == 0)
                {
                    *slot = Some(stored);
                }
                Ok(())
            }
            HeaderKind::File { .. } if length == 0 => Ok(()),
            HeaderKind::File { .. } => Err(RpmFault::file(&file.path, "its length is another one than the header says")),
            HeaderKind::Symlink(target) => {
                let mut said = Vec::new();
                if length != target.len() as u64 {
                    return Err(RpmFault::file(&file.path, "the link says something else than the header"));
                }
                archive.content(length, |piece| {
                    said.extend_from_slice(piece);
                    Ok(())
                })?;
                if said == *target { Ok(()) } else { Err(RpmFault::file(&file.path, "the link says something else than the header")) }
            }
            _ if length == 0 => Ok(()),
            _ => Err(RpmFault::file(&file.path, "it has a content, and is no file")),
        }
    }

    fn store(&mut self, archive: &mut CpioReader<impl Read>, length: u64) -> Result<Stored, RpmFault> {
        let offset = self.offset;
        let mut sha256 = Sha256::new();
        let layer = &mut *self.layer;
        archive.content(length, |piece| {
            sha256.update(piece);
            Ok(layer.write_all(piece).map_err(StreamFault::Write)?)
        })?;
        self.offset += length;
        Ok(Stored { offset, length, sha256: Digest(sha256.finalize().into()) })
    }

    /// What the payload brings, in the header's order; the first of several names is the file.
    fn entries(&self) -> Result<Vec<RpmEntry>, RpmFault> {
        let mut entries = Vec::new();
        let mut first_names: HashMap<usize, &[u8]> = HashMap::new();
        for (at, file) in self.files.iter().enumerate().filter(|(_, file)| !file.ghost) {
            if self.seen.get(at) != Some(&true) {
                return Err(RpmFault::file(&file.path, "it is in the header, and not in the payload"));
            }
            let kind = match &file.kind {
                HeaderKind::Directory => EntryKind::Directory,
                HeaderKind::Symlink(target) => EntryKind::Symlink(target.clone()),
                HeaderKind::CharDevice(major, minor) => EntryKind::CharDevice { major: *major, minor: *minor },
                HeaderKind::BlockDevice(major, minor) => EntryKind::BlockDevice { major: *major, minor: *minor },
                HeaderKind::Fifo => EntryKind::Fifo,
                HeaderKind::File { length, sha256, set } => {
                    let set = set.unwrap_or(at);
                    match first_names.get(&set) {
                        Some(first) => EntryKind::Hardlink(first.to_vec()),
                        None => {
                            first_names.insert(set, &file.path);
                            self.content(file, set, *length, *sha256)?
                        }
                    }
                }
            };
            let HeaderFile { path, mode, user, group, mtime, capability, .. } = file;
            let (path, user, group, capability) = (path.clone(), user.clone(), group.clone(), capability.clone());
            entries.push(RpmEntry { path, kind, mode: *mode, user, group, mtime: *mtime, capability });
        }
        Ok(entries)
    }

    fn content(&self, file: &HeaderFile, set: usize, length: u64, expected: Option<Digest>) -> Result<EntryKind, RpmFault> {
        let stored = self.contents.get(set).copied().flatten().filter(|stored| stored.length == length);
        let Stored { offset, length, sha256 } = stored.ok_or_else(|| RpmFault::file(&file.path, "its content is not in the payload"))?;
        match expected {
            Some(expected) if expected != sha256 => {
                Err(RpmFault::file(&file.path, format!("its SHA-256 is {sha256}, not {expected} as the header says")))
            }
            _ => Ok(EntryKind::File { offset, length, sha256 }),
        }
    }
}
