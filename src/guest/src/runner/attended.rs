//! One command in a tree on the caller's own terminal.

use std::ffi::{OsStr, OsString};
use std::io::Write as _;
use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};
use std::process::ExitCode;

use rootfs_guest::protocol::{Exec, Failure, Refusal, Status};
use rustix::io::Errno;
use rustix::process::{Pid, Signal, WaitOptions};

use super::{namespace, prepare, root};
use crate::child::meaning;
use crate::failure::Step;
use crate::fork::{self, Fork};
use crate::program::become_program;
use crate::signals;

/// The exit status when the command could not be run.
const NOT_RUN: u8 = 125;

/// Runs a command in the tree that is the current directory, with the caller's streams and environment, and exits as it does: 128 and the signal when
/// one killed it, 125 when it could not be run.
pub(crate) fn attend(hostname: &OsStr, arguments: &[OsString]) -> ExitCode {
    fork::close_inherited_files();
    match in_new_namespaces(hostname, arguments) {
        Ok(Status::Code(code)) => ExitCode::from(u8::try_from(code).unwrap_or(u8::MAX)),
        Ok(Status::Signal(signal)) => ExitCode::from(u8::try_from(128 + signal).unwrap_or(u8::MAX)),
        Err(failure) => {
            complain(&describe(&failure));
            ExitCode::from(NOT_RUN)
        }
    }
}

fn in_new_namespaces(hostname: &OsStr, arguments: &[OsString]) -> Result<Status, Failure> {
    namespace::enter()?;
    match fork::fork().step("start process 1")? {
        Fork::Parent(child) => wait_for(child).step("wait for process 1"),
        Fork::Child => be_process_1(hostname, arguments),
    }
}

/// Waits for every orphan, and for the command, which ends it all.
fn be_process_1(hostname: &OsStr, arguments: &[OsString]) -> Result<Status, Failure> {
    prepare(hostname, root::stage_of_tree)?;
    match fork::fork().step("start a process")? {
        Fork::Parent(child) => wait_for(child).step("wait for the command"),
        Fork::Child => {
            rustix::process::set_parent_process_death_signal(Some(Signal::KILL)).step("ask for the parent's death signal")?;
            rustix::process::chroot(root::TREE).step("change the root")?;
            rustix::process::chdir("/").step("change the directory")?;
            let environment = std::env::vars_os().map(|(name, value)| [name.as_bytes(), b"=", value.as_bytes()].concat()).collect();
            let arguments: Vec<Vec<u8>> = arguments.iter().cloned().map(OsString::into_vec).collect();
            let program = arguments.first().map(|name| name.escape_ascii().to_string()).unwrap_or_default();
            signals::restore_defaults();
            let Err(refusal) = become_program(&Exec { arguments, environment, directory: b"/".to_vec() });
            complain(&format!("can't run `{program}` in the tree: {}", reason(&refusal)));
            Ok(Status::Code(NOT_RUN.into()))
        }
    }
}

fn wait_for(child: Pid) -> Result<Status, Errno> {
    loop {
        match rustix::process::wait(WaitOptions::empty()) {
            Ok(Some((process, status))) if process == child => return Ok(meaning(status)),
            Ok(_) | Err(Errno::INTR) => {}
            Err(error) => return Err(error),
        }
    }
}

fn describe(failure: &Failure) -> String {
    format!("can't {}: {}", failure.step, kernel_error(failure.errno))
}

fn reason(refusal: &Refusal) -> String {
    match refusal {
        Refusal::Missing => "it is not installed there".to_owned(),
        Refusal::Interpreter(path) => format!("it needs `{}`, which does not exist there", path.escape_ascii()),
        Refusal::Directory(errno) | Refusal::Program(errno) => kernel_error(*errno).to_string(),
        Refusal::Other(failure) => describe(failure),
    }
}

fn kernel_error(errno: u32) -> std::io::Error {
    std::io::Error::from_raw_os_error(i32::try_from(errno).unwrap_or(0))
}

/// Nobody is left to tell when standard error is gone.
fn complain(text: &str) {
    let _ = writeln!(std::io::stderr(), "error: {text}");
}
