use std::fs::File;
use std::io::{BufReader, Read, Write};
use std::os::fd::OwnedFd;
use std::process::Child;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use rootfs_guest::mirror::{Mirror, MirrorError};
use rootfs_guest::protocol::{self, CHUNK, Chunks, Ended, Event, Exec, OutputReader, ProtocolError, Request, Status};
use rustix::process::{Pid, PidfdFlags, Signal};

use crate::channel::Channel;
use crate::elsewhere::FarSide;
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
        Self::ready(connection, cancelled)
    }

    /// The same for a runner that somebody else has started.
    pub(crate) fn open_far(requests: File, events: File, far: Box<dyn FarSide>, cancelled: &Arc<AtomicBool>) -> Result<Self, SandboxError> {
        Self::ready(Connection::over(requests, events, Far::Elsewhere(far), cancelled), cancelled)
    }

    fn ready(connection: Connection, cancelled: &Arc<AtomicBool>) -> Result<Self, SandboxError> {
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
        let id = self.next_id();
        let outcome = self.connected()?.run(id, request, command, output);
        outcome.map_err(|trouble| self.settle(trouble))
    }

    /// Has the far side make its copy of the tree equal to this one.
    pub(crate) fn send_tree(&mut self, mirror: &mut Mirror) -> Result<(), SandboxError> {
        let id = self.next_id();
        let sent = self.connected()?.send_tree(id, mirror);
        sent.map_err(|trouble| self.settle(trouble))
    }

    /// Makes this copy of the tree equal to that of the far side.
    pub(crate) fn receive_tree(&mut self, mirror: &mut Mirror) -> Result<(), SandboxError> {
        let id = self.next_id();
        let received = self.connected()?.receive_tree(id, mirror);
        received.map_err(|trouble| self.settle(trouble))
    }

    /// Kills everything, and returns when it is gone.
    pub(crate) fn end(mut self) -> Result<(), SandboxError> {
        self.connection.take().map_or(Ok(()), |mut connection| connection.far.end())
    }

    fn next_id(&mut self) -> u32 {
        self.last_id = self.last_id.wrapping_add(1);
        self.last_id
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
            Trouble::Named(error) => {
                return match &mut self.connection {
                    Some(Connection { far: Far::Elsewhere(far), .. }) => far.translate(error),
                    _ => error,
                };
            }
            Trouble::Stream(error) => error,
        };
        let cancelled = self.cancelled.load(Ordering::Relaxed);
        let cause = self.connection.take().map(|connection| connection.close(cancelled));
        match error {
            _ if cancelled => SandboxError::Cancelled,
            ProtocolError::Io(_) => cause.unwrap_or(SandboxError::Died { report: String::new() }),
            source => SandboxError::Protocol { source },
        }
    }
}

/// A live runner.
#[derive(Debug)]
struct Connection {
    far: Far,
    requests: Channel<File>,
    events: BufReader<Channel<File>>,
}

/// Who has the runner.
#[derive(Debug)]
enum Far {
    /// This process: the runner's first process, and its process 1.
    Child { runner: Child, process_1: Option<OwnedFd> },
    /// Somebody else.
    Elsewhere(Box<dyn FarSide>),
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
        let file = |end: OwnedFd| File::from(end);
        Ok(Self::over(file(requests.into()), file(events.into()), Far::Child { runner, process_1: None }, cancelled))
    }

    fn over(requests: File, events: File, far: Far, cancelled: &Arc<AtomicBool>) -> Self {
        let channel = |file| Channel::new(file, Arc::clone(cancelled));
        Self { far, requests: channel(requests), events: BufReader::with_capacity(2 * CHUNK, channel(events)) }
    }

    /// Two processes speak here, so their news come in any order.
    fn await_ready(&mut self) -> Result<(), Trouble> {
        let (mut ready, mut forked) = (false, false);
        while !ready || !forked {
            match self.next_event()? {
                (_, Event::Forked(number)) => {
                    forked = true;
                    if let Far::Child { process_1, .. } = &mut self.far {
                        *process_1 = Some(open_process(number)?);
                    }
                }
                (_, Event::Ready(protocol::VERSION)) => ready = true,
                (_, Event::Failed(failure)) => return Err(Trouble::Named(SandboxError::from_failure(failure))),
                _ => {}
            }
        }
        Ok(())
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

    fn send_tree(&mut self, id: u32, mirror: &mut Mirror) -> Result<(), Trouble> {
        Request::Receive.send(id, &mut self.requests)?;
        let requests = &mut self.requests;
        let mut out = Chunks::new(|piece| Request::Input(piece).send(id, requests));
        mirror.send(&mut out).and_then(|_| Ok(out.flush()?)).map_err(of_mirror)?;
        Request::EndOfInput.send(id, &mut self.requests)?;
        let answer = OutputReader::new(&mut self.events, id).finish().map_err(ProtocolError::Io)?;
        answer.map_err(|refusal| Trouble::Named(SandboxError::of_copy(refusal)))
    }

    fn receive_tree(&mut self, id: u32, mirror: &mut Mirror) -> Result<(), Trouble> {
        Request::Send.send(id, &mut self.requests)?;
        let mut output = OutputReader::new(&mut self.events, id);
        let received = mirror.receive(&mut output);
        // What the far side says of it says more than that it broke off here.
        match output.finish().map_err(ProtocolError::Io)? {
            Err(refusal) => Err(Trouble::Named(SandboxError::of_copy(refusal))),
            Ok(()) => received.map(drop).map_err(of_mirror),
        }
    }

    /// Kills everything and tells why the runner was gone.
    fn close(mut self, cancelled: bool) -> SandboxError {
        // A cancelled build is not asked for its reasons.
        if cancelled { SandboxError::Cancelled } else { self.far.cause() }
    }
}

impl Far {
    fn cause(&mut self) -> SandboxError {
        let Self::Child { runner, .. } = self else { return self.cause_elsewhere() };
        let errors = runner.stderr.take();
        let _ = self.end();
        let mut report = Vec::new();
        if let Some(errors) = errors {
            // A report that can't be read is no report.
            let _ = errors.take(REPORT_LIMIT).read_to_end(&mut report);
        }
        SandboxError::Died { report: String::from_utf8_lossy(&report).trim().to_owned() }
    }

    fn cause_elsewhere(&mut self) -> SandboxError {
        match self {
            Self::Elsewhere(far) => far.cause(),
            Self::Child { .. } => SandboxError::Died { report: String::new() },
        }
    }

    /// Process 1 is killed and its parent waited for, which ends when the kernel has ended everything below process 1. Twice is as good as once.
    fn end(&mut self) -> Result<(), SandboxError> {
        match self {
            Self::Child { runner, process_1 } => {
                // Either fails only when the process has already ended.
                let _ = match process_1 {
                    Some(process) => rustix::process::pidfd_send_signal(process, Signal::KILL).map_err(std::io::Error::from),
                    None => runner.kill(),
                };
                let _ = runner.wait();
                Ok(())
            }
            Self::Elsewhere(far) => far.end(),
        }
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        // Nobody is left to tell; [`Link::end`] does.
        let _ = self.far.end();
    }
}

fn of_mirror(error: MirrorError) -> Trouble {
    match error {
        MirrorError::Stream(error) => Trouble::Stream(ProtocolError::Io(error)),
        source => Trouble::Named(SandboxError::Mirror { source }),
    }
}

fn open_process(number: u32) -> Result<OwnedFd, Trouble> {
    let process = i32::try_from(number).ok().and_then(Pid::from_raw).ok_or(std::io::ErrorKind::InvalidData);
    let process = process.map_err(|kind| ProtocolError::Io(kind.into()))?;
    let opened = rustix::process::pidfd_open(process, PidfdFlags::empty());
    Ok(opened.map_err(|error| ProtocolError::Io(error.into()))?)
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
