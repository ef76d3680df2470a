use std::time::{Duration, Instant};

use rootfs_guest::protocol::Exec;
use rustix::io::Errno;
use rustix::mount::{MountFlags, UnmountFlags};
use rustix::process::WaitOptions;
use rustix::system::RebootCommand;

use crate::kernel_log;
use crate::program;

/// How this guest is powered off.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Power {
    /// By us.
    Init,
    /// By the init that started us.
    Service,
    /// Not at all: this is no guest.
    None,
}

/// Asks systemd to start `poweroff.target`: `SIGRTMIN+4` as glibc counts, which is not how every C library counts (systemd(1)).
const SYSTEMD_POWER_OFF: libc::c_int = 34 + 4;

/// How long processes may take to end when they are asked to.
const PATIENCE: Duration = Duration::from_secs(3);

impl Power {
    /// Powers the guest off; returns when somebody else is to do it.
    pub(super) fn off(self) {
        match self {
            Self::Init => power_off_as_init(),
            Self::Service => ask_init(),
            Self::None => {}
        }
    }
}

fn ask_init() {
    rustix::fs::sync();
    if std::path::Path::new("/run/systemd/system").exists() {
        // SAFETY: the call takes no pointers.
        unsafe { libc::kill(1, SYSTEMD_POWER_OFF) };
        return;
    }
    let exec = Exec { arguments: vec![b"poweroff".to_vec()], environment: Vec::new(), directory: b"/".to_vec() };
    if program::start(&exec, || Ok(())).is_err() {
        halt();
    }
}

fn power_off_as_init() {
    signal_all(libc::SIGTERM);
    signal_all(libc::SIGCONT);
    let asked = Instant::now();
    while asked.elapsed() < PATIENCE && has_children() {
        std::thread::sleep(Duration::from_millis(10));
    }
    signal_all(libc::SIGKILL);
    while rustix::process::wait(WaitOptions::empty()).is_ok_and(|ended| ended.is_some()) {}
    rustix::fs::sync();
    leave_filesystems();
    halt();
}

/// Waits for those that have ended.
fn has_children() -> bool {
    loop {
        match rustix::process::wait(WaitOptions::NOHANG) {
            Ok(Some(_)) | Err(Errno::INTR) => {}
            Ok(None) => return true,
            Err(_) => return false,
        }
    }
}

fn signal_all(signal: libc::c_int) {
    // SAFETY: the call takes no pointers. For process 1, -1 means everything else.
    unsafe { libc::kill(-1, signal) };
}

/// The last mounted first; what is in use is at least made read-only, so that no filesystem needs its journal next time.
fn leave_filesystems() {
    let mounts = fs_err::read_to_string("/proc/self/mounts").unwrap_or_default();
    for place in mounts.lines().rev().filter_map(|line| line.split(' ').nth(1)).filter(|place| *place != "/proc") {
        if place == "/" || rustix::mount::unmount(place, UnmountFlags::empty()).is_err() {
            let _ = rustix::mount::mount_remount(place, MountFlags::RDONLY, c"");
        }
    }
}

fn halt() {
    if let Err(error) = rustix::system::reboot(RebootCommand::PowerOff) {
        kernel_log::error(&format!("can't power off: {error}"));
    }
}
