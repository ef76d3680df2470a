use std::ffi::OsString;
use std::io;
use std::os::fd::{AsRawFd, BorrowedFd};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use fs_err::File;
use fs_err::os::unix::fs::FileExt;
use rustix::fs::{AtFlags, CWD, FlockOperation, Mode, OFlags};
use rustix::io::Errno;

use crate::sink::{Sink, SinkError};

/// An image as a sparse file that gets its name when it is complete.
///
/// Until [`ImageFile::finish`] the file has no name at all where the filesystem can do that, so that nothing is left however the process ends;
/// elsewhere it is called `.NAME.partial` and locked, and goes when this is dropped. What had the name before stays untouched until then.
#[derive(Debug)]
pub struct ImageFile {
    file: File,
    path: PathBuf,
    partial: PathBuf,
    named: bool,
    turn: Mutex<()>,
}

impl ImageFile {
    /// Begins an image; `path` need not exist.
    ///
    /// # Errors
    /// When the directory can't be written, or another process writes the same image.
    pub fn create(path: &Path) -> Result<Self, SinkError> {
        path.file_name().ok_or_else(|| write_error(io::Error::from(Errno::ISDIR)))?;
        let partial = partial_name(path, ".partial");
        let directory = partial.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let (file, named) = match create_nameless(directory) {
            Some(file) => (File::from_parts(file, path.to_owned()), false),
            None => (create_locked(&partial)?, true),
        };
        Ok(Self { file, path: path.to_owned(), partial, named, turn: Mutex::default() })
    }

    /// Gives the file its length and its name, replacing what had that name. A crash of the machine right after may lose it: nothing waits for
    /// the disk.
    ///
    /// # Errors
    /// When the disk is full or the name can't be given.
    pub fn finish(mut self, length: u64) -> Result<(), SinkError> {
        self.file.set_len(length).map_err(write_error)?;
        if !self.named {
            self.name_partial()?;
            self.named = true;
        }
        fs_err::rename(&self.partial, &self.path).map_err(write_error)?;
        self.named = false;
        Ok(())
    }

    /// The inode's number makes the name one that no other image in the making has.
    fn name_partial(&mut self) -> Result<(), SinkError> {
        let inode = rustix::fs::fstat(&self.file).map_err(named(&self.path))?.st_ino;
        self.partial = partial_name(&self.path, &format!(".{inode}.partial"));
        rustix::fs::linkat(CWD, proc_path(&self.file), CWD, &self.partial, AtFlags::SYMLINK_FOLLOW).map_err(named(&self.partial))
    }
}

impl Drop for ImageFile {
    fn drop(&mut self) {
        if self.named {
            // Nobody is left to tell.
            let _ = fs_err::remove_file(&self.partial);
        }
    }
}

impl Sink for ImageFile {
    fn data(&self, offset: u64, bytes: &[u8]) -> Result<(), SinkError> {
        // The kernel lets one thread at a time write to a file. Who waits here sleeps; who waits there keeps a processor busy.
        let _turn = self.turn.lock().unwrap_or_else(PoisonError::into_inner);
        self.file.write_all_at(bytes, offset).map_err(write_error)
    }

    fn read_back(&self, offset: u64, buffer: &mut [u8]) -> Result<(), SinkError> {
        let mut filled = 0;
        while filled < buffer.len() {
            match self.file.read_at(&mut buffer[filled..], offset + filled as u64) {
                // Behind what was written so far.
                Ok(0) => break,
                Ok(count) => filled += count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(SinkError::ReadBack(error)),
            }
        }
        buffer[filled..].fill(0);
        Ok(())
    }

    fn copy(&self, offset: u64, from: BorrowedFd<'_>, at: u64, length: u64) -> Result<(), SinkError> {
        let mut done = 0;
        while done < length {
            let (mut source, mut target) = (at + done, offset + done);
            let wanted = usize::try_from(length - done).unwrap_or(usize::MAX);
            match rustix::fs::copy_file_range(from, Some(&mut source), &self.file, Some(&mut target), wanted) {
                Ok(0) => return Err(SinkError::Read(io::ErrorKind::UnexpectedEof.into())),
                Ok(count) => done += count as u64,
                Err(Errno::INTR) => {}
                Err(Errno::NOSPC | Errno::DQUOT | Errno::FBIG) if done > 0 => return Err(write_error(Errno::NOSPC.into())),
                // Between filesystems, or where either has no such call: by hand, which also tells reading from writing apart.
                Err(_) => return Through(self).copy(offset + done, from, at + done, length - done),
            }
        }
        Ok(())
    }
}

/// The file without its own way of copying.
struct Through<'a>(&'a ImageFile);

impl Sink for Through<'_> {
    fn data(&self, offset: u64, bytes: &[u8]) -> Result<(), SinkError> {
        self.0.data(offset, bytes)
    }
}

/// Beside the image, hidden.
fn partial_name(path: &Path, suffix: &str) -> PathBuf {
    let mut name = OsString::from(".");
    name.push(path.file_name().unwrap_or_default());
    name.push(suffix);
    path.with_file_name(name)
}

fn create_nameless(directory: &Path) -> Option<std::fs::File> {
    let file = std::fs::File::from(rustix::fs::open(directory, OFlags::TMPFILE | OFlags::RDWR | OFlags::CLOEXEC, mode()).ok()?);
    // It gets its name through /proc, which a container may lack.
    rustix::fs::access(proc_path(&file), rustix::fs::Access::EXISTS).ok()?;
    Some(file)
}

fn create_locked(partial: &Path) -> Result<File, SinkError> {
    loop {
        let flags = OFlags::CREATE | OFlags::RDWR | OFlags::CLOEXEC | OFlags::NOFOLLOW;
        let file = rustix::fs::open(partial, flags, mode()).map_err(named(partial))?;
        match rustix::fs::flock(&file, FlockOperation::NonBlockingLockExclusive) {
            Err(Errno::WOULDBLOCK) => return Err(SinkError::Busy { path: partial.to_owned() }),
            result => result.map_err(named(partial))?,
        }
        // Whoever held the lock may have finished in between, and the name be gone or another file's.
        let opened = rustix::fs::fstat(&file).map_err(named(partial))?;
        match rustix::fs::lstat(partial) {
            Ok(found) if (found.st_dev, found.st_ino) == (opened.st_dev, opened.st_ino) => {
                rustix::fs::ftruncate(&file, 0).map_err(named(partial))?;
                return Ok(File::from_parts(std::fs::File::from(file), partial.to_owned()));
            }
            _ => {}
        }
    }
}

fn mode() -> Mode {
    Mode::from_raw_mode(0o666)
}

fn proc_path(file: &impl AsRawFd) -> String {
    format!("/proc/self/fd/{}", file.as_raw_fd())
}

fn write_error(error: io::Error) -> SinkError {
    SinkError::Write(error)
}

fn named(path: &Path) -> impl FnOnce(Errno) -> SinkError {
    move |errno| write_error(io::Error::new(io::Error::from(errno).kind(), format!("{}: {}", path.display(), io::Error::from(errno))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_named_one_is_locked_and_begins_empty() {
        let directory = tempfile::tempdir().unwrap();
        let partial = directory.path().join(".image.partial");
        fs_err::write(&partial, b"left by a killed process").unwrap();
        let first = create_locked(&partial).unwrap();
        assert_eq!(first.metadata().unwrap().len(), 0);
        let busy = create_locked(&partial).unwrap_err();
        assert_eq!(busy.to_string(), format!("another process is writing `{}`", partial.display()));
        drop(first);
        create_locked(&partial).unwrap();
    }

    #[test]
    fn a_named_one_becomes_the_image_or_goes() {
        let directory = tempfile::tempdir().unwrap();
        let (path, partial) = (directory.path().join("image"), directory.path().join(".image.partial"));
        let new = || ImageFile {
            file: create_locked(&partial).unwrap(),
            path: path.clone(),
            partial: partial.clone(),
            named: true,
            turn: Mutex::default(),
        };
        drop(new());
        assert!(!partial.exists() && !path.exists());
        new().finish(3).unwrap();
        assert!(!partial.exists());
        assert_eq!(fs_err::read(&path).unwrap(), [0; 3]);
    }
}
