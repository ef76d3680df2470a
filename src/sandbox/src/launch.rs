use std::ffi::OsStr;
use std::fs::File;
use std::io::{self, Write};
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use rustix::fs::{MemfdFlags, SealFlags};
use rustix::io::Errno;

use crate::GUEST;

/// Starts the runner in the stage, from memory: nothing is written where a filesystem could forbid to execute it.
#[expect(clippy::disallowed_methods, reason = "this is the module that starts processes")]
pub(crate) fn launch(stage: &Path, hostname: &str) -> io::Result<Child> {
    let program = sealed_program()?;
    Command::new(format!("/proc/self/fd/{}", program.as_raw_fd()))
        .arg0("rootfs-guest")
        .args([OsStr::new("runner"), OsStr::new(hostname)])
        .env_clear()
        .current_dir(stage)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
}

/// The program in a file that nobody can change any more, not even root through `/proc/1/exe`.
fn sealed_program() -> io::Result<OwnedFd> {
    let flags = MemfdFlags::CLOEXEC | MemfdFlags::ALLOW_SEALING;
    let file = match rustix::fs::memfd_create("rootfs-guest", flags | MemfdFlags::EXEC) {
        // Before Linux 6.3 every such file was executable and the flag unknown.
        Err(Errno::INVAL) => rustix::fs::memfd_create("rootfs-guest", flags)?,
        file => file?,
    };
    let mut file = File::from(file);
    file.write_all(GUEST)?;
    rustix::fs::fcntl_add_seals(&file, SealFlags::SEAL | SealFlags::SHRINK | SealFlags::GROW | SealFlags::WRITE)?;
    Ok(file.into())
}
