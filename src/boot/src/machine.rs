use std::io::{self, ErrorKind, Read};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::process::{Child, ChildStderr, ExitStatus};

use rustix::process::{Pid, PidfdFlags};

use crate::qemu::Channels;
use crate::{BootError, QemuCommand, process};

/// How much of QEMU's last words is kept.
const WORDS_LIMIT: usize = 4 << 10;

/// QEMU's ends of the sockets between it and us.
#[derive(Debug)]
pub(crate) struct Plugs {
    console: OwnedFd,
    monitor: OwnedFd,
    agent: Option<OwnedFd>,
}

/// Our ends.
#[derive(Debug)]
pub(crate) struct Sockets {
    pub(crate) console: UnixStream,
    pub(crate) monitor: UnixStream,
    pub(crate) agent: Option<UnixStream>,
}

/// A QEMU that runs. Dropping it kills it.
#[derive(Debug)]
pub(crate) struct Machine {
    child: Child,
    ended: OwnedFd,
    errors: Option<ChildStderr>,
    words: Vec<u8>,
}

impl Plugs {
    /// Connected to sockets of ours.
    pub(crate) fn connect(with_agent: bool) -> io::Result<(Self, Sockets)> {
        let (console, console_plug) = UnixStream::pair()?;
        let (monitor, monitor_plug) = UnixStream::pair()?;
        let (agent, agent_plug) =
            if with_agent { UnixStream::pair().map(|(ours, theirs)| (Some(ours), Some(theirs)))? } else { (None, None) };
        let plugs = Self { console: console_plug.into(), monitor: monitor_plug.into(), agent: agent_plug.map(OwnedFd::from) };
        Ok((plugs, Sockets { console, monitor, agent }))
    }

    pub(crate) fn channels(&self) -> Channels {
        Channels {
            console: self.console.as_raw_fd(),
            monitor: self.monitor.as_raw_fd(),
            agent: self.agent.as_ref().map(AsRawFd::as_raw_fd),
        }
    }
}

impl Machine {
    /// `files` are what the command line names besides the plugs.
    pub(crate) fn start(command: &QemuCommand, plugs: Plugs, files: Vec<OwnedFd>, temporary: &Path) -> Result<Self, BootError> {
        let failed = |source| BootError::Host { step: "start QEMU", source };
        let files: Vec<OwnedFd> = [plugs.console, plugs.monitor].into_iter().chain(plugs.agent).chain(files).collect();
        let mut child = process::start(command, &files, temporary).map_err(failed)?;
        let id = i32::try_from(child.id()).ok().and_then(Pid::from_raw).ok_or_else(|| failed(ErrorKind::InvalidData.into()))?;
        let ended = rustix::process::pidfd_open(id, PidfdFlags::empty()).map_err(|error| failed(error.into()))?;
        let errors = child.stderr.take();
        Ok(Self { child, ended, errors, words: Vec::new() })
    }

    /// Readable once QEMU has ended.
    pub(crate) fn ended(&self) -> BorrowedFd<'_> {
        self.ended.as_fd()
    }

    /// QEMU's complaints, while it has any.
    pub(crate) fn errors(&self) -> Option<BorrowedFd<'_>> {
        self.errors.as_ref().map(ChildStderr::as_fd)
    }

    /// Reads some of them, when there are any.
    pub(crate) fn read_errors(&mut self) {
        let mut buffer = [0; 1024];
        match self.errors.as_mut().map(|errors| errors.read(&mut buffer)) {
            Some(Ok(count)) if count > 0 => {
                self.words.extend_from_slice(&buffer[..count]);
                let excess = self.words.len().saturating_sub(WORDS_LIMIT);
                self.words.drain(..excess);
            }
            Some(Err(error)) if error.kind() == ErrorKind::Interrupted => {}
            _ => self.errors = None,
        }
    }

    /// QEMU's last words; it must have ended.
    pub(crate) fn last_words(&mut self) -> String {
        while self.errors.is_some() {
            self.read_errors();
        }
        String::from_utf8_lossy(&self.words).trim().to_owned()
    }

    /// Waits for its end, which somebody must have brought about.
    pub(crate) fn wait(&mut self) -> Result<ExitStatus, BootError> {
        self.child.wait().map_err(|source| BootError::Host { step: "wait for QEMU", source })
    }

    /// Ends it, now.
    pub(crate) fn kill(&mut self) {
        // Fails only when it has ended already.
        let _ = self.child.kill();
    }
}

impl Drop for Machine {
    fn drop(&mut self) {
        self.kill();
        let _ = self.child.wait();
    }
}
