//! The part of a watch that speaks with the guest's agent.

use rootfs_guest::protocol::{CHUNK, Ended, Event, Exec, Request, Size, Status, Stream, VERSION};

use super::keys::Read;
use super::{POWER_OFF_LIMIT, Watch};
use crate::terminal::{self, RawTerminal};
use crate::{BootError, End, Session, Stage, output};

/// The only command of a boot.
const COMMAND: u32 = 1;

/// Keys that wait for a console that doesn't take them.
const CONSOLE_BACKLOG: usize = 4096;

/// Where programs are in a guest.
const PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

impl Watch<'_> {
    pub(super) fn hear_agent(&mut self) -> Result<(), BootError> {
        let Some(agent) = &mut self.agent else {
            return Ok(());
        };
        agent.flush();
        let events = agent.read().map_err(|source| BootError::Protocol { source })?;
        events.into_iter().try_for_each(|(id, event)| self.handle(id, event))
    }

    fn handle(&mut self, id: u32, event: Event) -> Result<(), BootError> {
        match event {
            Event::Ready(VERSION) if self.stage == Stage::Booting => self.begin_session(),
            Event::Ready(VERSION) if self.outcome.is_none() => {
                Err(BootError::AgentDied { stage: self.stage, console: self.console.lines() })
            }
            Event::Ready(found) if found != VERSION => Err(BootError::Version { found, expected: VERSION }),
            Event::Output(stream, bytes) if id == COMMAND => {
                let to = if stream == Stream::Output { self.request.stdio.output } else { self.request.stdio.error };
                output::write(to, &bytes, self.request.cancelled)
            }
            Event::Ended(Ended { status, .. }) if id == COMMAND => self.end_session(Ok(end(status))),
            Event::Refused(refusal) if id == COMMAND => {
                let error = BootError::from_refusal(refusal, self.program());
                self.end_session(Err(error))
            }
            _ => Ok(()),
        }
    }

    fn begin_session(&mut self) -> Result<(), BootError> {
        self.answered_after = Some(self.started.elapsed());
        self.stage = Stage::Running;
        let size = self.keys.wanted().and_then(terminal::size);
        let request = match (&self.request.session, size) {
            (Session::Run(arguments), _) => Request::Exec(self.exec(arguments.clone())),
            (_, Some(size)) => {
                self.raw = self.keys.wanted().and_then(RawTerminal::enter);
                self.size = Some(size);
                Request::Terminal(self.exec(Vec::new()), size)
            }
            (_, None) => Request::Exec(self.exec(vec![b"/bin/sh".to_vec()])),
        };
        self.tell(&request)?;
        if self.keys.wanted().is_none() {
            self.tell(&Request::EndOfInput)?;
        }
        Ok(())
    }

    fn exec(&self, arguments: Vec<Vec<u8>>) -> Exec {
        let terminal = self.request.host.terminal.as_ref().map(|terminal| format!("TERM={terminal}"));
        let fixed = [format!("PATH={PATH}"), "HOME=/root".to_owned(), "USER=root".to_owned(), "LOGNAME=root".to_owned()];
        let environment = fixed.into_iter().chain(terminal).map(String::into_bytes).collect();
        Exec { arguments, environment, directory: Vec::new() }
    }

    /// As errors name it.
    fn program(&self) -> String {
        match &self.request.session {
            Session::Run(arguments) => arguments.first().map(|name| name.escape_ascii().to_string()).unwrap_or_default(),
            _ => "sh".to_owned(),
        }
    }

    fn end_session(&mut self, outcome: Result<End, BootError>) -> Result<(), BootError> {
        self.raw = None;
        self.outcome = Some(outcome);
        self.stage = Stage::PoweringOff;
        self.deadline = Some(std::time::Instant::now() + POWER_OFF_LIMIT);
        self.tell(&Request::PowerOff)
    }

    /// The guest's terminal is always as large as the caller's.
    pub(super) fn follow_terminal(&mut self) -> Result<(), BootError> {
        let Some(before) = self.size.filter(|_| self.stage == Stage::Running) else {
            return Ok(());
        };
        match self.keys.wanted().and_then(terminal::size) {
            Some(now) if now != before => self.resize(now),
            _ => Ok(()),
        }
    }

    fn resize(&mut self, size: Size) -> Result<(), BootError> {
        self.size = Some(size);
        self.tell(&Request::Resize(size))
    }

    /// Whether there is somebody for what the caller types.
    pub(super) fn wants_input(&self) -> bool {
        let room = match &self.agent {
            Some(agent) => agent.room() > 0,
            None => self.keys.for_console().len() < CONSOLE_BACKLOG,
        };
        self.stage == Stage::Running && room
    }

    pub(super) fn read_input(&mut self) -> Result<(), BootError> {
        let room = self.agent.as_ref().map_or(CONSOLE_BACKLOG, |agent| agent.room().min(CHUNK));
        match self.keys.read(room) {
            Read::Nothing => Ok(()),
            Read::Bytes(bytes) => {
                if self.raw.is_some() && self.keys.lead_out(&bytes) {
                    return Err(BootError::Cancelled);
                }
                if self.agent.is_some() {
                    return self.tell(&Request::Input(bytes));
                }
                self.keys.keep_for_console(&bytes);
                self.type_on_console();
                Ok(())
            }
            Read::End if self.agent.is_some() => self.tell(&Request::EndOfInput),
            Read::End => Ok(()),
        }
    }

    fn tell(&mut self, request: &Request) -> Result<(), BootError> {
        match &mut self.agent {
            Some(agent) => agent.send(COMMAND, request).map_err(|source| BootError::Protocol { source }),
            None => Ok(()),
        }
    }
}

fn end(status: Status) -> End {
    let number = |number: u32| u8::try_from(number).unwrap_or(u8::MAX);
    match status {
        Status::Code(code) => End::Exited(number(code)),
        Status::Signal(signal) => End::Killed(number(signal)),
    }
}
