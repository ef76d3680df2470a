use std::os::fd::OwnedFd;

use rootfs_guest::protocol::{Failure, Size};
use rustix::fs::OFlags;
use rustix::io::Errno;
use rustix::pty::OpenptFlags;
use rustix::termios::Winsize;

use crate::failure::Step;
use crate::program;

/// A new terminal: the end that we keep, and the one that the command gets.
pub(super) fn open(size: Size) -> Result<(OwnedFd, OwnedFd), Failure> {
    let flags = OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC;
    let ends = || -> Result<(OwnedFd, OwnedFd), Errno> {
        let ours = rustix::pty::openpt(flags)?;
        rustix::pty::unlockpt(&ours)?;
        let theirs = rustix::pty::ioctl_tiocgptpeer(&ours, flags)?;
        rustix::fs::fcntl_setfl(&ours, rustix::fs::fcntl_getfl(&ours)? | OFlags::NONBLOCK)?;
        resize(&ours, size)?;
        Ok((ours, theirs))
    };
    ends().step("make a terminal")
}

/// Makes the terminal this session's, and all of this process's streams.
pub(super) fn enter(terminal: &OwnedFd) -> Result<(), Failure> {
    program::set_streams(terminal, terminal, terminal)?;
    rustix::process::ioctl_tiocsctty(rustix::stdio::stdin()).step("take the terminal")
}

/// Whoever runs on the terminal is told by `SIGWINCH`.
pub(super) fn resize(terminal: &OwnedFd, size: Size) -> Result<(), Errno> {
    rustix::termios::tcsetwinsize(terminal, Winsize { ws_row: size.rows, ws_col: size.columns, ws_xpixel: 0, ws_ypixel: 0 })
}
