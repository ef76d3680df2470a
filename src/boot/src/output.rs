use std::os::fd::BorrowedFd;
use std::sync::atomic::{AtomicBool, Ordering};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;

use crate::BootError;

/// How long a cancelled boot may go unnoticed.
const PATIENCE: Timespec = Timespec { tv_sec: 0, tv_nsec: 100_000_000 };

/// What a pipe takes without blocking once it is writable: PIPE_BUF, pipe(7).
const ATOMIC: usize = 4096;

/// Writes all of it, unless the boot is cancelled first: whoever reads slowly must not keep us from that.
pub(crate) fn write(to: BorrowedFd<'_>, mut bytes: &[u8], cancelled: &AtomicBool) -> Result<(), BootError> {
    let failed = |error: Errno| BootError::Output { source: error.into() };
    while !bytes.is_empty() {
        if cancelled.load(Ordering::Relaxed) {
            return Err(BootError::Cancelled);
        }
        match poll(&mut [PollFd::new(&to, PollFlags::OUT)], Some(&PATIENCE)) {
            Ok(0) | Err(Errno::INTR) => continue,
            Ok(_) => {}
            Err(error) => return Err(failed(error)),
        }
        match rustix::io::write(to, &bytes[..bytes.len().min(ATOMIC)]) {
            Ok(count) => bytes = &bytes[count..],
            Err(Errno::INTR | Errno::AGAIN) => {}
            Err(error) => return Err(failed(error)),
        }
    }
    Ok(())
}
