//! What every Linux program expects to be mounted.

use std::ffi::CStr;

use rustix::fs::Mode;
use rustix::mount::{MountFlags, mount};

use crate::kernel_log;

/// A filesystem of the kernel's, and where it belongs.
struct Place {
    kind: &'static str,
    path: &'static str,
    flags: MountFlags,
    options: Option<&'static CStr>,
    /// Whether a kernel may lack it.
    optional: bool,
}

const SAFE: MountFlags = MountFlags::NOSUID.union(MountFlags::NODEV);
const PLAIN: MountFlags = SAFE.union(MountFlags::NOEXEC);

/// What the first program of an initramfs mounts.
const EARLY: [Place; 3] = [
    Place { kind: "devtmpfs", path: "/dev", flags: MountFlags::NOSUID, options: Some(c"mode=0755"), optional: false },
    Place { kind: "proc", path: "/proc", flags: PLAIN, options: None, optional: false },
    Place { kind: "sysfs", path: "/sys", flags: PLAIN, options: None, optional: false },
];

/// What an init mounts besides.
const LATE: [Place; 5] = [
    Place {
        kind: "devpts",
        path: "/dev/pts",
        flags: MountFlags::NOSUID.union(MountFlags::NOEXEC),
        options: Some(c"mode=0620,gid=5,ptmxmode=0666"),
        optional: false,
    },
    Place { kind: "tmpfs", path: "/dev/shm", flags: SAFE, options: Some(c"mode=1777"), optional: true },
    Place { kind: "tmpfs", path: "/run", flags: SAFE, options: Some(c"mode=0755"), optional: false },
    Place { kind: "tmpfs", path: "/tmp", flags: SAFE, options: Some(c"mode=1777"), optional: false },
    Place { kind: "cgroup2", path: "/sys/fs/cgroup", flags: PLAIN, options: None, optional: true },
];

/// Mounts `/dev`, `/proc` and `/sys` where they are not.
pub(crate) fn mount_early() {
    EARLY.iter().for_each(Place::mount);
}

/// Mounts all that programs of a running system expect, where it is not.
pub(crate) fn mount_all() {
    EARLY.iter().chain(&LATE).for_each(Place::mount);
}

impl Place {
    fn mount(&self) {
        // On a root that can't be written to, the directory is there or the mount fails and is told.
        let _ = rustix::fs::mkdir(self.path, Mode::from_raw_mode(0o755));
        if self.is_mounted() {
            return;
        }
        if let Err(error) = mount(self.kind, self.path, self.kind, self.flags, self.options)
            && !self.optional
        {
            kernel_log::error(&format!("can't mount {}: {error}", self.path));
        }
    }

    /// A mount has another device than the directory it is in.
    fn is_mounted(&self) -> bool {
        let device = |path: &str| rustix::fs::stat(path).map(|stat| stat.st_dev).ok();
        device(self.path) != device(&format!("{}/..", self.path))
    }
}
