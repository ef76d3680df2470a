//! Serves a host: runs commands and shells, and powers the guest off. As process 1 it is the guest's init too.
//!
//! There is one client at a time. When it leaves, what it started and did not wait for is hung up, and the next one is welcome.

mod init;
mod input;
mod network;
mod port;
mod power;
mod server;
mod session;
mod shell;
mod terminal;

use std::fs::File;
use std::process::ExitCode;

use rustix::fs::{Mode, OFlags};
use rustix::io::Errno;

use crate::kernel_log;
use crate::signals::ChildSignals;
use power::Power;
use server::Server;

/// Serves the virtio port, for ever.
pub(crate) fn run() -> ExitCode {
    let is_init = rustix::process::getpid().is_init();
    if is_init {
        init::prepare();
    }
    let children = match ChildSignals::new() {
        Ok(children) => children,
        Err(error) => {
            kernel_log::error(&format!("the agent can't watch for children: {error}"));
            return ExitCode::FAILURE;
        }
    };
    let power = if is_init { Power::Init } else { Power::Service };
    loop {
        let port = port::wait(&children);
        // Whatever broke, the next client finds a fresh server.
        let _ = Server::new(port, &children, power).serve();
    }
}

/// Serves one client at standard input, which is a socket, and never powers anything off.
pub(crate) fn run_once() -> ExitCode {
    let served = take_stdin().and_then(|socket| Ok((socket, ChildSignals::new()?)));
    match served.map(|(socket, children)| Server::new(socket, &children, Power::None).serve()) {
        Ok(Ok(())) => ExitCode::SUCCESS,
        _ => ExitCode::FAILURE,
    }
}

/// Moved away from where commands get their own.
fn take_stdin() -> Result<File, Errno> {
    let socket = rustix::io::fcntl_dupfd_cloexec(rustix::stdio::stdin(), 3)?;
    let null = rustix::fs::open("/dev/null", OFlags::RDWR | OFlags::CLOEXEC, Mode::empty())?;
    rustix::stdio::dup2_stdin(&null)?;
    Ok(socket.into())
}
