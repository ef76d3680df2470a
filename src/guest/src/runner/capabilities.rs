use rootfs_guest::protocol::Failure;
use rustix::io::Errno;
use rustix::thread::{CapabilitySet, CapabilitySets};

use crate::failure::Step;

/// What scripts may do: the default of container engines, so that a tree builds alike in every seat. Not in it: mounting, raw
/// devices, kernel modules, the clock, files by handle.
pub(super) const OF_SCRIPTS: CapabilitySet = CapabilitySet::CHOWN
    .union(CapabilitySet::DAC_OVERRIDE)
    .union(CapabilitySet::FOWNER)
    .union(CapabilitySet::FSETID)
    .union(CapabilitySet::KILL)
    .union(CapabilitySet::SETGID)
    .union(CapabilitySet::SETUID)
    .union(CapabilitySet::SETPCAP)
    .union(CapabilitySet::NET_BIND_SERVICE)
    .union(CapabilitySet::NET_RAW)
    .union(CapabilitySet::SYS_CHROOT)
    .union(CapabilitySet::MKNOD)
    .union(CapabilitySet::AUDIT_WRITE)
    .union(CapabilitySet::SETFCAP);

/// What the host's programs may do in a workshop, which is a user namespace of its own: mount too, as debootstrap does it, and look at each other, as process 1
/// must to carry out their mknod(2).
pub(super) const OF_WORKSHOP: CapabilitySet = OF_SCRIPTS.union(CapabilitySet::SYS_ADMIN).union(CapabilitySet::SYS_PTRACE);

/// Gives all other capabilities up, for this process and all its children.
///
/// Process 1 keeps no more than its commands have, or they could not look at `/proc/1/root`.
pub(super) fn reduce(kept: CapabilitySet) -> Result<(), Failure> {
    for bit in 0..u64::BITS {
        let capability = CapabilitySet::from_bits_retain(1 << bit);
        if kept.contains(capability) {
            continue;
        }
        match rustix::thread::remove_capability_from_bounding_set(capability) {
            // The kernel knows no such capability, nor any above.
            Err(Errno::INVAL) => break,
            removed => removed.step("give capabilities up")?,
        }
    }
    let held = rustix::thread::capabilities(None).step("read the capabilities")?;
    let sets = CapabilitySets { effective: held.effective & kept, permitted: held.permitted & kept, inheritable: CapabilitySet::empty() };
    rustix::thread::set_capabilities(None, sets).step("give capabilities up")
}
