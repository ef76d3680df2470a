//! Emptying a copy that somebody else has begun.

use std::ffi::OsStr;
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt;

use rustix::fs::{AtFlags, FileType};
use rustix::io::Errno;

use super::disk::{Names, failed, join, open_directory, stat};
use super::{Mirror, MirrorError};

impl Mirror {
    /// Removes all that is there, but for what lies outside of the tree, what can't be removed, and each of `kept`, with the directories above these.
    ///
    /// # Errors
    /// When something can't be removed.
    pub fn clear(&self, kept: &[Vec<u8>]) -> Result<(), MirrorError> {
        self.clear_below(&self.root, b"", kept)
    }

    fn clear_below(&self, directory: &OwnedFd, path: &[u8], kept: &[Vec<u8>]) -> Result<(), MirrorError> {
        for name in Names::of(directory).map_err(failed("read", path))? {
            let below = join(path, &name);
            if self.view.outside.contains(&below) || self.view.fixed.contains(&below) || kept.contains(&below) {
                continue;
            }
            let Some(found) = stat(directory, &name).map_err(failed("read", &below))? else { continue };
            let flags = if FileType::from_raw_mode(found.st_mode) == FileType::Directory {
                let inner = open_directory(directory, &name).map_err(failed("open", &below))?;
                self.clear_below(&inner, &below, kept)?;
                AtFlags::REMOVEDIR
            } else {
                AtFlags::empty()
            };
            match rustix::fs::unlinkat(directory, OsStr::from_bytes(&name), flags) {
                Ok(()) | Err(Errno::NOENT | Errno::NOTEMPTY | Errno::EXIST) => {}
                removed => removed.map_err(failed("remove", &below))?,
            }
        }
        Ok(())
    }
}
