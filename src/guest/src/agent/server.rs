use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, ErrorKind};
use std::os::fd::AsFd;

use rootfs_guest::protocol::{CHUNK, Event, ProtocolError, Refusal, Request, VERSION};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use rustix::process::WaitOptions;

use super::power::Power;
use super::session::Session;
use crate::child::meaning;
use crate::signals::ChildSignals;

/// How often a command that has ended is looked at until it is over.
const GLANCE: Timespec = Timespec { tv_sec: 0, tv_nsec: 20_000_000 };

/// One client's commands.
pub(super) struct Server<'a> {
    port: File,
    children: &'a ChildSignals,
    sessions: BTreeMap<u32, Session>,
    power: Power,
}

/// Where something happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    Port,
    Children,
    Input(u32),
    Output(u32, usize),
}

impl<'a> Server<'a> {
    pub(super) fn new(port: File, children: &'a ChildSignals, power: Power) -> Self {
        Self { port, children, sessions: BTreeMap::new(), power }
    }

    /// Serves until the client leaves.
    pub(super) fn serve(&mut self) -> Result<(), ProtocolError> {
        Event::Ready(VERSION).send(0, &mut self.port)?;
        let mut buffer = vec![0; CHUNK];
        loop {
            let news = self.wait()?;
            for (place, flags) in &news {
                match *place {
                    Place::Port if !flags.contains(PollFlags::IN) => return Ok(()),
                    Place::Port => match Request::receive(&mut self.port)? {
                        Some((id, request)) => self.obey(id, request)?,
                        None => return Ok(()),
                    },
                    Place::Children => self.reap(),
                    Place::Input(id) => self.feed(id)?,
                    Place::Output(id, number) => self.pass_on(id, number, &mut buffer)?,
                }
            }
            self.finish(&news)?;
        }
    }

    fn wait(&self) -> Result<Vec<(Place, PollFlags)>, ProtocolError> {
        let mut places = vec![Place::Port, Place::Children];
        let mut files = vec![PollFd::new(&self.port, PollFlags::IN), PollFd::from_borrowed_fd(self.children.as_fd(), PollFlags::IN)];
        for (id, session) in &self.sessions {
            for (number, file) in session.outputs() {
                places.push(Place::Output(*id, number));
                files.push(PollFd::new(file, PollFlags::IN));
            }
            if let Some(file) = session.input.wanted() {
                places.push(Place::Input(*id));
                files.push(PollFd::new(file, PollFlags::OUT));
            }
        }
        let timeout = self.sessions.values().any(Session::lingers).then_some(&GLANCE);
        match poll(&mut files, timeout) {
            Ok(_) | Err(Errno::INTR) => {}
            Err(error) => return Err(io::Error::from(error).into()),
        }
        let flags = files.iter().map(PollFd::revents);
        Ok(places.into_iter().zip(flags).filter(|(_, flags)| !flags.is_empty()).collect())
    }

    fn obey(&mut self, id: u32, request: Request) -> Result<(), ProtocolError> {
        match request {
            Request::Exec(exec) => return self.begin(id, Session::start(exec)),
            Request::Terminal(exec, size) => return self.begin(id, Session::start_on_terminal(exec, size)),
            Request::PowerOff => self.power.off(),
            Request::Input(bytes) => return self.take_input(id, &bytes),
            Request::EndOfInput => self.about(id, |session| session.input.end()),
            Request::Kill(signal) => self.about(id, |session| session.kill(signal)),
            Request::Resize(size) => self.about(id, |session| session.resize(size)),
            // There is nothing beside a guest.
            Request::Outside(_) | Request::Receive | Request::Send => return Event::Refused(Refusal::Missing).send(id, &mut self.port),
        }
        Ok(())
    }

    /// A command that has ended needs nothing any more.
    fn about(&mut self, id: u32, act: impl FnOnce(&mut Session)) {
        if let Some(session) = self.sessions.get_mut(&id) {
            act(session);
        }
    }

    fn begin(&mut self, id: u32, started: Result<Session, Refusal>) -> Result<(), ProtocolError> {
        match started {
            Ok(session) => {
                self.sessions.insert(id, session);
                Ok(())
            }
            Err(refusal) => Event::Refused(refusal).send(id, &mut self.port),
        }
    }

    fn take_input(&mut self, id: u32, bytes: &[u8]) -> Result<(), ProtocolError> {
        let Some(session) = self.sessions.get_mut(&id) else {
            return Ok(());
        };
        let Ok(dropped) = session.input.take(bytes) else {
            return Err(io::Error::from(ErrorKind::InvalidData).into());
        };
        self.settle(id, dropped)
    }

    fn feed(&mut self, id: u32) -> Result<(), ProtocolError> {
        let settled = self.sessions.get_mut(&id).map_or(0, |session| session.input.feed());
        self.settle(id, settled)
    }

    fn settle(&mut self, id: u32, count: usize) -> Result<(), ProtocolError> {
        match u32::try_from(count) {
            Ok(count) if count > 0 => Event::Taken(count).send(id, &mut self.port),
            _ => Ok(()),
        }
    }

    fn pass_on(&mut self, id: u32, number: usize, buffer: &mut [u8]) -> Result<(), ProtocolError> {
        match self.sessions.get_mut(&id).and_then(|session| session.read(number, buffer)) {
            Some((stream, count)) => Event::Output(stream, buffer[..count].to_vec()).send(id, &mut self.port),
            None => Ok(()),
        }
    }

    /// Waits for whoever has ended: commands, and as process 1 every orphan.
    fn reap(&mut self) {
        self.children.drain();
        while let Ok(Some((process, status))) = rustix::process::wait(WaitOptions::NOHANG) {
            if let Some(session) = self.sessions.values_mut().find(|session| session.process() == process && !session.lingers()) {
                session.note_end(meaning(status));
            }
        }
    }

    fn finish(&mut self, news: &[(Place, PollFlags)]) -> Result<(), ProtocolError> {
        let is_quiet = |id: u32| !news.iter().any(|(place, _)| matches!(place, Place::Output(of, _) if *of == id));
        let over = self.sessions.iter().filter_map(|(id, session)| Some((*id, session.last_word(is_quiet(*id))?)));
        for (id, ended) in over.collect::<Vec<_>>() {
            self.sessions.remove(&id);
            Event::Ended(ended).send(id, &mut self.port)?;
        }
        Ok(())
    }
}
