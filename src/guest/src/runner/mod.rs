//! Runs commands in a tree, as process 1 of fresh namespaces.
//!
//! The client starts the runner in the stage (the directory whose `root` is the tree) with requests on standard input and
//! events on standard output. When the client closes its end, or dies, everything here dies with it.

mod attended;
mod capabilities;
mod command;
mod container;
mod exchange;
mod filter;
mod landlock;
mod limits;
mod namespace;
mod process;
mod root;
mod supervisor;
mod workshop;

use std::ffi::OsStr;
use std::fs::File;
use std::os::unix::ffi::OsStrExt;
use std::process::ExitCode;

use rootfs_guest::protocol::{Event, Failure};
use rustix::fs::{Mode, OFlags};
use rustix::io::Errno;
use rustix::process::{Pid, Signal};

use crate::failure::Step;
use crate::fork::{self, Fork};
use crate::signals::ChildSignals;
use process::ProcessTable;
use supervisor::{Supervisor, Surroundings};

pub(crate) use attended::attend;
pub(crate) use container::{Around, run as run_container};
pub(crate) use workshop::run as run_workshop;

/// Sets the namespaces up and serves until the client closes its end. The exit status is nonzero when nothing was served.
pub(crate) fn run(hostname: &OsStr) -> ExitCode {
    run_in(namespace::enter, || {
        Ok(Surroundings { processes: prepare(hostname, root::own_stage)?, null: "/root/dev/null", nodes: None, container: None })
    })
}

/// `enter` leaves the host's namespaces, in the runner's first process; `prepare` is the first thing that process 1 does.
fn run_in(enter: impl FnOnce() -> Result<(), Failure>, prepare: impl FnOnce() -> Result<Surroundings, Failure>) -> ExitCode {
    fork::close_inherited_files();
    // Executed through a descriptor, it would be called by that one's number.
    let _ = rustix::thread::set_name(c"rootfs-guest");
    let Ok((requests, mut events)) = take_stdio() else {
        return ExitCode::FAILURE;
    };
    match leave_host(enter) {
        Ok((Fork::Parent(child), _)) => {
            drop(requests);
            wait_for_process_1(child, events)
        }
        Ok((Fork::Child, children)) => match prepare() {
            Ok(surroundings) => serve(Supervisor { requests, events, children, surroundings }),
            Err(failure) => report(failure, &mut events),
        },
        Err(failure) => report(failure, &mut events),
    }
}

/// The client's pipes, moved away from the numbers that commands get theirs at.
fn take_stdio() -> Result<(File, File), Errno> {
    let requests = rustix::io::fcntl_dupfd_cloexec(rustix::stdio::stdin(), 3)?;
    let events = rustix::io::fcntl_dupfd_cloexec(rustix::stdio::stdout(), 3)?;
    let null = rustix::fs::open("/dev/null", OFlags::RDWR | OFlags::CLOEXEC, Mode::empty())?;
    rustix::stdio::dup2_stdin(&null)?;
    rustix::stdio::dup2_stdout(&null)?;
    Ok((requests.into(), events.into()))
}

/// When the client is gone there is nobody to tell.
fn report(failure: Failure, events: &mut File) -> ExitCode {
    let _ = Event::Failed(failure).send(0, events);
    ExitCode::FAILURE
}

fn leave_host(enter: impl FnOnce() -> Result<(), Failure>) -> Result<(Fork, ChildSignals), Failure> {
    rustix::process::setsid().step("start a session")?;
    enter()?;
    let children = ChildSignals::new().step("watch for children")?;
    Ok((fork::fork().step("start process 1")?, children))
}

/// Tells the client which process to kill, and exits when it is gone, which is when everything below it is.
fn wait_for_process_1(child: Pid, mut events: File) -> ExitCode {
    let number = child.as_raw_nonzero().get().unsigned_abs();
    if Event::Forked(number).send(0, &mut events).is_err() {
        let _ = rustix::process::kill_process(child, Signal::KILL);
    }
    // Closed, so that the client sees the end of the events when process 1 closes its own.
    drop(events);
    let ended_well = fork::await_child(child).is_ok_and(|status| status.exit_status() == Some(0));
    if ended_well { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Everything a command finds around it, but for its own streams. `stage` makes the current directory one whose `root` is the tree.
fn prepare(hostname: &OsStr, stage: fn() -> Result<(), Errno>) -> Result<ProcessTable, Failure> {
    become_process_1(hostname)?;
    let processes = root::enter(stage)?;
    settle_down()?;
    landlock::restrict()?;
    capabilities::reduce(capabilities::OF_SCRIPTS)?;
    Ok(processes)
}

fn become_process_1(hostname: &OsStr) -> Result<(), Failure> {
    // The client's death closes the requests; this covers the death of the process between the two.
    rustix::process::set_parent_process_death_signal(Some(Signal::KILL)).step("ask for the parent's death signal")?;
    rustix::system::sethostname(hostname.as_bytes()).step("set the host name")
}

/// Makes the same what a command inherits from whoever calls.
fn settle_down() -> Result<(), Failure> {
    // A plain user's groups can't be given up by everyone who has them; nobody inside knows them.
    let _ = rustix::thread::set_thread_groups(&[]);
    rustix::process::umask(Mode::from_raw_mode(0o022));
    limits::reset()?;
    filter::install().step("install the system call filter")
}

fn serve(mut supervisor: Supervisor) -> ExitCode {
    if supervisor.serve().is_ok() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
