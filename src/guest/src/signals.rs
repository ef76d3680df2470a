use std::mem::MaybeUninit;
use std::os::fd::{AsFd, BorrowedFd, FromRawFd, OwnedFd};

use rustix::io::Errno;

use crate::fork::last_error;

/// The news that children have ended, as a file to poll.
pub(crate) struct ChildSignals(OwnedFd);

impl ChildSignals {
    /// Blocks `SIGCHLD` from now on; [`restore_defaults`] undoes that for a command.
    pub(crate) fn new() -> Result<Self, Errno> {
        let mut set = MaybeUninit::uninit();
        // SAFETY: `sigemptyset` makes `set` whole before anything reads it; the pointers are to that local alone.
        let file = unsafe {
            libc::sigemptyset(set.as_mut_ptr());
            libc::sigaddset(set.as_mut_ptr(), libc::SIGCHLD);
            if libc::sigprocmask(libc::SIG_BLOCK, set.as_ptr(), std::ptr::null_mut()) != 0 {
                return Err(last_error());
            }
            libc::signalfd(-1, set.as_ptr(), libc::SFD_CLOEXEC | libc::SFD_NONBLOCK)
        };
        if file < 0 {
            return Err(last_error());
        }
        // SAFETY: the kernel just gave this descriptor to us.
        Ok(Self(unsafe { OwnedFd::from_raw_fd(file) }))
    }

    /// Forgets the news so far; which children ended is for wait(2) to say.
    pub(crate) fn drain(&self) {
        let mut buffer = [0_u8; 1024];
        while rustix::io::read(&self.0, &mut buffer).is_ok_and(|count| count > 0) {}
    }
}

impl AsFd for ChildSignals {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

/// Every signal as a fresh process has it: with its default action (a Rust program ignores `SIGPIPE`, and so would its children) and unblocked.
pub(crate) fn restore_defaults() {
    // Zeros are the default action with no flags in every architecture's `struct kernel_sigaction`.
    let default_action = [0_u64; 8];
    for signal in 1..=SIGNALS {
        // SAFETY: the kernel reads less than the array from it and writes nothing. Not through the C library, which won't touch the two signals that it
        // keeps for itself, and whose being ignored a command inherits like any other. The two that take no action refuse harmlessly.
        unsafe { libc::syscall(libc::SYS_rt_sigaction, signal, default_action.as_ptr(), std::ptr::null::<u64>(), SET_BYTES) };
    }
    let none = [0_u64; 1];
    // SAFETY: the kernel reads one set from the array and writes nothing.
    unsafe { libc::syscall(libc::SYS_rt_sigprocmask, libc::SIG_SETMASK, none.as_ptr(), std::ptr::null::<u64>(), SET_BYTES) };
}

/// How many signals the kernel has.
const SIGNALS: libc::c_int = 64;

/// The size of the kernel's signal set.
const SET_BYTES: usize = 8;
