//! Two copies of one tree, on two machines perhaps, that are made equal again whenever one side has changed its own.
//!
//! Each side keeps a [`Mirror`] of its copy: what every entry looked like when both were equal. [`Mirror::send`] writes what has changed since, and
//! [`Mirror::receive`] makes the same of the other copy. Types, modes, owners, times to the nanosecond, extended attributes, device numbers and hard links
//! all cross. The two sides must not change at once what the other has changed.
//!
//! Nothing that is received can reach outside of the copy: names are checked, and no link is followed.

mod clear;
mod disk;
mod error;
mod receive;
mod record;
mod send;

use std::collections::{BTreeMap, BTreeSet};
use std::os::fd::OwnedFd;
use std::path::Path;
use std::time::Duration;

use rustix::fs::{FileType, Mode, OFlags, Stat};

pub use error::MirrorError;

use disk::{Names, failed};

/// Directories of a root that whoever runs commands in it mounts: no side tells the other of them.
pub const MOUNTED: [&str; 3] = ["dev", "proc", "sys"];

/// A path inside the copy, without a leading slash; the copy itself is empty.
type RelativePath = Box<[u8]>;

/// One side's copy.
#[derive(Debug)]
pub struct Mirror {
    root: OwnedFd,
    known: BTreeMap<RelativePath, Stamp>,
    view: View,
}

/// What of a copy is not an ordinary entry.
#[derive(Debug, Clone, Default)]
pub struct View {
    /// Paths that don't belong to the tree, with all below them.
    pub outside: BTreeSet<Vec<u8>>,
    /// Files that can be written, but neither replaced nor removed.
    pub fixed: BTreeSet<Vec<u8>>,
    /// A device node becomes an empty file with the attribute [`crate::names::DEVICE_ATTRIBUTE`].
    pub stand_ins: bool,
    /// Whether a directory may hand an access list down to what is made in it.
    pub inherits: bool,
}

/// All that tells whether an entry was changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Stamp {
    mode: u32,
    owner: (u32, u32),
    /// Of the filesystem, and the number there.
    inode: (u64, u64),
    device: u64,
    size: i64,
    links: u64,
    modified: (i64, i64),
    changed: (i64, i64),
}

impl Stamp {
    fn of(stat: &Stat) -> Self {
        let is_directory = FileType::from_raw_mode(stat.st_mode) == FileType::Directory;
        Self {
            mode: stat.st_mode,
            owner: (stat.st_uid, stat.st_gid),
            inode: (stat.st_dev, stat.st_ino),
            device: stat.st_rdev,
            // What a directory's size and links say is the filesystem's own business.
            size: if is_directory { 0 } else { stat.st_size },
            links: if is_directory { 0 } else { count(stat.st_nlink) },
            modified: (stat.st_mtime, nanoseconds(stat.st_mtime_nsec)),
            changed: (stat.st_ctime, nanoseconds(stat.st_ctime_nsec)),
        }
    }

    fn kind(&self) -> FileType {
        FileType::from_raw_mode(self.mode)
    }
}

/// Nanoseconds are below 10⁹; libraries disagree about their sign.
fn nanoseconds(value: impl TryInto<i64>) -> i64 {
    value.try_into().unwrap_or(0)
}

/// As wide as the architecture has it, at most 64 bits.
fn count(value: impl TryInto<u64>) -> u64 {
    value.try_into().unwrap_or(u64::MAX)
}

impl Mirror {
    /// A copy of which the other side has nothing.
    ///
    /// # Errors
    /// When the directory can't be opened.
    pub fn new(root: &Path, view: View) -> Result<Self, MirrorError> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let root = rustix::fs::open(root, flags, Mode::empty()).map_err(failed("open", b""))?;
        Ok(Self { root, known: BTreeMap::new(), view })
    }

    /// Takes the copy as it is for what both sides have: the other is never told of it. But it is told of the directories `new` and those above them.
    ///
    /// # Errors
    /// When it can't be read.
    pub fn adopt(&mut self, new: &[Vec<u8>]) -> Result<(), MirrorError> {
        self.known = self.look()?;
        for path in new {
            let ends = path.iter().enumerate().filter(|(_, byte)| **byte == b'/').map(|(end, _)| end).chain([path.len()]);
            for end in ends {
                self.known.remove(&path[..end]);
            }
        }
        self.outlast();
        Ok(())
    }

    /// How every entry looks now.
    fn look(&self) -> Result<BTreeMap<RelativePath, Stamp>, MirrorError> {
        let mut seen = BTreeMap::new();
        let stat = rustix::fs::fstat(&self.root).map_err(failed("read", b""))?;
        seen.insert(RelativePath::default(), Stamp::of(&stat));
        self.look_below(&self.root, b"", &mut seen)?;
        Ok(seen)
    }

    fn look_below(&self, directory: &OwnedFd, path: &[u8], seen: &mut BTreeMap<RelativePath, Stamp>) -> Result<(), MirrorError> {
        for name in Names::of(directory).map_err(failed("read", path))? {
            let below = disk::join(path, &name);
            if self.view.outside.contains(&below) {
                continue;
            }
            let Some(stat) = disk::stat(directory, &name).map_err(failed("read", &below))? else { continue };
            let stamp = Stamp::of(&stat);
            if stamp.kind() == FileType::Directory {
                let inner = disk::open_directory(directory, &name).map_err(failed("open", &below))?;
                seen.insert(below.clone().into(), stamp);
                self.look_below(&inner, &below, seen)?;
            } else {
                seen.insert(below.into(), stamp);
            }
        }
        Ok(())
    }

    /// Waits until the clock of the filesystem has gone on: a change in the same tick as the last one would look like none.
    fn outlast(&self) {
        let newest = self.known.values().map(|stamp| stamp.changed).max().unwrap_or_default();
        for _ in 0..TICKS {
            let now = rustix::time::clock_gettime(rustix::time::ClockId::RealtimeCoarse);
            if (now.tv_sec, nanoseconds(now.tv_nsec)) > newest {
                return;
            }
            std::thread::sleep(TICK);
        }
    }
}

/// The coarse clock goes on every 1 to 10 ms. Where another machine keeps the times, it is waited for no longer than this.
const TICK: Duration = Duration::from_millis(1);
const TICKS: u32 = 20;

#[cfg(test)]
mod tests;
