mod guest;
mod keys;

use std::io::{ErrorKind, Read, Write};
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use rootfs_guest::protocol::Size;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;

use crate::agent_link::AgentLink;
use crate::console::Console;
use crate::machine::{Machine, Sockets};
use crate::qmp::Monitor;
use crate::terminal::RawTerminal;
use crate::{Accelerator, BootError, BootRequest, End, Session, Stage, Verdict, output};
use keys::Keys;

/// How often time, cancellation and the terminal's size are looked at.
const TICK: Timespec = Timespec { tv_sec: 0, tv_nsec: 100_000_000 };

/// How long the agent may take to answer when nobody says otherwise.
const ANSWER_LIMIT: Duration = Duration::from_secs(180);

/// How long a guest may take to power off.
const POWER_OFF_LIMIT: Duration = Duration::from_secs(45);

/// How long QEMU may take to end when it is told to, and a guest after its kernel gave up.
const END_LIMIT: Duration = Duration::from_secs(3);

/// A machine that runs, and all that happens to it until it ends.
pub(crate) struct Watch<'a> {
    request: &'a BootRequest<'a>,
    machine: Machine,
    console_socket: UnixStream,
    console_open: bool,
    console: Console,
    monitor: Monitor,
    agent: Option<AgentLink>,
    keys: Keys<'a>,
    raw: Option<RawTerminal<'a>>,
    /// Of the guest's terminal, when it has one.
    size: Option<Size>,
    accelerator: Accelerator,
    started: Instant,
    answered_after: Option<Duration>,
    stage: Stage,
    /// What came of the session, once it is over.
    outcome: Option<Result<End, BootError>>,
    /// When the machine is ended without further waiting.
    deadline: Option<Instant>,
    told_to_quit: bool,
}

/// Where something happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    Ended,
    Errors,
    Console,
    Monitor,
    Agent,
    Input,
}

impl<'a> Watch<'a> {
    pub(crate) fn new(
        request: &'a BootRequest<'a>,
        machine: Machine,
        sockets: Sockets,
        accelerator: Accelerator,
    ) -> Result<Self, BootError> {
        let failed = |source| BootError::Host { step: "speak with QEMU", source };
        sockets.console.set_nonblocking(true).map_err(failed)?;
        let is_console = request.session == Session::Console;
        let input = request.stdio.input;
        Ok(Self {
            request,
            machine,
            console_socket: sockets.console,
            console_open: true,
            console: Console::default(),
            monitor: Monitor::new(sockets.monitor).map_err(failed)?,
            agent: sockets.agent.map(AgentLink::new).transpose().map_err(failed)?,
            keys: Keys::new(input),
            size: None,
            raw: if is_console { input.and_then(RawTerminal::enter) } else { None },
            accelerator,
            started: Instant::now(),
            answered_after: None,
            stage: if is_console { Stage::Running } else { Stage::Booting },
            outcome: None,
            deadline: None,
            told_to_quit: false,
        })
    }

    /// Returns when the machine has ended, or an error ends it.
    pub(crate) fn run(mut self) -> Result<Verdict, BootError> {
        loop {
            self.check_time()?;
            self.follow_terminal()?;
            let places = self.wait()?;
            for place in &places {
                match place {
                    Place::Ended => {}
                    Place::Errors => self.machine.read_errors(),
                    Place::Console => self.read_console()?,
                    Place::Monitor => self.monitor.read(),
                    Place::Agent => self.hear_agent()?,
                    Place::Input => self.read_input()?,
                }
            }
            if places.contains(&Place::Ended) {
                return self.conclude();
            }
        }
    }

    fn wait(&self) -> Result<Vec<Place>, BootError> {
        let ended = self.machine.ended();
        let errors = self.machine.errors();
        let monitor = self.monitor.wanted();
        let agent = self.agent.as_ref().and_then(AgentLink::wanted);
        let input = if self.wants_input() { self.keys.wanted() } else { None };
        let console = self.console_open.then(|| self.console_socket.as_fd());
        let console_flags = if self.keys.for_console().is_empty() { PollFlags::IN } else { PollFlags::IN | PollFlags::OUT };
        let agent_flags = if agent.is_some_and(|(_, writes)| writes) { PollFlags::IN | PollFlags::OUT } else { PollFlags::IN };
        let files = [
            (Place::Ended, Some(ended), PollFlags::IN),
            (Place::Errors, errors, PollFlags::IN),
            (Place::Console, console, console_flags),
            (Place::Monitor, monitor, PollFlags::IN),
            (Place::Agent, agent.map(|(file, _)| file), agent_flags),
            (Place::Input, input, PollFlags::IN),
        ];
        let there: Vec<_> = files.into_iter().filter_map(|(place, file, flags)| Some((place, file?, flags))).collect();
        let mut polled: Vec<_> = there.iter().map(|(_, file, flags)| PollFd::new(file, *flags)).collect();
        match poll(&mut polled, Some(&TICK)) {
            Ok(_) | Err(Errno::INTR) => {}
            Err(error) => return Err(BootError::Host { step: "wait for QEMU", source: error.into() }),
        }
        Ok(there.iter().zip(&polled).filter(|(_, polled)| !polled.revents().is_empty()).map(|((place, ..), _)| *place).collect())
    }

    fn check_time(&mut self) -> Result<(), BootError> {
        if self.request.cancelled.load(Ordering::Relaxed) {
            return Err(BootError::Cancelled);
        }
        let now = Instant::now();
        if self.deadline.is_none() && self.console.panic().is_some() {
            self.deadline = Some(now + END_LIMIT);
        }
        if self.deadline.is_some_and(|deadline| now >= deadline) {
            self.end_machine(now);
            return Ok(());
        }
        let elapsed = now - self.started;
        match self.request.timeout {
            Some(_) if self.outcome.is_some() => Ok(()),
            Some(limit) if elapsed >= limit => Err(BootError::TimedOut { limit, stage: self.stage, console: self.console.lines() }),
            None if self.stage == Stage::Booting && elapsed >= ANSWER_LIMIT => {
                Err(BootError::NoAnswer { limit: ANSWER_LIMIT, console: self.console.lines() })
            }
            _ => Ok(()),
        }
    }

    /// First in a way that lets QEMU finish what it writes.
    fn end_machine(&mut self, now: Instant) {
        if self.told_to_quit {
            self.machine.kill();
            self.deadline = None;
        } else {
            self.monitor.quit();
            self.told_to_quit = true;
            self.deadline = Some(now + END_LIMIT);
        }
    }

    fn read_console(&mut self) -> Result<(), BootError> {
        self.type_on_console();
        let mut buffer = [0; 4096];
        match self.console_socket.read(&mut buffer) {
            Ok(0) => self.console_open = false,
            Ok(count) => {
                self.console.take(&buffer[..count]);
                if self.request.session == Session::Console {
                    output::write(self.request.stdio.output, &buffer[..count], self.request.cancelled)?;
                }
            }
            Err(error) if matches!(error.kind(), ErrorKind::Interrupted | ErrorKind::WouldBlock) => {}
            Err(_) => self.console_open = false,
        }
        Ok(())
    }

    fn type_on_console(&mut self) {
        let keys = self.keys.for_console().as_slices().0;
        if !keys.is_empty()
            && let Ok(count) = self.console_socket.write(keys)
        {
            self.keys.forget(count);
        }
    }

    /// After QEMU's end: what came of it all.
    fn conclude(mut self) -> Result<Verdict, BootError> {
        let status = self.machine.wait()?;
        // All of these end, because nobody else holds QEMU's ends.
        while self.console_open {
            self.read_console()?;
        }
        while self.agent.as_ref().is_some_and(|agent| agent.wanted().is_some()) {
            self.hear_agent()?;
        }
        self.monitor.read();
        self.raw = None;
        let console = self.console.lines();
        if let Some(reason) = self.console.panic() {
            return Err(BootError::Panicked { reason: reason.to_owned(), console });
        }
        let shutdown = self.monitor.shutdown().map(str::to_owned);
        let by_guest = matches!(shutdown.as_deref(), Some("guest-shutdown" | "guest-reset"));
        let end = match self.outcome.take() {
            Some(outcome) => outcome?,
            None if !status.success() || shutdown.is_none() => {
                return Err(BootError::Qemu { status: status.to_string(), message: self.machine.last_words() });
            }
            None if by_guest && self.stage == Stage::Running && !matches!(self.request.session, Session::Run(_)) => End::PoweredOff,
            None => return Err(BootError::GuestEnded { stage: self.stage, console }),
        };
        let Self { accelerator, answered_after, started, .. } = self;
        let powered_off = shutdown.as_deref() == Some("guest-shutdown");
        Ok(Verdict { end, accelerator, answered_after, total: started.elapsed(), powered_off })
    }
}
