//! mount_setattr(2), which neither the C library nor rustix has.

use std::ffi::CString;

use rustix::io::Errno;

use crate::fork::last_error;

/// `struct mount_attr` and the attributes of linux/mount.h.
#[repr(C)]
struct MountAttributes {
    set: u64,
    clear: u64,
    propagation: u64,
    user_namespace: u64,
}

pub(super) const READ_ONLY: u64 = 0x1;
pub(super) const NO_SETUID: u64 = 0x2;
pub(super) const NO_DEVICES: u64 = 0x4;

/// Adds attributes to the mount at `path`, and to all below it when asked to.
pub(super) fn add(path: &str, attributes: u64, recursive: bool) -> Result<(), Errno> {
    change(path, MountAttributes { set: attributes, clear: 0, propagation: 0, user_namespace: 0 }, recursive)
}

/// Takes attributes from the mount at `path`.
pub(super) fn remove(path: &str, attributes: u64) -> Result<(), Errno> {
    change(path, MountAttributes { set: 0, clear: attributes, propagation: 0, user_namespace: 0 }, false)
}

fn change(path: &str, attributes: MountAttributes, recursive: bool) -> Result<(), Errno> {
    let path = CString::new(path).or(Err(Errno::INVAL))?;
    let flags = if recursive { libc::AT_RECURSIVE } else { 0 };
    // SAFETY: the path ends in NUL, the structure is whole and its size the true one; the kernel reads both before the call returns.
    let result = unsafe {
        libc::syscall(libc::SYS_mount_setattr, libc::AT_FDCWD, path.as_ptr(), flags, &raw const attributes, size_of::<MountAttributes>())
    };
    if result == 0 { Ok(()) } else { Err(last_error()) }
}
