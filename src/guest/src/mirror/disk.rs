//! Entries of an open directory: no link is followed anywhere.

use std::ffi::OsStr;
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;

use rustix::buffer::spare_capacity;
use rustix::fs::{AtFlags, Dir, Mode, OFlags, Stat};
use rustix::io::Errno;

use super::MirrorError;

/// Longest value and longest list the kernel gives: `XATTR_SIZE_MAX` and `XATTR_LIST_MAX`.
const LARGEST: usize = 65536;

/// A name and its value.
pub(super) type Attribute = (Vec<u8>, Vec<u8>);

pub(super) struct Names;

impl Names {
    /// Sorted by bytes.
    pub(super) fn of(directory: &OwnedFd) -> Result<Vec<Vec<u8>>, Errno> {
        let mut names = Vec::new();
        for entry in Dir::read_from(directory)? {
            let entry = entry?;
            let name = entry.file_name().to_bytes();
            if name != b"." && name != b".." {
                names.push(name.to_vec());
            }
        }
        names.sort_unstable();
        Ok(names)
    }
}

pub(super) fn failed(action: &'static str, path: &[u8]) -> impl FnOnce(Errno) -> MirrorError {
    let path = format!("/{}", path.escape_ascii());
    move |errno| MirrorError::Disk { action, path, errno }
}

pub(super) fn join(path: &[u8], name: &[u8]) -> Vec<u8> {
    if path.is_empty() { name.to_vec() } else { [path, b"/", name].concat() }
}

/// A path's directory and last name.
pub(super) fn split(path: &[u8]) -> (&[u8], &[u8]) {
    match path.iter().rposition(|byte| *byte == b'/') {
        Some(slash) => (&path[..slash], &path[slash + 1..]),
        None => (b"", path),
    }
}

/// None when nothing is there.
pub(super) fn stat(directory: &OwnedFd, name: &[u8]) -> Result<Option<Stat>, Errno> {
    match rustix::fs::statat(directory, OsStr::from_bytes(name), AtFlags::SYMLINK_NOFOLLOW) {
        Ok(stat) => Ok(Some(stat)),
        Err(Errno::NOENT) => Ok(None),
        Err(error) => Err(error),
    }
}

pub(super) fn open_directory(directory: &OwnedFd, name: &[u8]) -> Result<OwnedFd, Errno> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    rustix::fs::openat(directory, OsStr::from_bytes(name), flags, Mode::empty())
}

/// The extended attributes that belong to a tree, as `rootfs-tree` has it.
pub(super) fn attributes(directory: &OwnedFd, name: &[u8]) -> Result<Vec<Attribute>, Errno> {
    let path = by_descriptor(directory, name);
    let list = match grow(|buffer| rustix::fs::llistxattr(&*path, spare_capacity(buffer))) {
        Err(Errno::NOTSUP) => return Ok(Vec::new()),
        list => list?,
    };
    let mut attributes = Vec::new();
    for key in list.split(|byte| *byte == 0).filter(|key| belongs(key)) {
        match grow(|buffer| rustix::fs::lgetxattr(&*path, key, spare_capacity(buffer))) {
            Err(Errno::NODATA) => {}
            value => attributes.push((key.to_vec(), value?)),
        }
    }
    attributes.sort();
    Ok(attributes)
}

/// Makes the entry have exactly these.
pub(super) fn set_attributes(directory: &OwnedFd, name: &[u8], wanted: &[Attribute]) -> Result<(), Errno> {
    let path = by_descriptor(directory, name);
    for (key, _) in attributes(directory, name)? {
        if !wanted.iter().any(|(other, _)| *other == key) {
            rustix::fs::lremovexattr(&*path, &*key)?;
        }
    }
    let set = |(key, value): &Attribute| rustix::fs::lsetxattr(&*path, &**key, value, rustix::fs::XattrFlags::empty());
    wanted.iter().try_for_each(set)
}

fn belongs(name: &[u8]) -> bool {
    let is_in = |space: &str| name.starts_with(space.as_bytes());
    is_in("user.") || name == b"security.capability" || is_in("system.posix_acl_")
}

/// For calls that know paths only: the name is the last component, and none of them follows it.
fn by_descriptor(directory: &OwnedFd, name: &[u8]) -> Vec<u8> {
    let name = if name.is_empty() { b"." } else { name };
    [format!("/proc/self/fd/{}/", directory.as_raw_fd()).as_bytes(), name].concat()
}

fn grow(mut call: impl FnMut(&mut Vec<u8>) -> Result<usize, Errno>) -> Result<Vec<u8>, Errno> {
    let mut buffer = Vec::with_capacity(256);
    if let Err(error) = call(&mut buffer) {
        if error != Errno::RANGE {
            return Err(error);
        }
        buffer.reserve_exact(LARGEST);
        call(&mut buffer)?;
    }
    Ok(buffer)
}

/// Removes an entry with all below it; what is missing is no error.
pub(super) fn remove(directory: &OwnedFd, name: &[u8]) -> Result<(), Errno> {
    match rustix::fs::unlinkat(directory, OsStr::from_bytes(name), AtFlags::empty()) {
        Ok(()) | Err(Errno::NOENT) => Ok(()),
        Err(Errno::ISDIR) => {
            let inner = open_directory(directory, name)?;
            Names::of(&inner)?.iter().try_for_each(|below| remove(&inner, below))?;
            rustix::fs::unlinkat(directory, OsStr::from_bytes(name), AtFlags::REMOVEDIR)
        }
        Err(error) => Err(error),
    }
}
