use std::collections::VecDeque;
use std::ffi::OsStr;
use std::io::{self, Read};
use std::os::fd::AsFd as _;
use std::path::Path;
use std::process::{Child, ChildStderr, ChildStdin, ChildStdout, ExitStatus};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use serde::Serialize;

use super::frame;
use super::message::{FromWorker, ToWorker};
use crate::{WorkerError, WorkerOptions};

/// How many lines of what the process writes on its standard error are kept.
const KEPT_LINES: usize = 10;

/// How often it is looked whether the user wants the build to end.
const LOOK: Duration = Duration::from_millis(200);

/// How long a process that has ended is listened to.
const LAST_WORDS: Timespec = Timespec { tv_sec: 0, tv_nsec: 200_000_000 };

/// What the process is doing, in errors.
const LOADING: &str = "while it was loaded";

/// A plugin's process, with its library loaded. Dropping it ends it.
pub(crate) struct Worker {
    child: Child,
    requests: Option<ChildStdin>,
    events: ChildStdout,
    timeout: Duration,
    errors: Errors,
    /// Whether the library makes plans itself.
    pub(crate) plans: bool,
    /// Whether it builds itself.
    pub(crate) builds: bool,
}

impl Worker {
    /// Starts the process and has it load the library.
    pub(crate) fn start(library: &Path, options: &WorkerOptions) -> Result<Self, WorkerError> {
        let arguments: Vec<&OsStr> = options.arguments.iter().map(AsRef::as_ref).chain([library.as_os_str()]).collect();
        let mut child = rootfs_sandbox::start_worker(&options.program, &arguments).map_err(WorkerError::Start)?;
        let (Some(requests), Some(events), Some(errors)) = (child.stdin.take(), child.stdout.take(), child.stderr.take()) else {
            return Err(WorkerError::Start(io::ErrorKind::BrokenPipe.into()));
        };
        let errors = Errors { stream: Some(errors), said: VecDeque::new(), unfinished: Vec::new() };
        let mut worker = Self { child, requests: Some(requests), events, timeout: options.timeout, errors, plans: false, builds: false };
        match worker.receive(LOADING, &|| false)? {
            (FromWorker::Ready { plans, builds }, _) => (worker.plans, worker.builds) = (plans, builds),
            (FromWorker::Refused(reason), _) => return Err(WorkerError::Library { reason }),
            _ => return Err(unexpected()),
        }
        Ok(worker)
    }

    /// Sends a message about a value, which goes as JSON.
    pub(crate) fn ask(&mut self, message: &ToWorker, value: &impl Serialize, when: &'static str) -> Result<(), WorkerError> {
        let body = serde_json::to_vec(value).map_err(|error| WorkerError::Answer { reason: error.to_string() })?;
        self.send(message, &body, when)
    }

    /// Sends a message.
    pub(crate) fn send(&mut self, message: &ToWorker, body: &[u8], when: &'static str) -> Result<(), WorkerError> {
        self.try_send(message, body).map_err(|error| match error.kind() {
            io::ErrorKind::InvalidInput => WorkerError::Answer { reason: error.to_string() },
            _ => self.died(when),
        })
    }

    fn try_send(&mut self, message: &impl Serialize, body: &[u8]) -> io::Result<()> {
        let requests = self.requests.as_mut().ok_or(io::ErrorKind::BrokenPipe)?;
        frame::send(requests, message, body)
    }

    /// Waits for a message, for as long as the plugin's own code may take.
    pub(crate) fn receive(&mut self, when: &'static str, cancelled: &dyn Fn() -> bool) -> Result<(FromWorker, Vec<u8>), WorkerError> {
        let deadline = Instant::now() + self.timeout;
        let mut patient = Patient { events: &mut self.events, errors: &mut self.errors, deadline, cancelled };
        match frame::receive(&mut patient) {
            Ok(received) => Ok(received),
            Err(error) if error.kind() == io::ErrorKind::TimedOut => Err(WorkerError::Silent { seconds: self.timeout.as_secs(), when }),
            Err(error) if error.get_ref().is_some_and(|inner| inner.is::<Cancelled>()) => Err(WorkerError::Cancelled),
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Err(self.died(when)),
            Err(error) => Err(WorkerError::Answer { reason: error.to_string() }),
        }
    }

    fn died(&mut self, when: &'static str) -> WorkerError {
        drop(self.requests.take());
        let how = self.child.wait().map_or_else(|error| error.to_string(), described);
        let said = self.errors.last_lines();
        WorkerError::Died { how, when, said }
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        // It leads a group of its own, in which is all that it has started. Either fails only when the process has ended.
        let group = i32::try_from(self.child.id()).ok().and_then(rustix::process::Pid::from_raw);
        let _ = group.map(|group| rustix::process::kill_process_group(group, rustix::process::Signal::KILL));
        let _ = self.child.wait();
    }
}

/// What a process writes on its standard error. No thread reads it: a build may yet have to move into a user namespace, which takes a single one.
struct Errors {
    /// None when it has ended.
    stream: Option<ChildStderr>,
    /// The last lines.
    said: VecDeque<String>,
    /// What has no end yet.
    unfinished: Vec<u8>,
}

impl Errors {
    /// Reads what is there, of which there is some.
    fn read(&mut self) {
        let mut buffer = [0; 4096];
        let count = self.stream.as_mut().map_or(0, |stream| stream.read(&mut buffer).unwrap_or(0));
        if count == 0 {
            self.stream = None;
        }
        for byte in buffer.into_iter().take(count) {
            match byte {
                b'\n' => self.end_line(),
                // A line without an end is cut.
                byte if self.unfinished.len() < buffer.len() => self.unfinished.push(byte),
                _ => {}
            }
        }
    }

    fn end_line(&mut self) {
        if self.said.len() == KEPT_LINES {
            self.said.pop_front();
        }
        self.said.push_back(String::from_utf8_lossy(&self.unfinished).trim_end().to_owned());
        self.unfinished.clear();
    }

    /// The last lines of a process that has ended.
    fn last_lines(&mut self) -> Vec<String> {
        // Something that it has started may hold the stream open.
        while let Some(stream) = &self.stream
            && poll(&mut [PollFd::new(stream, PollFlags::IN)], Some(&LAST_WORDS)).is_ok_and(|ready| ready > 0)
        {
            self.read();
        }
        if !self.unfinished.is_empty() {
            self.end_line();
        }
        self.said.iter().cloned().collect()
    }
}

/// What comes from a process, until it has been silent for too long.
struct Patient<'a> {
    events: &'a mut ChildStdout,
    errors: &'a mut Errors,
    deadline: Instant,
    cancelled: &'a dyn Fn() -> bool,
}

impl Read for Patient<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            let left = self.deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Err(io::ErrorKind::TimedOut.into());
            }
            let wait = left.min(LOOK);
            let wait = Timespec { tv_sec: i64::try_from(wait.as_secs()).unwrap_or(0), tv_nsec: wait.subsec_nanos().into() };
            let mut streams = [PollFd::from_borrowed_fd(self.events.as_fd(), PollFlags::IN)].to_vec();
            streams.extend(self.errors.stream.as_ref().map(|stream| PollFd::from_borrowed_fd(stream.as_fd(), PollFlags::IN)));
            match poll(&mut streams, Some(&wait)) {
                Err(rustix::io::Errno::INTR) => {}
                polled => drop(polled?),
            }
            let ready: Vec<bool> = streams.iter().map(|stream| !stream.revents().is_empty()).collect();
            if ready.get(1) == Some(&true) {
                self.errors.read();
            }
            if ready.first() == Some(&true) {
                return self.events.read(buffer);
            }
            if (self.cancelled)() {
                // Not `Interrupted`: reading would be tried again.
                return Err(io::Error::other(Cancelled));
            }
        }
    }
}

/// The user wants the build to end.
#[derive(Debug, thiserror::Error)]
#[error("interrupted")]
struct Cancelled;

/// What a process ended with.
fn described(status: ExitStatus) -> String {
    use std::os::unix::process::ExitStatusExt as _;
    match (status.signal(), status.code()) {
        (Some(signal), _) => match signal_name(signal) {
            Some(name) => format!("signal {signal}, {name}"),
            None => format!("signal {signal}"),
        },
        (None, code) => format!("exit {}", code.unwrap_or_default()),
    }
}

/// The signals that a program's own mistakes bring.
fn signal_name(signal: i32) -> Option<&'static str> {
    let names =
        [(4, "SIGILL"), (6, "SIGABRT"), (7, "SIGBUS"), (8, "SIGFPE"), (9, "SIGKILL"), (11, "SIGSEGV"), (15, "SIGTERM"), (31, "SIGSYS")];
    names.into_iter().find(|(number, _)| *number == signal).map(|(_, name)| name)
}

pub(crate) fn unexpected() -> WorkerError {
    WorkerError::Answer { reason: "a message out of turn".to_owned() }
}
