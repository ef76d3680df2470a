//! What has changed on this side.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsStr;
use std::fs::File;
use std::io::{Read, Write};
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt;

use rustix::fs::{FileType, Mode, OFlags};

use super::disk::{attributes, failed, open_directory, split};
use super::record::{self, Node, Record, nonsense};
use super::{Mirror, MirrorError, RelativePath, Stamp};
use crate::protocol::CHUNK;

/// What one look has found.
struct Changes {
    /// Deepest first.
    gone: Vec<RelativePath>,
    /// With the directories that hold them, whose times the other side can't keep.
    changed: BTreeSet<RelativePath>,
}

impl Mirror {
    /// Writes what has changed since both sides were equal, and takes it for what both have. Gives how many entries that were.
    ///
    /// # Errors
    /// When the copy can't be read, something writes in it meanwhile, or the stream breaks.
    pub fn send(&mut self, out: &mut impl Write) -> Result<usize, MirrorError> {
        let now = self.look()?;
        let changes = self.compare(&now);
        for path in &changes.gone {
            record::write(out, path, &Record::Gone)?;
        }
        let mut names = BTreeMap::new();
        let mut above = Above::new(&self.root);
        for path in &changes.changed {
            let Some(stamp) = now.get(path) else { continue };
            send_entry(out, &mut above, path, stamp, &mut names)?;
        }
        record::write_end(out)?;
        self.known = now;
        self.outlast();
        Ok(changes.gone.len() + changes.changed.len())
    }

    fn compare(&self, now: &BTreeMap<RelativePath, Stamp>) -> Changes {
        let gone: Vec<_> = self.known.keys().rev().filter(|path| !now.contains_key(*path)).cloned().collect();
        let changed = now.iter().filter(|(path, stamp)| self.known.get(*path) != Some(*stamp)).map(|(path, _)| path.clone());
        let mut changed: BTreeSet<RelativePath> = changed.collect();
        // A directory that became something else takes its place only when it is empty, and the other way round: both are in order, since what is gone comes first.
        let holders: Vec<RelativePath> = changed.iter().chain(&gone).map(|path| split(path).0.into()).collect();
        changed.extend(holders.into_iter().filter(|path| now.contains_key(path)));
        Changes { gone, changed }
    }
}

/// The open directories above the entry before, most of which are also above the next.
pub(super) struct Above<'a> {
    root: &'a OwnedFd,
    /// From the root down: a name, and the directory of that name.
    open: Vec<(Vec<u8>, OwnedFd)>,
}

impl<'a> Above<'a> {
    pub(super) fn new(root: &'a OwnedFd) -> Self {
        Self { root, open: Vec::new() }
    }

    /// The directory that holds the entry at `path`. No link is followed on the way.
    pub(super) fn of(&mut self, path: &[u8]) -> Result<&OwnedFd, MirrorError> {
        let (parent, _) = split(path);
        let names: Vec<&[u8]> = parent.split(|byte| *byte == b'/').filter(|name| !name.is_empty()).collect();
        let same = self.open.iter().zip(&names).take_while(|((open, _), name)| open == *name).count();
        self.open.truncate(same);
        for name in names.into_iter().skip(same) {
            let directory = open_directory(self.last(), name).map_err(failed("open", parent))?;
            self.open.push((name.to_vec(), directory));
        }
        Ok(self.last())
    }

    fn last(&self) -> &OwnedFd {
        self.open.last().map_or(self.root, |(_, directory)| directory)
    }

    /// What is at `path` is another one from now on.
    pub(super) fn forget(&mut self, path: &[u8]) {
        let depth = path.split(|byte| *byte == b'/').count();
        self.open.truncate(depth.saturating_sub(1));
    }
}

fn send_entry(
    out: &mut impl Write,
    above: &mut Above<'_>,
    path: &[u8],
    stamp: &Stamp,
    names: &mut BTreeMap<(u64, u64), Vec<u8>>,
) -> Result<(), MirrorError> {
    let kind = stamp.kind();
    if kind != FileType::Directory && stamp.links > 1 {
        if let Some(first) = names.get(&stamp.inode) {
            return Ok(record::write(out, path, &Record::Link(first.clone()))?);
        }
        names.insert(stamp.inode, path.to_vec());
    }
    let directory = above.of(path)?;
    let (_, name) = split(path);
    let (major, minor) = (rustix::fs::major(stamp.device), rustix::fs::minor(stamp.device));
    let is_file = kind == FileType::RegularFile;
    let mut node = Node {
        mode: stamp.mode,
        uid: stamp.owner.0,
        gid: stamp.owner.1,
        modified: stamp.modified,
        attributes: attributes(directory, name).map_err(failed("read", path))?,
        size: if is_file { u64::try_from(stamp.size).unwrap_or(0) } else { 0 },
        device: (major, minor),
        target: Vec::new(),
    };
    if kind == FileType::Symlink {
        let target = rustix::fs::readlinkat(directory, OsStr::from_bytes(name), Vec::new()).map_err(failed("read", path))?;
        node.target = target.into_bytes();
    }
    record::write(out, path, &Record::Node(node))?;
    if is_file { send_content(out, directory, path, u64::try_from(stamp.size).unwrap_or(0)) } else { Ok(()) }
}

fn send_content(out: &mut impl Write, directory: &OwnedFd, path: &[u8], size: u64) -> Result<(), MirrorError> {
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::CLOEXEC | OFlags::NONBLOCK;
    let file = rustix::fs::openat(directory, OsStr::from_bytes(split(path).1), flags, Mode::empty()).map_err(failed("open", path))?;
    let mut file = File::from(file);
    let mut buffer = vec![0; CHUNK];
    let mut left = size;
    while left > 0 {
        let wanted = usize::try_from(left).unwrap_or(CHUNK).min(CHUNK);
        let count = file.read(&mut buffer[..wanted])?;
        if count == 0 {
            return Err(nonsense(&format!("`/{}` became shorter while it was read", path.escape_ascii())).into());
        }
        out.write_all(&buffer[..count])?;
        left = left.saturating_sub(u64::try_from(count).unwrap_or(u64::MAX));
    }
    Ok(())
}
