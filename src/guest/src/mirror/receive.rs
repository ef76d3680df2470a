//! Makes of this side's copy what the other has made of its own.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs::File;
use std::io::{Read, Write};
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt;

use rustix::fs::{AtFlags, FileType, Gid, Mode, OFlags, Timespec, Timestamps, Uid, XattrFlags};
use rustix::io::Errno;

use super::disk::{failed, remove, set_attributes, split, stat};
use super::record::{self, Node, Record, nonsense};
use super::send::Above;
use super::{Mirror, MirrorError, RelativePath, Stamp, View};
use crate::names::{DEVICE_ATTRIBUTE, device_value};
use crate::protocol::CHUNK;

impl Mirror {
    /// Reads what [`Mirror::send`] has written on the other side, and takes it for what both have. Gives how many entries that were.
    ///
    /// # Errors
    /// When the copy can't be written, or the stream breaks or leads outside. The copy is useless then.
    pub fn receive(&mut self, input: &mut impl Read) -> Result<usize, MirrorError> {
        let mut touched: BTreeMap<RelativePath, bool> = BTreeMap::new();
        let mut directories: Vec<(Vec<u8>, Node)> = Vec::new();
        let mut above = Above::new(&self.root);
        while let Some((path, record)) = record::read(input)? {
            if self.view.is_outside(&path) {
                return Err(nonsense("a path that doesn't belong to the tree").into());
            }
            if let Record::Node(node) = &record
                && FileType::from_raw_mode(node.mode) == FileType::Directory
            {
                make_directory(&mut above, &path)?;
                self.view.inherits |= node.attributes.iter().any(|(name, _)| name == b"system.posix_acl_default");
                directories.push((path.clone(), node.clone()));
            } else {
                place(&mut above, &path, &record, input, &self.view)?;
            }
            touched.insert(path.into(), matches!(record, Record::Gone));
        }
        // Last, and the deepest first: whatever is written in a directory changes its times.
        for (path, node) in directories.iter().rev() {
            let directory = above.of(path)?;
            settle(directory, split(path).1, path, node)?;
        }
        let count = touched.len();
        self.take_over(touched)?;
        self.outlast();
        Ok(count)
    }

    fn take_over(&mut self, touched: BTreeMap<RelativePath, bool>) -> Result<(), MirrorError> {
        let mut above = Above::new(&self.root);
        for (path, gone) in touched {
            let (_, name) = split(&path);
            if gone {
                self.known.remove(&path);
                if !self.view.fixed.contains(&*path) {
                    continue;
                }
            }
            let stamp = if path.is_empty() {
                Some(rustix::fs::fstat(&self.root).map_err(failed("read", b""))?)
            } else {
                stat(above.of(&path)?, name).map_err(failed("read", &path))?
            };
            match stamp {
                Some(stat) => self.known.insert(path, Stamp::of(&stat)),
                None => self.known.remove(&path),
            };
        }
        Ok(())
    }
}

impl View {
    fn is_outside(&self, path: &[u8]) -> bool {
        let ends = path.iter().enumerate().filter(|(_, byte)| **byte == b'/').map(|(end, _)| end).chain([path.len()]);
        ends.into_iter().any(|end| self.outside.contains(&path[..end]))
    }
}

fn make_directory(above: &mut Above<'_>, path: &[u8]) -> Result<(), MirrorError> {
    if path.is_empty() {
        return Ok(());
    }
    let directory = above.of(path)?;
    let (_, name) = split(path);
    let there = stat(directory, name).map_err(failed("read", path))?;
    if there.is_some_and(|stat| FileType::from_raw_mode(stat.st_mode) == FileType::Directory) {
        return Ok(());
    }
    remove(directory, name).map_err(failed("remove", path))?;
    rustix::fs::mkdirat(directory, OsStr::from_bytes(name), Mode::RWXU).map_err(failed("make", path))?;
    above.forget(path);
    Ok(())
}

/// Puts anything but a directory in its place.
fn place(above: &mut Above<'_>, path: &[u8], record: &Record, input: &mut impl Read, view: &View) -> Result<(), MirrorError> {
    let (_, name) = split(path);
    if name.is_empty() {
        return Err(nonsense("the root is no directory").into());
    }
    let linked = match record {
        Record::Link(target) => Some(descend_to(above, target)?),
        _ => None,
    };
    let directory = above.of(path)?;
    if view.fixed.contains(path) {
        return write_in_place(directory, path, record, input);
    }
    match record {
        Record::Gone => remove(directory, name).map_err(failed("remove", path)),
        Record::Link(target) => {
            remove(directory, name).map_err(failed("remove", path))?;
            let from = linked.as_ref().ok_or_else(|| nonsense("a link to nothing"))?;
            rustix::fs::linkat(from, OsStr::from_bytes(split(target).1), directory, OsStr::from_bytes(name), AtFlags::empty())
                .map_err(failed("link", path))
        }
        Record::Node(node) if FileType::from_raw_mode(node.mode) == FileType::RegularFile => {
            let mut file = create(directory, path)?;
            write_content(&mut file, path, node.size, input)?;
            settle_file(&file, path, node)?;
            // What a directory hands down is all that a new file could have by itself.
            if view.inherits || !node.attributes.is_empty() {
                set_attributes(directory, name, &node.attributes).map_err(failed("set the attributes of", path))?;
            }
            Ok(())
        }
        Record::Node(node) => {
            remove(directory, name).map_err(failed("remove", path))?;
            make(directory, path, node, view)?;
            settle(directory, name, path, node)
        }
    }
}

fn descend_to(above: &mut Above<'_>, path: &[u8]) -> Result<OwnedFd, MirrorError> {
    above.of(path)?.try_clone().map_err(MirrorError::Stream)
}

fn make(directory: &OwnedFd, path: &[u8], node: &Node, view: &View) -> Result<(), MirrorError> {
    let name = OsStr::from_bytes(split(path).1);
    let kind = FileType::from_raw_mode(node.mode);
    let made = match kind {
        FileType::Symlink => rustix::fs::symlinkat(OsStr::from_bytes(&node.target), directory, name),
        FileType::CharacterDevice | FileType::BlockDevice if view.stand_ins => {
            let (major, minor) = node.device;
            let value = device_value(kind == FileType::BlockDevice, major, minor);
            let file = create(directory, path)?;
            rustix::fs::fsetxattr(&file, DEVICE_ATTRIBUTE, value.as_bytes(), XattrFlags::empty())
        }
        FileType::CharacterDevice | FileType::BlockDevice | FileType::Fifo | FileType::Socket => {
            rustix::fs::mknodat(directory, name, kind, Mode::from_raw_mode(0o600), rustix::fs::makedev(node.device.0, node.device.1))
        }
        FileType::RegularFile | FileType::Directory | FileType::Unknown => return Err(nonsense("an entry of no type").into()),
    };
    made.map_err(failed("make", path))
}

/// A new file, in place of whatever has the name.
fn create(directory: &OwnedFd, path: &[u8]) -> Result<File, MirrorError> {
    let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let (_, name) = split(path);
    let make = || rustix::fs::openat(directory, OsStr::from_bytes(name), flags, Mode::from_raw_mode(0o600));
    let made = match make() {
        Err(Errno::EXIST) => {
            remove(directory, name).map_err(failed("remove", path))?;
            make()
        }
        made => made,
    };
    made.map(File::from).map_err(failed("make", path))
}

fn write_content(file: &mut File, path: &[u8], size: u64, input: &mut impl Read) -> Result<(), MirrorError> {
    let mut buffer = vec![0; usize::try_from(size).unwrap_or(CHUNK).min(CHUNK)];
    let mut left = size;
    while left > 0 {
        let wanted = usize::try_from(left).unwrap_or(CHUNK).min(CHUNK);
        input.read_exact(&mut buffer[..wanted])?;
        let written = file.write_all(&buffer[..wanted]);
        written.map_err(|error| failed("write", path)(Errno::from_io_error(&error).unwrap_or(Errno::IO)))?;
        left = left.saturating_sub(u64::try_from(wanted).unwrap_or(u64::MAX));
    }
    Ok(())
}

/// A file that is mounted takes contents only; for anything else it is emptied.
fn write_in_place(directory: &OwnedFd, path: &[u8], record: &Record, input: &mut impl Read) -> Result<(), MirrorError> {
    let (_, name) = split(path);
    let flags = OFlags::WRONLY | OFlags::TRUNC | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let file = rustix::fs::openat(directory, OsStr::from_bytes(name), flags, Mode::empty()).map_err(failed("open", path))?;
    match record {
        Record::Node(node) if FileType::from_raw_mode(node.mode) == FileType::RegularFile => {
            write_content(&mut file.into(), path, node.size, input)?;
            settle(directory, name, path, node)
        }
        _ => Ok(()),
    }
}

/// As [`settle`] but for attributes, for a file that was just made, which a filesystem in user space is asked for as little as possible.
fn settle_file(file: &File, path: &[u8], node: &Node) -> Result<(), MirrorError> {
    let set = || {
        let now = rustix::fs::fstat(file)?;
        if (now.st_uid, now.st_gid) != (node.uid, node.gid) {
            rustix::fs::fchown(file, Some(Uid::from_raw(node.uid)), Some(Gid::from_raw(node.gid)))?;
        }
        rustix::fs::fchmod(file, Mode::from_raw_mode(node.mode & 0o7777))?;
        rustix::fs::futimens(file, &times(node))
    };
    set().map_err(failed("set the owner, mode or time of", path))
}

/// Owner, mode, attributes and time: in this order, for each but the last may change what comes after it.
fn settle(directory: &OwnedFd, name: &[u8], path: &[u8], node: &Node) -> Result<(), MirrorError> {
    let kind = FileType::from_raw_mode(node.mode);
    let entry = OsStr::from_bytes(if name.is_empty() { b"." } else { name });
    let set = || {
        let owner = (Some(Uid::from_raw(node.uid)), Some(Gid::from_raw(node.gid)));
        rustix::fs::chownat(directory, entry, owner.0, owner.1, AtFlags::SYMLINK_NOFOLLOW)?;
        if kind != FileType::Symlink {
            rustix::fs::chmodat(directory, entry, Mode::from_raw_mode(node.mode & 0o7777), AtFlags::empty())?;
        }
        if matches!(kind, FileType::RegularFile | FileType::Directory) {
            set_attributes(directory, name, &node.attributes)?;
        }
        rustix::fs::utimensat(directory, entry, &times(node), AtFlags::SYMLINK_NOFOLLOW)
    };
    set().map_err(failed("set the owner, mode or time of", path))
}

fn times(node: &Node) -> Timestamps {
    let omit = Timespec { tv_sec: 0, tv_nsec: rustix::fs::UTIME_OMIT };
    Timestamps { last_access: omit, last_modification: Timespec { tv_sec: node.modified.0, tv_nsec: node.modified.1 } }
}
