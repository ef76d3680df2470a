use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io::{self, Write};
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};

use rustix::fs::{MemfdFlags, SealFlags};
use rustix::io::Errno;

use crate::GUEST;

/// Starts the runner in the stage.
pub(crate) fn launch(stage: &Path, hostname: &str) -> io::Result<Child> {
    start(|guest| guest.args([OsStr::new("runner"), OsStr::new(hostname)]).current_dir(stage))
}

/// Starts the runner in the stage of a workshop, which has its own copy of `folder`.
pub(crate) fn launch_workshop(stage: &Path, hostname: &str, folder: &Path) -> io::Result<Child> {
    start(|guest| guest.args([OsStr::new("workshop"), OsStr::new(hostname), folder.as_os_str()]).current_dir(stage))
}

/// Starts a process that becomes another program as soon as it reads a line.
pub(crate) fn launch_waiting(arguments: &[OsString]) -> io::Result<Child> {
    start(|guest| guest.arg("wait").args(arguments))
}

/// Starts this same program again, for code that may end its process: requests on its standard input, events on its standard output.
///
/// # Errors
/// When the program can't be started.
#[expect(clippy::disallowed_methods, reason = "this is the module that starts processes")]
pub fn start_worker(program: &Path, arguments: &[&OsStr]) -> io::Result<Child> {
    // A Ctrl-C on the terminal is for us: we end it in our own time.
    Command::new(program)
        .args(arguments)
        .env_clear()
        .process_group(0)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
}

/// Runs a command in the tree on the caller's own streams, to its end.
pub(crate) fn attend(tree: &Path, hostname: &str, arguments: &[OsString], environment: &[(OsString, OsString)]) -> io::Result<ExitStatus> {
    let program = sealed_program()?;
    let mut guest = guest(&program);
    let environment = environment.iter().map(|(name, value)| (name, value));
    guest.args(["attend", hostname]).args(arguments).env_clear().envs(environment).current_dir(tree).status()
}

#[expect(clippy::disallowed_methods, reason = "this is the module that starts processes")]
fn guest(program: &OwnedFd) -> Command {
    let mut command = Command::new(format!("/proc/self/fd/{}", program.as_raw_fd()));
    command.arg0("rootfs-guest");
    command
}

/// Starts our static program from memory: nothing is written where a filesystem could forbid to execute it.
fn start(prepare: impl FnOnce(&mut Command) -> &mut Command) -> io::Result<Child> {
    let program = sealed_program()?;
    prepare(&mut guest(&program)).env_clear().stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()
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
