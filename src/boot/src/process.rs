//! The one place of this crate that starts a process.
#![expect(unsafe_code, reason = "a child's death signal and inherited files can only be set between fork and exec")]

use std::ffi::OsString;
use std::io;
use std::os::fd::{AsRawFd, BorrowedFd, OwnedFd};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use rustix::io::FdFlags;
use rustix::process::Signal;

use crate::QemuCommand;

/// Starts QEMU with `files` open under their own numbers. It is killed when the calling thread ends, however that ends.
#[expect(clippy::disallowed_methods, reason = "this is the module that starts processes")]
pub(crate) fn start(command: &QemuCommand, files: &[OwnedFd], temporary: &Path) -> io::Result<Child> {
    let numbers: Vec<i32> = files.iter().map(AsRawFd::as_raw_fd).collect();
    let parent = rustix::process::getpid();
    let prepare = move || {
        rustix::process::set_parent_process_death_signal(Some(Signal::KILL))?;
        if rustix::process::getppid() != Some(parent) {
            // It has died before that.
            return Err(io::ErrorKind::BrokenPipe.into());
        }
        for number in &numbers {
            // SAFETY: the parent holds all of them open until the child has left this closure behind.
            rustix::io::fcntl_setfd(unsafe { BorrowedFd::borrow_raw(*number) }, FdFlags::empty())?;
        }
        Ok(())
    };
    let mut process = Command::new(&command.program);
    process
        .args(&command.arguments)
        .env_clear()
        .env("TMPDIR", OsString::from(temporary))
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        // Ctrl-C at the terminal is for us to answer.
        .process_group(0);
    // SAFETY: between fork and exec it makes system calls and nothing else, no allocation among that.
    unsafe { process.pre_exec(prepare) };
    process.spawn()
}
