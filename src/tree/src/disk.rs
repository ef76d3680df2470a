pub(crate) mod create;

use std::ffi::OsStr;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use rustix::fs::{Mode, OFlags, ResolveFlags};
use rustix::io::Errno;

use crate::TreeError;

/// Longest path given to the kernel at once; a deeper one is opened in steps.
const STEP: usize = 4000;

/// A directory of the host that holds a tree.
///
/// Everything in it is reached relative to its descriptor, and no symbolic link below it is ever followed.
#[derive(Debug)]
pub(crate) struct Disk {
    root: OwnedFd,
    path: PathBuf,
}

impl Disk {
    /// Opens the directory; links on the way *to* it are the caller's, and followed.
    pub(crate) fn open(path: &Path) -> Result<Self, TreeError> {
        let root = rustix::fs::open(path, OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())
            .map_err(|errno| TreeError::io(format!("open `{}`", path.display()), errno))?;
        Ok(Self { root, path: path.to_owned() })
    }

    /// Where it is, for people.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// The descriptor of the directory itself.
    pub(crate) fn root(&self) -> BorrowedFd<'_> {
        self.root.as_fd()
    }

    /// Opens the directory at a path of the tree.
    pub(crate) fn directory(&self, path: &[u8]) -> Result<OwnedFd, TreeError> {
        self.open_at(path, OFlags::RDONLY | OFlags::DIRECTORY)
    }

    /// Opens what is at a path of the tree (with or without a leading slash).
    pub(crate) fn open_at(&self, path: &[u8], flags: OFlags) -> Result<OwnedFd, TreeError> {
        let relative = path.strip_prefix(b"/").unwrap_or(path);
        open_beneath(self.root(), relative, flags).map_err(self.failed("open", path))
    }

    /// What names the host's path of an error.
    pub(crate) fn failed(&self, action: &str, path: &[u8]) -> impl FnOnce(Errno) -> TreeError {
        let at = self.on_host(path);
        let action = format!("{action} `{}`", at.as_os_str().as_bytes().escape_ascii());
        move |errno| TreeError::io(action, errno)
    }

    /// A path of the tree as the host sees it.
    pub(crate) fn on_host(&self, path: &[u8]) -> PathBuf {
        let relative = path.strip_prefix(b"/").unwrap_or(path);
        if relative.is_empty() { self.path.clone() } else { self.path.join(OsStr::from_bytes(relative)) }
    }
}

/// A directory's path and a name in it.
pub(crate) fn join(directory: &[u8], name: &[u8]) -> Vec<u8> {
    let prefix = if directory == b"/" { b"" } else { directory };
    [prefix, b"/", name].concat()
}

/// A path's directory and its last name.
pub(crate) fn split(path: &[u8]) -> (&[u8], &[u8]) {
    let slash = path.iter().rposition(|byte| *byte == b'/').unwrap_or(0);
    (&path[..slash.max(1).min(path.len())], path.get(slash + 1..).unwrap_or_default())
}

fn open_beneath(root: BorrowedFd<'_>, path: &[u8], flags: OFlags) -> Result<OwnedFd, Errno> {
    let mut rest = path;
    let mut held: Option<OwnedFd> = None;
    while rest.len() > STEP {
        let end = rest[..STEP].iter().rposition(|byte| *byte == b'/').ok_or(Errno::NAMETOOLONG)?;
        let here = held.as_ref().map_or(root, AsFd::as_fd);
        held = Some(open_step(here, &rest[..end], OFlags::PATH | OFlags::DIRECTORY)?);
        rest = &rest[end + 1..];
    }
    open_step(held.as_ref().map_or(root, AsFd::as_fd), if rest.is_empty() { b"." } else { rest }, flags)
}

fn open_step(here: BorrowedFd<'_>, path: &[u8], flags: OFlags) -> Result<OwnedFd, Errno> {
    let flags = flags | OFlags::CLOEXEC | OFlags::NOFOLLOW;
    match rustix::fs::openat2(here, path, flags, Mode::empty(), ResolveFlags::BENEATH | ResolveFlags::NO_SYMLINKS) {
        // Linux before 5.6, or a sandbox that doesn't know the call.
        Err(Errno::NOSYS | Errno::PERM) => open_by_component(here, path, flags),
        result => result,
    }
}

fn open_by_component(here: BorrowedFd<'_>, path: &[u8], flags: OFlags) -> Result<OwnedFd, Errno> {
    let mut held: Option<OwnedFd> = None;
    let mut names = path.split(|byte| *byte == b'/').peekable();
    while let Some(name) = names.next() {
        if name == b".." {
            return Err(Errno::XDEV);
        }
        let last = names.peek().is_none();
        let how = if last { flags } else { OFlags::PATH | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC };
        held = Some(rustix::fs::openat(held.as_ref().map_or(here, AsFd::as_fd), name, how, Mode::empty())?);
    }
    held.ok_or(Errno::NOENT)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn both(root: BorrowedFd<'_>, path: &[u8]) -> [Result<OwnedFd, Errno>; 2] {
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        [open_beneath(root, path, flags), open_by_component(root, path, flags)]
    }

    #[test]
    fn links_and_dots_never_lead_out() {
        let temporary = tempfile::tempdir().unwrap();
        let dir = temporary.path();
        fs_err::create_dir_all(dir.join("root/sub")).unwrap();
        fs_err::write(dir.join("root/sub/file"), b"in").unwrap();
        fs_err::write(dir.join("secret"), b"out").unwrap();
        fs_err::os::unix::fs::symlink(dir, dir.join("root/up")).unwrap();
        fs_err::os::unix::fs::symlink("sub", dir.join("root/down")).unwrap();
        let disk = Disk::open(&dir.join("root")).unwrap();
        for path in ["up/secret", "../secret", "sub/../../secret", "up", "down/file", "missing"] {
            for opened in both(disk.root(), path.as_bytes()) {
                assert!(opened.is_err(), "{path}");
            }
        }
        for opened in both(disk.root(), b"sub/file") {
            opened.unwrap();
        }
    }

    #[test]
    fn paths_longer_than_the_kernel_takes_are_opened() {
        let temporary = tempfile::tempdir().unwrap();
        let disk = Disk::open(temporary.path()).unwrap();
        let mut path = Vec::new();
        let name = [b'd'; 200];
        for _ in 0..30 {
            let here = disk.directory(&path).unwrap();
            rustix::fs::mkdirat(&here, &name[..], Mode::RWXU).unwrap();
            path = join(&path, &name);
        }
        assert!(path.len() > 6000);
        disk.directory(&path).unwrap();
    }
}
