//! A directory as a root: every path is resolved inside it by the kernel (`openat2` with `RESOLVE_IN_ROOT`), whatever links say.

use std::ffi::OsStr;
use std::io::{Read, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use rustix::fs::{AtFlags, FileType, Mode, OFlags, ResolveFlags, Stat};
use rustix::io::Errno;

/// A root filesystem on disk that is being built.
#[derive(Debug)]
pub struct Root {
    directory: OwnedFd,
    path: PathBuf,
}

/// An operation inside the root failed.
#[derive(Debug, thiserror::Error)]
#[error("can't {action} `{path}` in the root")]
pub struct RootError {
    /// The verb.
    pub action: &'static str,
    /// Inside the root, with unprintable bytes escaped.
    pub path: String,
    /// Why.
    #[source]
    pub source: std::io::Error,
}

impl RootError {
    pub(crate) fn new(action: &'static str, path: &[u8], errno: Errno) -> Self {
        Self { action, path: shown(path), source: errno.into() }
    }

    /// Whether nothing was there.
    #[must_use]
    pub fn is_missing(&self) -> bool {
        self.source.kind() == std::io::ErrorKind::NotFound
    }
}

/// A path for people: absolute, unprintable bytes escaped.
#[must_use]
pub fn shown(path: &[u8]) -> String {
    let slash = if path.first() == Some(&b'/') { "" } else { "/" };
    format!("{slash}{}", path.escape_ascii())
}

/// Splits a path into its directory and its last component.
#[must_use]
pub fn split(path: &[u8]) -> (&[u8], &[u8]) {
    match path.iter().rposition(|byte| *byte == b'/') {
        Some(slash) => (&path[..slash], &path[slash + 1..]),
        None => (b"", path),
    }
}

impl Root {
    /// Opens the directory.
    ///
    /// # Errors
    /// When it is not a directory or can't be opened.
    pub fn open(path: &Path) -> Result<Self, RootError> {
        let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let directory =
            rustix::fs::open(path, flags, Mode::empty()).map_err(|errno| RootError::new("open", path.as_os_str().as_bytes(), errno))?;
        Ok(Self { directory, path: path.to_owned() })
    }

    /// Where it is on the host.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Whether nothing is in it.
    ///
    /// # Errors
    /// When the disk refuses.
    pub fn is_empty(&self) -> Result<bool, RootError> {
        let entries = fs_err::read_dir(&self.path).map_err(|source| RootError { action: "read", path: shown(b""), source })?;
        Ok(entries.count() == 0)
    }

    fn resolve(&self, path: &[u8], flags: OFlags, mode: Mode) -> Result<OwnedFd, Errno> {
        let relative: &[u8] = match path.iter().position(|byte| *byte != b'/') {
            Some(start) => &path[start..],
            None => b".",
        };
        let resolve = ResolveFlags::IN_ROOT | ResolveFlags::NO_MAGICLINKS;
        // The kernel says EAGAIN when something was renamed meanwhile.
        rustix::io::retry_on_intr(|| {
            loop {
                match rustix::fs::openat2(&self.directory, OsStr::from_bytes(relative), flags | OFlags::CLOEXEC, mode, resolve) {
                    Err(Errno::AGAIN) => {}
                    result => return result,
                }
            }
        })
    }

    /// A handle on a directory, links followed inside the root.
    ///
    /// # Errors
    /// When it is missing or no directory.
    pub fn directory(&self, path: &[u8]) -> Result<OwnedFd, RootError> {
        self.resolve(path, OFlags::PATH | OFlags::DIRECTORY, Mode::empty()).map_err(|errno| RootError::new("open", path, errno))
    }

    /// A handle on a directory, made with root's 0755 where it is missing, with its parents.
    ///
    /// # Errors
    /// When something on the way is no directory, or the disk refuses.
    pub fn make_directory(&self, path: &[u8]) -> Result<OwnedFd, RootError> {
        match self.resolve(path, OFlags::PATH | OFlags::DIRECTORY, Mode::empty()) {
            Err(Errno::NOENT) if !path.is_empty() => {}
            result => return result.map_err(|errno| RootError::new("open", path, errno)),
        }
        let (parent, name) = split(path);
        let above = self.make_directory(parent)?;
        if name.is_empty() {
            return Ok(above);
        }
        match rustix::fs::mkdirat(&above, OsStr::from_bytes(name), Mode::from_raw_mode(0o755)) {
            Ok(()) => set_mode(&above, name, 0o755).map_err(|errno| RootError::new("set the mode of", path, errno))?,
            Err(Errno::EXIST) => {}
            Err(errno) => return Err(RootError::new("make", path, errno)),
        }
        self.directory(path)
    }

    /// What is at the path itself, a last link not followed; nothing when it is missing.
    ///
    /// # Errors
    /// When the disk refuses.
    pub fn stat(&self, path: &[u8]) -> Result<Option<Stat>, RootError> {
        let (parent, name) = split(path);
        let above = match self.resolve(parent, OFlags::PATH | OFlags::DIRECTORY, Mode::empty()) {
            Ok(above) => above,
            Err(Errno::NOENT | Errno::NOTDIR) => return Ok(None),
            Err(errno) => return Err(RootError::new("open", parent, errno)),
        };
        match rustix::fs::statat(&above, OsStr::from_bytes(name), AtFlags::SYMLINK_NOFOLLOW) {
            Ok(stat) => Ok(Some(stat)),
            Err(Errno::NOENT) => Ok(None),
            Err(errno) => Err(RootError::new("stat", path, errno)),
        }
    }

    /// A regular file's bytes, links followed inside the root; nothing when it is missing.
    ///
    /// # Errors
    /// When it is no regular file or the disk refuses.
    pub fn read(&self, path: &[u8]) -> Result<Option<Vec<u8>>, RootError> {
        let handle = match self.resolve(path, OFlags::RDONLY | OFlags::NONBLOCK, Mode::empty()) {
            Ok(handle) => handle,
            Err(Errno::NOENT | Errno::NOTDIR) => return Ok(None),
            Err(errno) => return Err(RootError::new("read", path, errno)),
        };
        let stat = rustix::fs::fstat(&handle).map_err(|errno| RootError::new("stat", path, errno))?;
        if FileType::from_raw_mode(stat.st_mode) != FileType::RegularFile {
            return Err(RootError::new("read", path, Errno::INVAL));
        }
        let mut content = Vec::new();
        std::fs::File::from(handle).read_to_end(&mut content).map_err(|source| RootError { action: "read", path: shown(path), source })?;
        Ok(Some(content))
    }

    /// The names in a directory, sorted by bytes, links followed inside the root; none when no directory is there.
    ///
    /// # Errors
    /// When the disk refuses.
    pub fn list(&self, path: &[u8]) -> Result<Vec<Vec<u8>>, RootError> {
        let fail = |errno| RootError::new("read", path, errno);
        let directory = match self.resolve(path, OFlags::RDONLY | OFlags::DIRECTORY, Mode::empty()) {
            Ok(directory) => directory,
            Err(Errno::NOENT | Errno::NOTDIR) => return Ok(Vec::new()),
            Err(errno) => return Err(fail(errno)),
        };
        let mut names = Vec::new();
        for entry in rustix::fs::Dir::read_from(directory.as_fd()).map_err(fail)? {
            let entry = entry.map_err(fail)?;
            names.push(entry.file_name().to_bytes().to_vec());
        }
        names.retain(|name| name != b"." && name != b"..");
        names.sort();
        Ok(names)
    }

    /// Writes a file whole: beside its final name, then renamed over what was there. Parents are made.
    ///
    /// # Errors
    /// When a directory has the name, or the disk refuses.
    pub fn write(&self, path: &[u8], content: &[u8], mode: u32) -> Result<(), RootError> {
        let fail = |errno| RootError::new("write", path, errno);
        let (parent, name) = split(path);
        let above = self.make_directory(parent)?;
        let temporary = [b".".as_slice(), name, b".rootfs-gen"].concat();
        remove_at(&above, &temporary).map_err(fail)?;
        let handle = create_at(&above, &temporary).map_err(fail)?;
        let mut file = std::fs::File::from(handle);
        file.write_all(content).map_err(|source| RootError { action: "write", path: shown(path), source })?;
        rustix::fs::fchmod(&file, Mode::from_raw_mode(mode)).map_err(fail)?;
        rustix::fs::renameat(&above, OsStr::from_bytes(&temporary), &above, OsStr::from_bytes(name)).map_err(fail)
    }

    /// Adds to the end of a file, which is made when it is missing.
    ///
    /// # Errors
    /// As [`Root::write`].
    pub fn append(&self, path: &[u8], content: &[u8], mode: u32) -> Result<(), RootError> {
        let mut whole = self.read(path)?.unwrap_or_default();
        whole.extend_from_slice(content);
        self.write(path, &whole, mode)
    }

    /// Makes a symbolic link in place of a file or link.
    ///
    /// # Errors
    /// When a directory has the name, or the disk refuses.
    pub fn symlink(&self, target: &[u8], path: &[u8]) -> Result<(), RootError> {
        let fail = |errno| RootError::new("link", path, errno);
        let (parent, name) = split(path);
        let above = self.make_directory(parent)?;
        remove_at(&above, name).map_err(fail)?;
        rustix::fs::symlinkat(OsStr::from_bytes(target), &above, OsStr::from_bytes(name)).map_err(fail)
    }

    /// Gives an entry another name in the same directory, in place of what has it.
    ///
    /// # Errors
    /// When it doesn't exist, or the disk refuses.
    pub fn rename(&self, path: &[u8], name: &[u8]) -> Result<(), RootError> {
        let (parent, old) = split(path);
        let above = self.directory(parent)?;
        let renamed = rustix::fs::renameat(&above, OsStr::from_bytes(old), &above, OsStr::from_bytes(name));
        renamed.map_err(|errno| RootError::new("rename", path, errno))
    }

    /// Removes a file, a link, or a directory with all below it; what is missing is no error.
    ///
    /// # Errors
    /// When the disk refuses.
    pub fn remove(&self, path: &[u8]) -> Result<(), RootError> {
        let Some(stat) = self.stat(path)? else { return Ok(()) };
        let (parent, name) = split(path);
        let above = self.directory(parent)?;
        if FileType::from_raw_mode(stat.st_mode) == FileType::Directory {
            remove_directory(&above, name).map_err(|errno| RootError::new("remove", path, errno))
        } else {
            remove_at(&above, name).map_err(|errno| RootError::new("remove", path, errno))
        }
    }
}

/// Makes a new file to write, readable by its owner alone until its mode is set.
pub(crate) fn create_at(above: &OwnedFd, name: &[u8]) -> Result<OwnedFd, Errno> {
    let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    rustix::fs::openat(above, OsStr::from_bytes(name), flags, Mode::from_raw_mode(0o600))
}

/// Removes what is no directory; what is missing is no error.
pub(crate) fn remove_at(above: &OwnedFd, name: &[u8]) -> Result<(), Errno> {
    match rustix::fs::unlinkat(above, OsStr::from_bytes(name), AtFlags::empty()) {
        Ok(()) | Err(Errno::NOENT) => Ok(()),
        Err(errno) => Err(errno),
    }
}

/// Sets the mode of an entry that is no link.
pub(crate) fn set_mode(above: &OwnedFd, name: &[u8], mode: u32) -> Result<(), Errno> {
    rustix::fs::chmodat(above, OsStr::from_bytes(name), Mode::from_raw_mode(mode), AtFlags::empty())
}

fn remove_directory(above: &OwnedFd, name: &[u8]) -> Result<(), Errno> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let directory = rustix::fs::openat(above, OsStr::from_bytes(name), flags, Mode::empty())?;
    for entry in rustix::fs::Dir::read_from(directory.as_fd())? {
        let entry = entry?;
        let child = entry.file_name().to_bytes();
        if child == b"." || child == b".." {
            continue;
        }
        if entry.file_type() == FileType::Directory {
            remove_directory(&directory, child)?;
        } else {
            remove_at(&directory, child)?;
        }
    }
    rustix::fs::unlinkat(above, OsStr::from_bytes(name), AtFlags::REMOVEDIR)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn root() -> (tempfile::TempDir, Root) {
        let directory = tempfile::tempdir().unwrap();
        let root = Root::open(directory.path()).unwrap();
        (directory, root)
    }

    #[test]
    fn links_lead_nowhere_but_inside() {
        let (directory, root) = root();
        let outside = tempfile::tempdir().unwrap();
        root.symlink(outside.path().as_os_str().as_bytes(), b"/escape").unwrap();
        root.symlink(b"../../../../../..", b"/up").unwrap();
        root.write(b"/up/file", b"inside", 0o644).unwrap();
        assert!(directory.path().join("file").exists());
        assert!(root.write(b"/escape/file", b"x", 0o644).is_err(), "the link's target does not exist inside the root");
        assert_eq!(outside.path().read_dir().unwrap().count(), 0);
    }

    #[test]
    fn a_file_is_replaced_not_written_through() {
        let (_directory, root) = root();
        root.write(b"/etc/real", b"old", 0o600).unwrap();
        root.symlink(b"real", b"/etc/link").unwrap();
        root.write(b"/etc/link", b"new", 0o644).unwrap();
        assert_eq!(root.read(b"/etc/real").unwrap().unwrap(), b"old");
        assert_eq!(root.read(b"/etc/link").unwrap().unwrap(), b"new");
    }

    #[test]
    fn a_directory_is_listed_in_order() {
        let (_directory, root) = root();
        root.write(b"/a/b", b"", 0o644).unwrap();
        root.write(b"/a/B", b"", 0o644).unwrap();
        root.symlink(b"/a", b"/link").unwrap();
        assert_eq!(root.list(b"/link").unwrap(), [b"B", b"b"]);
        assert!(root.list(b"/none").unwrap().is_empty() && root.list(b"/a/b").unwrap().is_empty());
    }

    #[test]
    fn a_directory_is_removed_with_all_below_it() {
        let (directory, root) = root();
        root.write(b"/a/b/c", b"", 0o644).unwrap();
        root.symlink(b"/", b"/a/loop").unwrap();
        root.remove(b"/a").unwrap();
        root.remove(b"/a").unwrap();
        assert_eq!(directory.path().read_dir().unwrap().count(), 0);
        assert!(root.read(b"/a/b/c").unwrap().is_none());
    }
}
