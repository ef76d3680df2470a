//! Device nodes for processes to which the kernel gives none: an empty file takes the node's place, and an attribute of that file says what it stands for. The
//! file can be renamed, linked, given an owner and a mode, and removed like the node.

use std::os::fd::{AsFd, AsRawFd, BorrowedFd, FromRawFd, OwnedFd};

use libc::{SECCOMP_FILTER_FLAG_NEW_LISTENER, SECCOMP_IOCTL_NOTIF_ID_VALID, SECCOMP_IOCTL_NOTIF_RECV, SECCOMP_IOCTL_NOTIF_SEND};
use rootfs_guest::names::{DEVICE_ATTRIBUTE, device_value};
use rustix::fs::{Mode, OFlags, XattrFlags};
use rustix::io::Errno;
use rustix::thread::{LinkNameSpaceType, move_into_link_name_space};

use super::calls::{self, Wanted};
use crate::fork::{self, Fork};
use crate::runner::filter::load_program;
use crate::runner::process::ProcessTable;

/// How long a path can be, with its NUL.
const LONGEST_PATH: usize = 4096;

/// `CAP_MKNOD` of linux/capability.h.
const MAY_MAKE_NODES: u64 = 1 << 27;

/// Hears of each device node that a process wants to make.
pub(in crate::runner) struct Nodes(OwnedFd);

/// A notification, with room for fields that a later kernel adds.
#[repr(C)]
struct Notification {
    head: libc::seccomp_notif,
    room: [u64; 16],
}

impl Nodes {
    /// From now on, for this process and all its children. Needs `CAP_SYS_ADMIN`.
    pub(super) fn watch() -> Result<Self, Errno> {
        let listener = load_program(calls::program(), SECCOMP_FILTER_FLAG_NEW_LISTENER)?;
        let listener = i32::try_from(listener).or(Err(Errno::BADF))?;
        // SAFETY: the kernel just gave this descriptor to us.
        Ok(Self(unsafe { OwnedFd::from_raw_fd(listener) }))
    }

    /// Takes one call and answers it. A process that ended meanwhile needs no answer.
    pub(in crate::runner) fn answer(&self, processes: &ProcessTable) {
        let Some(libc::seccomp_notif { id, pid, data, .. }) = self.receive() else {
            return;
        };
        let made = calls::wanted(&data).ok_or(Errno::PERM).and_then(|wanted| self.make(id, pid, &wanted, processes));
        let error = made.err().map_or(0, |errno| -errno.raw_os_error());
        let mut response = libc::seccomp_notif_resp { id, val: 0, error, flags: 0 };
        self.control(SECCOMP_IOCTL_NOTIF_SEND, &raw mut response);
    }

    fn receive(&self) -> Option<libc::seccomp_notif> {
        // SAFETY: zeros are a value of these structures, which are numbers throughout.
        let mut notification: Notification = unsafe { std::mem::zeroed() };
        self.control(SECCOMP_IOCTL_NOTIF_RECV, &raw mut notification).then_some(notification.head)
    }

    /// Whether the process still waits: if not, its number may be another's by now.
    fn waits(&self, mut id: u64) -> bool {
        self.control(SECCOMP_IOCTL_NOTIF_ID_VALID, &raw mut id)
    }

    fn control<T>(&self, request: libc::Ioctl, argument: *mut T) -> bool {
        // SAFETY: each request of this file's comes with the structure that it is about, whole and writable.
        unsafe { libc::ioctl(self.0.as_raw_fd(), request, argument) == 0 }
    }

    fn make(&self, id: u64, process: u32, wanted: &Wanted, processes: &ProcessTable) -> Result<(), Errno> {
        let process = processes.directory(process)?;
        let (may, umask) = parse_status(&read(&process, "status", 0)?).ok_or(Errno::PERM)?;
        if !may {
            return Err(Errno::PERM);
        }
        let path = path(read(&process, "mem", wanted.path)?)?;
        let open = |name: &str, flags| rustix::fs::openat(&process, name, flags | OFlags::CLOEXEC, Mode::empty());
        let directory = wanted.directory.map_or("cwd".to_owned(), |number| format!("fd/{number}"));
        let place = Place {
            namespace: open("ns/mnt", OFlags::RDONLY)?,
            root: open("root", OFlags::PATH | OFlags::DIRECTORY)?,
            // Means nothing for an absolute path, and may be nothing.
            start: if path.starts_with(b"/") { None } else { Some(open(&directory, OFlags::PATH | OFlags::DIRECTORY)?) },
            path,
            mode: Mode::from_raw_mode(wanted.mode & !umask),
            value: device_value(wanted.is_block, wanted.major, wanted.minor),
        };
        if !self.waits(id) {
            return Err(Errno::SRCH);
        }
        place.fill_from_there()
    }
}

impl AsFd for Nodes {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

/// Where a process wants a node.
struct Place {
    namespace: OwnedFd,
    root: OwnedFd,
    start: Option<OwnedFd>,
    path: Vec<u8>,
    mode: Mode,
    value: String,
}

impl Place {
    /// From a process of its own, which stands where the one that asked does: so the path means the same.
    fn fill_from_there(&self) -> Result<(), Errno> {
        let helper = match fork::fork()? {
            Fork::Child => {
                fork::leave(self.fill().err().map_or(0, Errno::raw_os_error));
            }
            Fork::Parent(helper) => helper,
        };
        match fork::await_child(helper)?.exit_status() {
            Some(0) => Ok(()),
            Some(errno) => Err(Errno::from_raw_os_error(errno)),
            None => Err(Errno::IO),
        }
    }

    fn fill(&self) -> Result<(), Errno> {
        move_into_link_name_space(self.namespace.as_fd(), Some(LinkNameSpaceType::Mount))?;
        rustix::process::fchdir(&self.root)?;
        rustix::process::chroot(".")?;
        if let Some(start) = &self.start {
            rustix::process::fchdir(start)?;
        }
        rustix::process::umask(Mode::empty());
        let flags = OFlags::CREATE | OFlags::EXCL | OFlags::WRONLY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let file = rustix::fs::open(self.path.as_slice(), flags, self.mode)?;
        let recorded = rustix::fs::fsetxattr(&file, DEVICE_ATTRIBUTE, self.value.as_bytes(), XattrFlags::CREATE);
        if recorded.is_err() {
            let _ = rustix::fs::unlink(self.path.as_slice());
        }
        recorded
    }
}

/// Some of what a process's file in /proc has, from an offset on: a page, or what can be read of it.
fn read(process: &OwnedFd, name: &str, offset: u64) -> Result<Vec<u8>, Errno> {
    let file = rustix::fs::openat(process, name, OFlags::RDONLY | OFlags::CLOEXEC, Mode::empty())?;
    let mut buffer = vec![0; LONGEST_PATH];
    let count = rustix::io::pread(&file, &mut buffer, offset)?;
    buffer.truncate(count);
    Ok(buffer)
}

/// The string at the beginning of memory.
fn path(mut memory: Vec<u8>) -> Result<Vec<u8>, Errno> {
    let end = memory.iter().position(|byte| *byte == 0).ok_or(Errno::NAMETOOLONG)?;
    memory.truncate(end);
    if memory.is_empty() { Err(Errno::NOENT) } else { Ok(memory) }
}

/// Whether a process may make device nodes, and its umask, from `/proc/PID/status` (proc(5)).
fn parse_status(status: &[u8]) -> Option<(bool, u32)> {
    let status = String::from_utf8_lossy(status);
    let field = |name: &str| status.lines().find_map(|line| Some(line.strip_prefix(name)?.strip_prefix(':')?.trim()));
    let capabilities = u64::from_str_radix(field("CapEff")?, 16).ok()?;
    let umask = u32::from_str_radix(field("Umask")?, 8).ok()?;
    Some((capabilities & MAY_MAKE_NODES != 0, umask))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_status_says_who_may() {
        let status = |capabilities: &str| format!("Name:\tUmask: 7\nUmask:\t0027\nCapPrm:\t0\nCapEff:\t{capabilities}\n");
        assert_eq!(parse_status(status("00000000a80425fb").as_bytes()), Some((true, 0o27)));
        assert_eq!(parse_status(status("0000000000000000").as_bytes()), Some((false, 0o27)));
        assert_eq!(parse_status(b"Umask:\t0022\n"), None);
    }

    #[test]
    fn a_path_ends_in_nul() {
        assert_eq!(path(b"dev/null\0more".to_vec()), Ok(b"dev/null".to_vec()));
        assert_eq!(path(b"\0".to_vec()), Err(Errno::NOENT));
        assert_eq!(path(b"endless".to_vec()), Err(Errno::NAMETOOLONG));
    }
}
