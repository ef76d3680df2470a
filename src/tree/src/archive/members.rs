use fs_err::File;
use fs_err::os::unix::fs::FileExt;
use tar::{EntryType, Header};

use super::extension::Extension;
use super::sparse::{self, Map};
use super::{BLOCK, fields, padding};
use crate::TreeError;
use crate::node::{Metadata, Time};

/// Longest extended header: all attributes of an inode fit.
const LONGEST_EXTENSION: u64 = 8 << 20;
/// Longest name and longest target.
const LONGEST_NAME: usize = 32 << 10;

/// One entry of an archive with what its extended headers say.
#[derive(Debug)]
pub(super) struct Member {
    /// As it is written.
    pub(super) name: Vec<u8>,
    pub(super) kind: EntryType,
    /// Of a link.
    pub(super) target: Vec<u8>,
    pub(super) metadata: Metadata,
    /// Of a device: major and minor.
    pub(super) device: (u32, u32),
    /// Where the content starts, and its length; without its holes.
    pub(super) content: (u64, u64),
    /// Of a sparse file.
    pub(super) sparse: Option<Map>,
}

impl Member {
    /// What is wrong with it.
    pub(super) fn error(&self, reason: &'static str) -> TreeError {
        TreeError::Archive { entry: self.name.escape_ascii().to_string(), reason: reason.to_owned() }
    }
}

/// The entries of a plain archive, one after another.
#[derive(Debug)]
pub(super) struct Members<'a> {
    file: &'a File,
    start: u64,
    position: u64,
    end: u64,
    /// What holds for all entries from here on.
    global: Extension,
}

impl<'a> Members<'a> {
    /// Of the archive that begins at `start` and is no longer than `length`, in bytes of the file.
    pub(super) fn of(file: &'a File, start: u64, length: u64) -> Result<Self, TreeError> {
        let end = file.metadata().map_err(failed)?.len().min(start.saturating_add(length));
        Ok(Self { file, start, position: start, end, global: Extension::default() })
    }

    /// The next entry; nothing at the archive's end, which must be marked.
    pub(super) fn next(&mut self) -> Result<Option<Member>, TreeError> {
        let mut extension = self.global.clone();
        let mut extended = false;
        loop {
            let start = self.position;
            let Some(header) = self.header()? else {
                return if extended { Err(wrong_at(start, "its extended header belongs to nothing")) } else { Ok(None) };
            };
            let name = shown(&header, &extension);
            let wrong = |reason: &str| TreeError::Archive { entry: name.clone(), reason: reason.to_owned() };
            let kind = header.entry_type();
            let map = self.oldest_map(&header, kind)?.transpose().map_err(wrong)?;
            let content = size_of(&header, kind, &extension).and_then(|size| self.content(size)).map_err(wrong)?;
            if is_volume_label(kind) {
                continue;
            }
            if !describes_another(kind) {
                let (map, content) = self.sparse(map, &mut extension, content).map_err(wrong)?;
                return member(&header, extension, content, map).map(Some).map_err(wrong);
            }
            let bytes = self.extension(content)?;
            match kind {
                EntryType::GNULongName => extension.name = Some(fields::text(&bytes).to_vec()),
                EntryType::GNULongLink => extension.target = Some(fields::text(&bytes).to_vec()),
                EntryType::XGlobalHeader => {
                    self.global.take_global(&bytes).and_then(|()| extension.take(&bytes)).map_err(wrong)?;
                    continue;
                }
                _ => extension.take(&bytes).map_err(wrong)?,
            }
            extended = true;
        }
    }

    /// Steps over a content, and tells where it is.
    fn content(&mut self, size: u64) -> Result<(u64, u64), &'static str> {
        let start = self.position;
        if size > self.end.saturating_sub(start) {
            return Err("its content goes beyond the archive's end");
        }
        self.position = self.end.min(start + size + padding(size));
        Ok((start, size))
    }

    /// The header at the position, checked; nothing for a block of zeros.
    fn header(&mut self) -> Result<Option<Header>, TreeError> {
        let start = self.position;
        let mut header = Header::new_old();
        if self.end.saturating_sub(start) < BLOCK {
            return Err(wrong_at(start, "the archive is cut off: its end is not marked"));
        }
        self.file.read_exact_at(header.as_mut_bytes(), start).map_err(failed)?;
        self.position += BLOCK;
        if header.as_bytes().iter().all(|byte| *byte == 0) {
            return Ok(None);
        }
        let sum = fields::number(&header.as_old().cksum);
        if sum != Some(checksum(&header).into()) {
            let reason = if start == self.start { "this is no tar archive" } else { "its header has a wrong checksum" };
            return Err(wrong_at(start, reason));
        }
        Ok(Some(header))
    }

    /// The map of a sparse file in its oldest form, which begins in the header.
    fn oldest_map(&mut self, header: &Header, kind: EntryType) -> Result<Option<Result<Map, &'static str>>, TreeError> {
        if kind != EntryType::GNUSparse {
            return Ok(None);
        }
        let (mut map, mut goes_on) = match sparse::of_header(header.as_bytes()) {
            Ok(begun) => begun,
            Err(reason) => return Ok(Some(Err(reason))),
        };
        while goes_on {
            let mut block = [0; 512];
            if self.end.saturating_sub(self.position) < BLOCK {
                return Err(wrong_at(self.position, "the archive is cut off: its end is not marked"));
            }
            self.file.read_exact_at(&mut block, self.position).map_err(failed)?;
            self.position += BLOCK;
            match sparse::add_block(&mut map, &block) {
                Ok(more) => goes_on = more,
                Err(reason) => return Ok(Some(Err(reason))),
            }
        }
        Ok(Some(Ok(map)))
    }

    /// The map of a sparse file in any form, and where its data is.
    fn sparse(
        &self,
        oldest: Option<Map>,
        extension: &mut Extension,
        content: (u64, u64),
    ) -> Result<(Option<Map>, (u64, u64)), &'static str> {
        if let Some(name) = extension.sparse_name.take() {
            extension.name = Some(name);
        }
        let records = std::mem::take(&mut extension.sparse);
        match oldest {
            Some(map) => Ok((Some(sparse::checked(map, content.1)?), content)),
            None if records.is_some() => records.map(self.file, content).map(|(map, content)| (Some(map), content)),
            None => Ok((None, content)),
        }
    }

    fn extension(&self, (start, length): (u64, u64)) -> Result<Vec<u8>, TreeError> {
        let length = Some(length).filter(|length| *length <= LONGEST_EXTENSION).and_then(|length| usize::try_from(length).ok());
        let mut bytes = vec![0; length.ok_or_else(|| wrong_at(start, "its extended header is too long"))?];
        self.file.read_exact_at(&mut bytes, start).map_err(failed)?;
        Ok(bytes)
    }
}

/// Whether this is no entry, but says something of those after it.
fn describes_another(kind: EntryType) -> bool {
    matches!(kind, EntryType::XHeader | EntryType::XGlobalHeader | EntryType::GNULongName | EntryType::GNULongLink)
}

fn is_volume_label(kind: EntryType) -> bool {
    kind.as_byte() == b'V'
}

fn size_of(header: &Header, kind: EntryType, extension: &Extension) -> Result<u64, &'static str> {
    // Old writers give a link the length of its file, and no content follows.
    if kind == EntryType::Link {
        return Ok(0);
    }
    let own = fields::number(&header.as_old().size).and_then(|size| u64::try_from(size).ok()).ok_or("its size is not a number")?;
    Ok(extension.size.filter(|_| !describes_another(kind)).unwrap_or(own))
}

fn member(header: &Header, extension: Extension, content: (u64, u64), sparse: Option<Map>) -> Result<Member, &'static str> {
    let old = header.as_old();
    let name = extension.name.unwrap_or_else(|| name_of(header));
    let target = extension.target.unwrap_or_else(|| fields::text(&old.linkname).to_vec());
    if name.is_empty() {
        return Err("it has no name");
    }
    if [&name, &target].into_iter().any(|text| text.contains(&0) || text.len() > LONGEST_NAME) {
        return Err("its name or target can't be one");
    }
    let kind = match header.entry_type() {
        EntryType::Regular | EntryType::Continuous if name.ends_with(b"/") => EntryType::Directory,
        EntryType::Continuous | EntryType::GNUSparse => EntryType::Regular,
        kind => kind,
    };
    let number = |field: &[u8]| fields::number(field).and_then(|number| u32::try_from(number).ok());
    let id = |field: &[u8]| number(field).filter(|id| *id != u32::MAX);
    let metadata = Metadata {
        mode: fields::number(&old.mode).and_then(|mode| u16::try_from(mode & 0o7777).ok()).ok_or("its mode is not a number")?,
        uid: extension.uid.or_else(|| id(&old.uid)).ok_or("its owner is not one")?,
        gid: extension.gid.or_else(|| id(&old.gid)).ok_or("its group is not one")?,
        mtime: extension.mtime.or_else(|| mtime_of(&old.mtime)).ok_or("its time is not a number")?,
        xattrs: (!extension.xattrs.is_empty()).then(|| Box::new(extension.xattrs)),
    };
    let device = if matches!(kind, EntryType::Char | EntryType::Block) { device_of(header, number)? } else { (0, 0) };
    Ok(Member { name, kind, target, metadata, device, content, sparse })
}

fn name_of(header: &Header) -> Vec<u8> {
    let name = fields::text(&header.as_old().name);
    let prefix = header.as_ustar().map_or(&b""[..], |ustar| fields::text(&ustar.prefix));
    if prefix.is_empty() { name.to_vec() } else { [prefix, b"/", name].concat() }
}

fn mtime_of(field: &[u8]) -> Option<Time> {
    fields::number(field).and_then(|seconds| i64::try_from(seconds).ok()).map(Time::from_seconds)
}

fn device_of(header: &Header, number: impl Fn(&[u8]) -> Option<u32>) -> Result<(u32, u32), &'static str> {
    // The fields are at the same place in both, and in no other form.
    let bytes = header.as_bytes();
    if header.as_ustar().is_none() && header.as_gnu().is_none() {
        return Err("it is a device without numbers");
    }
    number(&bytes[329..337]).zip(number(&bytes[337..345])).ok_or("its device numbers are not numbers")
}

/// The sum of the header's bytes, the field itself taken as spaces.
fn checksum(header: &Header) -> u32 {
    let field = header.as_old().cksum.iter().map(|byte| u32::from(*byte)).sum::<u32>();
    header.as_bytes().iter().map(|byte| u32::from(*byte)).sum::<u32>() - field + 8 * u32::from(b' ')
}

fn shown(header: &Header, extension: &Extension) -> String {
    let name = extension.name.clone().unwrap_or_else(|| name_of(header));
    name[..name.len().min(200)].escape_ascii().to_string()
}

fn wrong_at(position: u64, reason: &str) -> TreeError {
    TreeError::Archive { entry: format!("at byte {position}"), reason: reason.to_owned() }
}

fn failed(error: std::io::Error) -> TreeError {
    TreeError::io("read the archive", error)
}
