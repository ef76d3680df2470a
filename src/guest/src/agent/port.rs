use std::fs::File;
use std::os::fd::AsFd;
use std::path::PathBuf;

use rootfs_guest::names::AGENT_PORT;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::WaitOptions;

use crate::signals::ChildSignals;

/// How long to wait between two looks, in nanoseconds: its module may come late, and a host without a port may never give one.
const SHORTEST: i64 = 10_000_000;
const LONGEST: i64 = 500_000_000;

/// The port, once it exists and a host listens to it. Meanwhile orphans are waited for.
pub(super) fn wait(children: &ChildSignals) -> File {
    let mut pause = SHORTEST;
    loop {
        if let Some(port) = open() {
            while !has_host(&port) {
                rest(children, SHORTEST);
            }
            return port;
        }
        rest(children, pause);
        pause = (pause * 2).min(LONGEST);
    }
}

/// None also when another agent has it.
fn open() -> Option<File> {
    std::fs::OpenOptions::new().read(true).write(true).open(find()?).ok()
}

/// By the kernel's own list; udev's links need not be there.
fn find() -> Option<PathBuf> {
    let ports = fs_err::read_dir("/sys/class/virtio-ports").ok()?;
    let is_ours = |name: String| name.trim_end() == AGENT_PORT;
    let ours = ports.flatten().find(|port| fs_err::read_to_string(port.path().join("name")).is_ok_and(is_ours))?;
    Some(PathBuf::from("/dev").join(ours.file_name()))
}

fn has_host(port: &File) -> bool {
    let mut files = [PollFd::new(port, PollFlags::OUT)];
    let now = Timespec { tv_sec: 0, tv_nsec: 0 };
    poll(&mut files, Some(&now)).is_ok() && !files[0].revents().contains(PollFlags::HUP)
}

fn rest(children: &ChildSignals, nanoseconds: i64) {
    let pause = Timespec { tv_sec: 0, tv_nsec: nanoseconds };
    let _ = poll(&mut [PollFd::from_borrowed_fd(children.as_fd(), PollFlags::IN)], Some(&pause));
    children.drain();
    while let Ok(Some(_)) = rustix::process::wait(WaitOptions::NOHANG) {}
}
