//! One command in a tree on the caller's own terminal.

use std::ffi::{OsStr, OsString};
use std::io::Write as _;
use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};
use std::process::ExitCode;

use rootfs_guest::protocol::{Exec, Failure, Status};
use rustix::io::Errno;
use rustix::process::{Pid, Signal, WaitOptions};

use super::{namespace, prepare, root};
use crate::child::meaning;
use crate::failure::Step;
use crate::fork::{self, Fork};
use crate::program::become_program;

/// Runs a command in the tree that is the current directory, with the caller's streams and environment, and exits as it does: 128 and the signal when
/// one killed it, 125 when it could not be run.
pub(crate) fn attend(hostname: &OsStr, arguments: &[OsString]) -> ExitCode {
    fork::close_inherited_files();
    match in_new_namespaces(hostname, arguments) {
        Ok(Status::Code(code)) => ExitCode::from(u8::try_from(code).unwrap_or(u8::MAX)),
        Ok(Status::Signal(signal)) => ExitCode::from(u8::try_from(128 + signal).unwrap_or(u8::MAX)),
        Err(failure) => complain(&describe(&failure)),
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
            let Err(refusal) = become_program(&Exec { arguments, environment, directory: b"/".to_vec() });
            complain(&format!("can't run `{program}` in the tree: {refusal:?}"));
            fork::leave()
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
    let reason = std::io::Error::from_raw_os_error(i32::try_from(failure.errno).unwrap_or(0));
    format!("can't {}: {reason}", failure.step)
}

/// The exit status of what could not be run.
fn complain(text: &str) -> ExitCode {
    // Nobody is left to tell when standard error is gone.
    let _ = writeln!(std::io::stderr(), "error: {text}");
    ExitCode::from(125)
}
