use std::fs::File;
use std::io;
use std::path::Path;

use super::confine::confine;
use super::frame;
use super::message::{FromWorker, ToWorker};
use super::table::Library;

/// Both ends of the engine's connection.
pub(super) struct Connection {
    pub(super) requests: File,
    pub(super) events: File,
}

impl Connection {
    pub(super) fn send(&mut self, message: &FromWorker, body: &[u8]) -> io::Result<()> {
        frame::send(&mut self.events, message, body)
    }

    pub(super) fn receive(&mut self) -> io::Result<(ToWorker, Vec<u8>)> {
        frame::receive(&mut self.requests)
    }

    /// The process's own streams, which no code of a plugin may then write into: its words go to standard error.
    fn take() -> io::Result<Self> {
        let requests = rustix::io::fcntl_dupfd_cloexec(rustix::stdio::stdin(), 3)?;
        let events = rustix::io::fcntl_dupfd_cloexec(rustix::stdio::stdout(), 3)?;
        let nothing = fs_err::File::open("/dev/null")?;
        rustix::stdio::dup2_stdin(&nothing)?;
        rustix::stdio::dup2_stdout(rustix::stdio::stderr())?;
        Ok(Self { requests: requests.into(), events: events.into() })
    }
}

/// Serves a plugin's library on standard input and output, until the engine has gone.
///
/// # Errors
/// When the streams fail, which nobody is left to be told.
pub fn serve(library: &Path) -> io::Result<()> {
    // Whoever asked may be killed.
    rustix::process::set_parent_process_death_signal(Some(rustix::process::Signal::KILL))?;
    let mut connection = Connection::take()?;
    let library = match confine().map_err(|error| error.to_string()).and_then(|()| Library::open(library)) {
        Ok(library) => library,
        Err(reason) => return connection.send(&FromWorker::Refused(reason), &[]),
    };
    connection.send(&FromWorker::Ready { plans: library.plans(), builds: library.builds() }, &[])?;
    loop {
        let (message, body) = match connection.receive() {
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(()),
            received => received?,
        };
        let (status, given) = match message {
            ToWorker::Plan => library.plan(&body),
            ToWorker::Build => library.build_rootfs(&body, &mut connection),
            _ => return Err(io::ErrorKind::InvalidData.into()),
        };
        connection.send(&FromWorker::Returned(status), &given)?;
    }
}
