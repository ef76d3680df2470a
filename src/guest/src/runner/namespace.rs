use rootfs_guest::protocol::Failure;
use rustix::thread::UnshareFlags;

use crate::failure::Step;

/// Leaves the host's mounts, processes, messages, names and network; the next child is process 1.
///
/// The caller must have `CAP_SYS_ADMIN` in its user namespace. This is the one place where a user namespace of its own would be entered.
pub(super) fn enter() -> Result<(), Failure> {
    let fresh = UnshareFlags::NEWNS | UnshareFlags::NEWPID | UnshareFlags::NEWIPC | UnshareFlags::NEWUTS | UnshareFlags::NEWNET;
    // SAFETY: the flags don't unshare the table of open files.
    unsafe { rustix::thread::unshare_unsafe(fresh) }.step("make namespaces")
}
