use std::fs::File;
use std::io::{ErrorKind, Seek, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::time::{Duration, Instant};

use rootfs_guest::mirror::Mirror;
use rootfs_guest::protocol::{CHUNK, Ended, Event, Exec, ProtocolError, Refusal, Request, Status, Stream, VERSION};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::{MemfdFlags, Mode, OFlags};
use rustix::io::Errno;
use rustix::process::{Pid, WaitOptions};

use super::command::{self, Place, Running};
use super::container::ContainerRoots;
use super::exchange;
use super::process::{ProcessTable, kill_all};
use super::workshop::Nodes;
use crate::child::{kill_group, meaning};
use crate::failure::Step;
use crate::signals::ChildSignals;

/// How long processes may outlive their command without being called left behind: the end of a pipeline, a helper that was told to go.
const GRACE: Duration = Duration::from_millis(100);

/// How often they are looked at meanwhile.
const GLANCE: Timespec = Timespec { tv_sec: 0, tv_nsec: 5_000_000 };

/// Process 1: runs one command at a time, and waits for every orphan.
pub(super) struct Supervisor {
    /// From the client.
    pub(super) requests: File,
    /// To the client.
    pub(super) events: File,
    /// Wakes the loop when a process has ended.
    pub(super) children: ChildSignals,
    /// What it has to work with.
    pub(super) surroundings: Surroundings,
}

/// What process 1 has, where it is.
pub(super) struct Surroundings {
    /// Who is there.
    pub(super) processes: ProcessTable,
    /// Where it finds what has nothing to read.
    pub(super) null: &'static str,
    /// Device nodes that commands want to make, where the kernel doesn't let them.
    pub(super) nodes: Option<Nodes>,
    /// Where an engine has made the surroundings: the way to the root of commands, and this side's copy of the tree.
    pub(super) container: Option<(ContainerRoots, Mirror)>,
}

/// A command on its way.
struct Attended {
    id: u32,
    process: Pid,
    streams: [(Stream, Option<OwnedFd>); 2],
    status: Option<Status>,
    ended: Option<Instant>,
    left_running: Vec<Vec<u8>>,
}

impl Supervisor {
    /// Serves until the client closes its end.
    pub(super) fn serve(&mut self) -> Result<(), ProtocolError> {
        Event::Ready(VERSION).send(0, &mut self.events)?;
        while let Some((id, request)) = Request::receive(&mut self.requests)? {
            match request {
                Request::Exec(exec) => self.execute(id, &exec, Place::Tree)?,
                Request::Outside(exec) => self.execute(id, &exec, Place::Stage)?,
                Request::Receive | Request::Send => {
                    if let Some((roots, mirror)) = &mut self.surroundings.container {
                        exchange::serve(id, request == Request::Receive, roots, mirror, &mut self.requests, &mut self.events)?;
                    }
                }
                // Anything else is about a command that has ended.
                _ => {}
            }
        }
        Ok(())
    }

    fn execute(&mut self, id: u32, exec: &Exec, place: Place) -> Result<(), ProtocolError> {
        let started = match self.take_input(id)? {
            Ok(input) => command::start(exec, &input, place, self.surroundings.container.as_ref().map(|(roots, _)| roots)),
            Err(refusal) => Err(refusal),
        };
        match started {
            Ok(running) => self.attend(id, running),
            Err(refusal) => Event::Refused(refusal).send(id, &mut self.events),
        }
    }

    /// The whole input as a file, before the command starts: so neither side can wait for the other while both want to write.
    fn take_input(&mut self, id: u32) -> Result<Result<OwnedFd, Refusal>, ProtocolError> {
        let mut input: Result<Option<File>, Errno> = Ok(None);
        loop {
            match Request::receive(&mut self.requests)? {
                Some((of, Request::Input(bytes))) if of == id => input = input.and_then(|file| append(file, &bytes)),
                Some((of, Request::EndOfInput)) if of == id => break,
                Some(_) => {}
                None => return Err(std::io::Error::from(ErrorKind::UnexpectedEof).into()),
            }
        }
        Ok(input.and_then(|file| start_of(file, self.surroundings.null)).step("keep the input").map_err(Refusal::Other))
    }

    fn attend(&mut self, id: u32, running: Running) -> Result<(), ProtocolError> {
        let Running { process, output, error } = running;
        let streams = [(Stream::Output, Some(output)), (Stream::Error, Some(error))];
        let mut command = Attended { id, process, streams, status: None, ended: None, left_running: Vec::new() };
        let mut buffer = vec![0; CHUNK];
        while !command.is_over() {
            self.wait_for_news(&mut command, &mut buffer)?;
            self.reap(&mut command);
            if command.status.is_some() {
                self.clear_away(&mut command);
            }
        }
        let status = command.status.unwrap_or(Status::Signal(0));
        Event::Ended(Ended { status, left_running: command.left_running }).send(id, &mut self.events)
    }

    /// Waits until something happened, passes output on and obeys requests.
    fn wait_for_news(&mut self, command: &mut Attended, buffer: &mut [u8]) -> Result<(), ProtocolError> {
        let readable = |file| PollFd::from_borrowed_fd(file, PollFlags::IN);
        let mut files = vec![readable(self.requests.as_fd()), readable(self.children.as_fd())];
        let open: Vec<usize> = (0..command.streams.len()).filter(|index| command.streams[*index].1.is_some()).collect();
        files.extend(command.streams.iter().filter_map(|(_, file)| file.as_ref()).map(|file| readable(file.as_fd())));
        files.extend(self.surroundings.nodes.iter().map(|nodes| readable(nodes.as_fd())));
        let timeout = command.ended.map(|_| &GLANCE);
        match poll(&mut files, timeout) {
            Ok(_) | Err(Errno::INTR) => {}
            Err(error) => return Err(std::io::Error::from(error).into()),
        }
        let news: Vec<bool> = files.iter().map(|file| !file.revents().is_empty()).collect();
        drop(files);
        if news[0] {
            self.obey(command)?;
        }
        if let Some(nodes) = &self.surroundings.nodes
            && news.last() == Some(&true)
        {
            nodes.answer(&self.surroundings.processes);
        }
        for (index, _) in open.into_iter().zip(&news[2..]).filter(|(_, ready)| **ready) {
            self.pass_on(command, index, buffer)?;
        }
        Ok(())
    }

    fn obey(&mut self, command: &Attended) -> Result<(), ProtocolError> {
        match Request::receive(&mut self.requests)? {
            // The client has left; so does process 1, and the kernel ends all others.
            None => Err(std::io::Error::from(ErrorKind::UnexpectedEof).into()),
            Some((id, Request::Kill(signal))) if id == command.id && command.status.is_none() => {
                kill_group(command.process, signal);
                Ok(())
            }
            Some(_) => Ok(()),
        }
    }

    fn pass_on(&mut self, command: &mut Attended, index: usize, buffer: &mut [u8]) -> Result<(), ProtocolError> {
        let (stream, file) = &mut command.streams[index];
        let Some(open) = file else {
            return Ok(());
        };
        match rustix::io::read(&*open, &mut *buffer) {
            Ok(0) => *file = None,
            Ok(count) => Event::Output(*stream, buffer[..count].to_vec()).send(command.id, &mut self.events)?,
            Err(Errno::INTR) => {}
            Err(error) => return Err(std::io::Error::from(error).into()),
        }
        Ok(())
    }

    /// Waits for whoever has ended, the command's own process among them.
    fn reap(&self, command: &mut Attended) {
        self.children.drain();
        while let Ok(Some((process, status))) = rustix::process::wait(WaitOptions::NOHANG) {
            if process == command.process {
                command.status = Some(meaning(status));
                command.ended = Some(Instant::now());
            }
        }
    }

    /// After the command's own end: what still runs gets its grace and is then killed, which also closes the streams.
    fn clear_away(&self, command: &mut Attended) {
        let Some(ended) = command.ended else {
            return;
        };
        let running = self.surroundings.processes.running();
        if running.is_empty() {
            // Whoever came into being meanwhile has no name, but no future either.
            kill_all();
            command.ended = None;
        } else if ended.elapsed() >= GRACE {
            kill_all();
            command.left_running = running;
            command.ended = None;
        }
    }
}

impl Attended {
    fn is_over(&self) -> bool {
        self.status.is_some() && self.ended.is_none() && self.streams.iter().all(|(_, file)| file.is_none())
    }
}

fn append(file: Option<File>, bytes: &[u8]) -> Result<Option<File>, Errno> {
    let mut file = match file {
        Some(file) => file,
        None => File::from(rustix::fs::memfd_create("input", MemfdFlags::CLOEXEC)?),
    };
    file.write_all(bytes).map_err(|error| Errno::from_io_error(&error).unwrap_or(Errno::IO))?;
    Ok(Some(file))
}

fn start_of(file: Option<File>, null: &str) -> Result<OwnedFd, Errno> {
    let Some(mut file) = file else {
        return rustix::fs::open(null, OFlags::RDONLY | OFlags::CLOEXEC, Mode::empty());
    };
    file.rewind().map_err(|error| Errno::from_io_error(&error).unwrap_or(Errno::IO))?;
    Ok(file.into())
}
