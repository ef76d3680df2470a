use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};

use rustix::fs::{AtFlags, Mode, OFlags, Stat, Timespec, Timestamps};
use rustix::io::Errno;

use crate::SandboxError;

/// Where the runner mounts.
const NAMES: [&str; 3] = ["proc", "sys", "dev"];

/// The directories of a tree that are mounted over; those that were missing exist while this does.
#[derive(Debug)]
pub(crate) struct MountPoints {
    path: PathBuf,
    root: OwnedFd,
    made: Vec<(&'static str, Identity)>,
}

/// Tells whether a directory is still the one that was made: whoever gives it an owner, a mode or an entry has made it a part of the tree.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Identity {
    inode: u64,
    changed: (i64, i64),
}

impl MountPoints {
    /// Makes the missing ones in `root`.
    ///
    /// # Errors
    /// When something else than a directory is there, a link among that: a mount would go where it leads.
    pub(crate) fn make(root: &Path) -> Result<Self, SandboxError> {
        let failed = |name: &str, error: Errno| SandboxError::Stage { path: root.join(name), source: error.into() };
        let directory = open_directory(rustix::fs::CWD, root).map_err(|error| failed("", error))?;
        let mut points = Self { path: root.to_owned(), root: directory, made: Vec::new() };
        for name in NAMES {
            match open_directory(&points.root, name) {
                Ok(_) => {}
                Err(Errno::NOENT) => points.make_one(name).map_err(|error| failed(name, error))?,
                Err(error) => return Err(failed(name, error)),
            }
        }
        Ok(points)
    }

    fn make_one(&mut self, name: &'static str) -> Result<(), Errno> {
        let before = rustix::fs::fstat(&self.root)?;
        rustix::fs::mkdirat(&self.root, name, Mode::from_raw_mode(0o755))?;
        let made = rustix::fs::statat(&self.root, name, AtFlags::SYMLINK_NOFOLLOW)?;
        self.made.push((name, Identity::of(&made)));
        self.restore_time(&before)
    }

    /// Making and removing leave no trace in the root's own time either.
    fn restore_time(&self, before: &Stat) -> Result<(), Errno> {
        let time = |seconds: i64, nanoseconds: i64| Timespec { tv_sec: seconds, tv_nsec: nanoseconds };
        let times = Timestamps {
            last_access: time(before.st_atime, signed(before.st_atime_nsec)),
            last_modification: time(before.st_mtime, signed(before.st_mtime_nsec)),
        };
        rustix::fs::futimens(&self.root, &times)
    }

    /// Removes those that were made and are still as they were.
    ///
    /// # Errors
    /// When the disk refuses.
    pub(crate) fn remove(&mut self) -> Result<(), SandboxError> {
        for (name, identity) in std::mem::take(&mut self.made) {
            let removed = match rustix::fs::statat(&self.root, name, AtFlags::SYMLINK_NOFOLLOW) {
                Ok(now) if Identity::of(&now) == identity => self.remove_one(name),
                Ok(_) | Err(Errno::NOENT) => Ok(()),
                Err(error) => Err(error),
            };
            removed.map_err(|error| SandboxError::MountPoint { path: self.path.join(name), source: error.into() })?;
        }
        Ok(())
    }

    fn remove_one(&self, name: &str) -> Result<(), Errno> {
        let before = rustix::fs::fstat(&self.root)?;
        rustix::fs::unlinkat(&self.root, name, AtFlags::REMOVEDIR)?;
        self.restore_time(&before)
    }
}

impl Drop for MountPoints {
    fn drop(&mut self) {
        // Nobody is left to tell; `Sandbox::stop` reports it.
        let _ = self.remove();
    }
}

impl Identity {
    fn of(stat: &Stat) -> Self {
        Self { inode: stat.st_ino, changed: (stat.st_ctime, signed(stat.st_ctime_nsec)) }
    }
}

/// Nanoseconds are below 10⁹; libraries disagree about their sign.
fn signed(nanoseconds: impl TryInto<i64>) -> i64 {
    nanoseconds.try_into().unwrap_or(0)
}

fn open_directory(at: impl std::os::fd::AsFd, path: impl rustix::path::Arg) -> Result<OwnedFd, Errno> {
    rustix::fs::openat(at, path, OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC, Mode::empty())
}
