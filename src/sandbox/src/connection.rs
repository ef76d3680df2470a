use std::io::{BufReader, Read};
use std::os::fd::OwnedFd;
use std::process::{Child, ChildStdin, ChildStdout};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use rootfs_guest::protocol::{self, CHUNK, Ended, Event, Exec, ProtocolError, Request, Status};
use rustix::process::{Pid, PidfdFlags, Signal};

use crate::channel::Channel;
use crate::{Command, Exit, Outcome, SandboxError, Stream};

/// How much of the runner's last words is kept.
const REPORT_LIMIT: u64 = 16 << 10;

/// The way to a runner, as long as there is one.
#[derive(Debug)]
pub(crate) struct Link {
    connection: Option<Connection>,
    cancelled: Arc<AtomicBool>,
    last_id: u32,
}

impl Link {
    /// Waits until the runner is ready.
    pub(crate) fn open(runner: std::io::Result<Child>, cancelled: &Arc<AtomicBool>) -> Result<Self, SandboxError> {
        let connection = Connection::open(runner.map_err(|source| SandboxError::Launch { source })?, cancelled)?;
        let mut link = Self { connection: Some(connection), cancelled: Arc::clone(cancelled), last_id: 0 };
        match link.connected()?.await_ready() {
            Ok(()) => Ok(link),
            Err(trouble) => Err(link.settle(trouble)),
        }
    }

    /// Runs what `request` asks for, which is `command`, to its end.
    pub(crate) fn run(
        &mut self,
        request: &Request,
        command: &Command,
        output: &mut dyn FnMut(Stream, &[u8]),
    ) -> Result<Outcome, SandboxError> {
        self.last_id = self.last_id.wrapping_add(1);
        let id = self.last_id;
        let outcome = self.connected()?.run(id, request, command, output);
        outcome.map_err(|trouble| self.settle(trouble))
    }

    fn connected(&mut self) -> Result<&mut Connection, SandboxError> {
        match &mut self.connection {
            _ if self.cancelled.load(Ordering::Relaxed) => Err(SandboxError::Cancelled),
            Some(connection) => Ok(connection),
            None => Err(SandboxError::Died { report: String::new() }),
        }
    }

    /// After the stream broke, everything is killed, and the cause is found out.
    fn settle(&mut self, trouble: Trouble) -> SandboxError {
        let error = match trouble {
            Trouble::Named(error) => return error,
            Trouble::Stream(error) => error,
        };
        let report = self.connection.take().map(Connection::close).unwrap_or_default();
        match error {
            _ if self.cancelled.load(Ordering::Relaxed) => SandboxError::Cancelled,
            ProtocolError::Io(_) => SandboxError::Died { report },
            source => SandboxError::Protocol { source },
        }
    }
}

/// A live runner.
#[derive(Debug)]
struct Connection {
    runner: Child,
    process_1: Option<OwnedFd>,
    requests: Channel<ChildStdin>,
    events: BufReader<Channel<ChildStdout>>,
}

/// Whether the runner can go on.
enum Trouble {
    /// It can.
    Named(SandboxError),
    /// It can't.
    Stream(ProtocolError),
}

impl From<ProtocolError> for Trouble {
    fn from(error: ProtocolError) -> Self {
        Self::Stream(error)
    }
}

impl Connection {
    fn open(mut runner: Child, cancelled: &Arc<AtomicBool>) -> Result<Self, SandboxError> {
        let (Some(requests), Some(events)) = (runner.stdin.take(), runner.stdout.take()) else {
            return Err(SandboxError::Died { report: String::new() });
        };
        let cancelled = || Arc::clone(cancelled);
        Ok(Self {
            runner,
            process_1: None,
            requests: Channel::new(requests, cancelled()),
            events: BufReader::with_capacity(2 * CHUNK, Channel::new(events, cancelled())),
        })
    }

    /// Two processes speak here, so their news come in any order.
    fn await_ready(&mut self) -> Result<(), Trouble> {
        let mut ready = false;
        while !ready || self.process_1.is_none() {
            match self.next_event()? {
                (_, Event::Forked(number)) => self.process_1 = Some(self.open_process(number)?),
                (_, Event::Ready(protocol::VERSION)) => ready = true,
                (_, Event::Failed(failure)) => return Err(Trouble::Named(SandboxError::from_failure(failure))),
                _ => {}
            }
        }
        Ok(())
    }

    fn open_process(&mut self, number: u32) -> Result<OwnedFd, Trouble> {
        let process = i32::try_from(number).ok().and_then(Pid::from_raw).ok_or(std::io::ErrorKind::InvalidData);
        let process = process.map_err(|kind| ProtocolError::Io(kind.into()))?;
        let opened = rustix::process::pidfd_open(process, PidfdFlags::empty());
        Ok(opened.map_err(|error| ProtocolError::Io(error.into()))?)
    }

    fn next_event(&mut self) -> Result<(u32, Event), ProtocolError> {
        Event::receive(&mut self.events)?.ok_or_else(|| ProtocolError::Io(std::io::ErrorKind::UnexpectedEof.into()))
    }

    fn run(&mut self, id: u32, request: &Request, command: &Command, output: &mut dyn FnMut(Stream, &[u8])) -> Result<Outcome, Trouble> {
        let program = || command.arguments.first().map(|name| name.escape_ascii().to_string()).unwrap_or_default();
        match request.send(id, &mut self.requests) {
            Err(ProtocolError::TooLong { .. }) => return Err(Trouble::Named(SandboxError::TooLong { program: program() })),
            sent => sent?,
        }
        for piece in command.input.chunks(CHUNK) {
            Request::Input(piece.to_vec()).send(id, &mut self.requests)?;
        }
        Request::EndOfInput.send(id, &mut self.requests)?;
        loop {
            match self.next_event()? {
                (of, _) if of != id => {}
                (_, Event::Output(protocol::Stream::Output, bytes)) => output(Stream::Output, &bytes),
                (_, Event::Output(protocol::Stream::Error, bytes)) => output(Stream::Error, &bytes),
                (_, Event::Ended(ended)) => return Ok(outcome(ended)),
                (_, Event::Refused(refusal)) => {
                    return Err(Trouble::Named(SandboxError::from_refusal(refusal, program(), &command.directory)));
                }
                (_, Event::Forked(_) | Event::Ready(_) | Event::Failed(_) | Event::Taken(_)) => {}
            }
        }
    }

    /// Kills everything and gives the runner's last words.
    fn close(mut self) -> String {
        self.end();
        let mut report = Vec::new();
        if let Some(errors) = self.runner.stderr.take() {
            // A report that can't be read is no report.
            let _ = errors.take(REPORT_LIMIT).read_to_end(&mut report);
        }
        String::from_utf8_lossy(&report).trim().to_owned()
    }

    /// Process 1 is killed and its parent waited for, which ends when the kernel has ended everything below process 1. Twice is as good as once.
    fn end(&mut self) {
        // Either fails only when the process has already ended.
        let _ = match &self.process_1 {
            Some(process) => rustix::process::pidfd_send_signal(process, Signal::KILL).map_err(std::io::Error::from),
            None => self.runner.kill(),
        };
        let _ = self.runner.wait();
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.end();
    }
}

/// The command as the far side is told of it.
pub(crate) fn exec(command: &Command) -> Exec {
    let environment = command.environment.iter().map(|(name, value)| format!("{name}={value}").into_bytes()).collect();
    Exec { arguments: command.arguments.clone(), environment, directory: command.directory.clone().into_bytes() }
}

fn outcome(ended: Ended) -> Outcome {
    let number = |number| i32::try_from(number).unwrap_or(i32::MAX);
    let exit = match ended.status {
        Status::Code(code) => Exit::Code(number(code)),
        Status::Signal(signal) => Exit::Signal(number(signal)),
    };
    let left_running = ended.left_running.iter().map(|name| name.escape_ascii().to_string()).collect();
    Outcome { exit, left_running }
}
