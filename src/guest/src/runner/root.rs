//! The view of the filesystem: the stage as `/`, the tree as `/root`, and in the tree what a script expects of a running system.
//!
//! Mounts are made before the root is changed, relative to the stage; the client has made sure that their places are directories of the tree.

use std::ffi::CStr;

use rootfs_guest::protocol::Failure;
use rustix::fs::{Mode, OFlags, StatVfsMountFlags};
use rustix::mount::{MountFlags, MountPropagationFlags, UnmountFlags};

use super::process::ProcessTable;
use crate::failure::Step;

/// Where commands find their root, seen from process 1.
pub(super) const TREE: &str = "/root";

/// Host devices that a script may use; all of them are harmless.
const DEVICES: [&str; 6] = ["null", "zero", "full", "random", "urandom", "tty"];

const LINKS: [(&str, &str); 5] = [
    ("fd", "/proc/self/fd"),
    ("stdin", "/proc/self/fd/0"),
    ("stdout", "/proc/self/fd/1"),
    ("stderr", "/proc/self/fd/2"),
    ("ptmx", "pts/ptmx"),
];

/// Parts of /proc that reach the whole machine; root could write to them without any capability.
const READ_ONLY: [&str; 5] = ["sys", "sysrq-trigger", "irq", "bus", "fs"];

pub(super) const PLAIN: MountFlags = MountFlags::NOSUID.union(MountFlags::NOEXEC).union(MountFlags::NODEV);

/// Makes the mounts and moves into them. `stage` must leave the stage, a mount of its own, as the current directory; afterwards it is `/`.
pub(super) fn enter(stage: fn() -> Result<(), rustix::io::Errno>) -> Result<ProcessTable, Failure> {
    rustix::mount::mount_change("/", MountPropagationFlags::PRIVATE | MountPropagationFlags::REC).step("make mounts private")?;
    stage().step("mount the stage")?;
    mount("proc", "root/proc", PLAIN, None)?;
    let processes = ProcessTable::open("root/proc").step("open /proc")?;
    protect_proc("root/proc")?;
    mount("sysfs", "root/sys", PLAIN | MountFlags::RDONLY, None)?;
    fill_dev("root/dev")?;
    make_current_directory_root()?;
    Ok(processes)
}

/// Leaves all else; the current directory must be a mount.
pub(super) fn make_current_directory_root() -> Result<(), Failure> {
    rustix::process::pivot_root(".", ".").step("change the root")?;
    rustix::mount::unmount("/", UnmountFlags::DETACH).step("leave the host's root")?;
    rustix::process::chdir("/").step("change the directory")
}

/// A root must be a mount. Its device nodes are data, never devices: the packages decide what they are.
pub(super) fn own_stage() -> Result<(), rustix::io::Errno> {
    let path = rustix::process::getcwd(Vec::new())?;
    rustix::mount::mount_bind(".", ".")?;
    rustix::process::chdir(&path)?;
    rustix::mount::mount_remount(".", MountFlags::BIND | MountFlags::NODEV | present_flags(".")?, c"")
}

/// The same when the current directory is the tree itself: the stage is made, in memory, where this process alone sees it.
pub(super) fn stage_of_tree() -> Result<(), rustix::io::Errno> {
    rustix::mount::mount("tmpfs", "/tmp", "tmpfs", PLAIN, Some(c"mode=0700,size=1m"))?;
    rustix::fs::mkdir("/tmp/root", Mode::RWXU)?;
    rustix::mount::mount_bind(".", "/tmp/root")?;
    rustix::process::chdir("/tmp")?;
    rustix::mount::mount_remount("root", MountFlags::BIND | MountFlags::NODEV | present_flags("root")?, c"")
}

/// A remount forgets each flag that it doesn't repeat.
fn present_flags(path: &str) -> Result<MountFlags, rustix::io::Errno> {
    let flags = rustix::fs::statvfs(path)?.f_flag;
    let same = [
        (StatVfsMountFlags::RDONLY, MountFlags::RDONLY),
        (StatVfsMountFlags::NOSUID, MountFlags::NOSUID),
        (StatVfsMountFlags::NODEV, MountFlags::NODEV),
        (StatVfsMountFlags::NOEXEC, MountFlags::NOEXEC),
        (StatVfsMountFlags::NOATIME, MountFlags::NOATIME),
        (StatVfsMountFlags::NODIRATIME, MountFlags::NODIRATIME),
        (StatVfsMountFlags::RELATIME, MountFlags::RELATIME),
    ];
    Ok(same.into_iter().filter(|(flag, _)| flags.contains(*flag)).map(|(_, flag)| flag).collect())
}

pub(super) fn protect_proc(proc: &str) -> Result<(), Failure> {
    for name in READ_ONLY {
        let path = format!("{proc}/{name}");
        match rustix::mount::mount_bind(&path, &path) {
            // Some kernels are built without it.
            Err(rustix::io::Errno::NOENT) => continue,
            bound => bound.step(&format!("protect /proc/{name}"))?,
        }
        rustix::mount::mount_remount(&path, MountFlags::BIND | MountFlags::RDONLY | PLAIN, c"").step(&format!("protect /proc/{name}"))?;
    }
    Ok(())
}

pub(super) fn fill_dev(dev: &str) -> Result<(), Failure> {
    mount("tmpfs", dev, MountFlags::NOSUID | MountFlags::NODEV, Some(c"mode=0755,size=4m"))?;
    for name in DEVICES {
        let path = format!("{dev}/{name}");
        let place = rustix::fs::open(&path, OFlags::CREATE | OFlags::WRONLY | OFlags::CLOEXEC, Mode::from_raw_mode(0o666));
        place.step(&format!("make /dev/{name}"))?;
        rustix::mount::mount_bind(format!("/dev/{name}"), &path).step(&format!("mount /dev/{name}"))?;
    }
    for (name, target) in LINKS {
        rustix::fs::symlink(target, format!("{dev}/{name}")).step(&format!("make /dev/{name}"))?;
    }
    for name in ["pts", "shm"] {
        rustix::fs::mkdir(format!("{dev}/{name}"), Mode::from_raw_mode(0o755)).step(&format!("make /dev/{name}"))?;
    }
    let terminals = c"newinstance,ptmxmode=0666,mode=0620,gid=5";
    mount("devpts", &format!("{dev}/pts"), MountFlags::NOSUID | MountFlags::NOEXEC, Some(terminals))?;
    mount("tmpfs", &format!("{dev}/shm"), MountFlags::NOSUID | MountFlags::NODEV, Some(c"mode=1777"))
}

/// `target` is below a directory that becomes the root.
pub(super) fn mount(kind: &str, target: &str, flags: MountFlags, data: Option<&CStr>) -> Result<(), Failure> {
    let place = target.find('/').map_or(target, |slash| &target[slash..]);
    rustix::mount::mount(kind, target, kind, flags, data).step(&format!("mount {place}"))
}
