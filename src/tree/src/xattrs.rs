use std::os::fd::{AsRawFd, BorrowedFd};

use rustix::buffer::spare_capacity;
use rustix::fs::XattrFlags;
use rustix::io::Errno;

use crate::node::Xattrs;

/// Longest value and longest list the kernel gives: `XATTR_SIZE_MAX` and `XATTR_LIST_MAX`.
const LARGEST: usize = 65536;

/// Whether an attribute belongs to the tree. Labels of the host's policy and keys, the marks of a host's overlay mount and what only one filesystem
/// knows don't.
pub(crate) fn belongs(name: &[u8]) -> bool {
    let is_in = |space: &str| name.starts_with(space.as_bytes());
    let is_hosts = is_in("trusted.overlay.") || matches!(name, b"security.selinux" | b"security.evm");
    (is_in("user.") || is_in("trusted.") || is_in("security.") || is_in("system.posix_acl_")) && !is_hosts
}

/// An entry of an open directory, so named that the calls that know paths only can't leave the directory.
///
/// The name is the last component, and no call below follows it when it is a link.
#[derive(Debug)]
pub(crate) struct AtName(Vec<u8>);

impl AtName {
    /// `name` in `directory`; `.` is the directory itself.
    pub(crate) fn new(directory: BorrowedFd<'_>, name: &[u8]) -> Self {
        let mut path = format!("/proc/self/fd/{}/", directory.as_raw_fd()).into_bytes();
        path.extend_from_slice(name);
        Self(path)
    }

    /// The attributes that belong to the tree.
    pub(crate) fn read(&self) -> Result<Option<Box<Xattrs>>, Errno> {
        let mut xattrs = Xattrs::new();
        for name in self.names()? {
            if let Some(value) = self.value(&name)? {
                xattrs.insert(name, value);
            }
        }
        Ok((!xattrs.is_empty()).then(|| Box::new(xattrs)))
    }

    /// Makes the entry have exactly these, but for what doesn't belong to the tree.
    pub(crate) fn replace(&self, xattrs: Option<&Xattrs>) -> Result<(), Errno> {
        for name in self.names()? {
            if xattrs.is_none_or(|wanted| !wanted.contains_key(&name)) {
                rustix::fs::lremovexattr(&*self.0, &*name)?;
            }
        }
        self.add(xattrs)
    }

    /// Sets these; others stay.
    pub(crate) fn add(&self, xattrs: Option<&Xattrs>) -> Result<(), Errno> {
        xattrs.into_iter().flatten().try_for_each(|(name, value)| rustix::fs::lsetxattr(&*self.0, &**name, value, XattrFlags::empty()))
    }

    /// Names that belong to the tree; none where the filesystem has no attributes.
    fn names(&self) -> Result<Vec<Box<[u8]>>, Errno> {
        let list = match grow(|buffer| rustix::fs::llistxattr(&*self.0, spare_capacity(buffer))) {
            Err(Errno::NOTSUP) => return Ok(Vec::new()),
            result => result?,
        };
        Ok(list.split(|byte| *byte == 0).filter(|name| !name.is_empty() && belongs(name)).map(Into::into).collect())
    }

    /// Nothing when it is gone in the meantime.
    fn value(&self, name: &[u8]) -> Result<Option<Box<[u8]>>, Errno> {
        match grow(|buffer| rustix::fs::lgetxattr(&*self.0, name, spare_capacity(buffer))) {
            Err(Errno::NODATA) => Ok(None),
            result => Ok(Some(result?.into())),
        }
    }
}

fn grow(mut call: impl FnMut(&mut Vec<u8>) -> Result<usize, Errno>) -> Result<Vec<u8>, Errno> {
    let mut buffer = Vec::with_capacity(256);
    match call(&mut buffer) {
        Err(Errno::RANGE) => {
            buffer.reserve_exact(LARGEST);
            call(&mut buffer)?;
        }
        result => {
            result?;
        }
    }
    Ok(buffer)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hosts_attributes_are_not_the_trees() {
        for name in ["user.x", "trusted.x", "security.capability", "security.ima", "system.posix_acl_access", "system.posix_acl_default"] {
            assert!(belongs(name.as_bytes()), "{name}");
        }
        for name in ["security.selinux", "security.evm", "trusted.overlay.opaque", "system.nfs4_acl", "btrfs.compression", ""] {
            assert!(!belongs(name.as_bytes()), "{name}");
        }
    }

    #[test]
    fn a_value_as_long_as_they_get_comes_back() {
        use std::os::fd::AsFd;
        let temporary = tempfile::tempdir().unwrap();
        let directory = fs_err::File::open(temporary.path()).unwrap();
        let at = AtName::new(directory.as_fd(), b".");
        // An ext4 inode holds no more than a block of them.
        let xattrs: Xattrs =
            [("user.long", 3000), ("user.empty", 0)].map(|(name, length)| (name.as_bytes().into(), vec![7; length].into())).into();
        at.add(Some(&xattrs)).unwrap();
        assert_eq!(at.read().unwrap().as_deref(), Some(&xattrs));
        at.replace(None).unwrap();
        assert_eq!(at.read().unwrap(), None);
    }
}
