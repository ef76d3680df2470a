use std::fs::File;
use std::os::fd::OwnedFd;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use rootfs_guest::mirror::{Mirror, View};
use rootfs_guest::protocol::Request;

use crate::connection::{Link, exec};
use crate::seat::Seat;
use crate::{Command, Outcome, Runner, SandboxError, Stream};

/// The process, the container or the machine in which a runner is that this process has not started itself.
pub trait FarSide: std::fmt::Debug + Send {
    /// Tells why the runner is gone, after its stream broke.
    fn cause(&mut self) -> SandboxError;

    /// What an error means there; the error itself when no more is known of it.
    fn translate(&mut self, error: SandboxError) -> SandboxError {
        error
    }

    /// Kills everything there. Twice is as good as once.
    ///
    /// # Errors
    /// When something may be left.
    fn end(&mut self) -> Result<(), SandboxError>;
}

/// The way to a runner on the far side.
#[derive(Debug)]
pub struct FarStreams {
    /// What the runner reads.
    pub requests: OwnedFd,
    /// What it writes.
    pub events: OwnedFd,
}

/// A runner that has a copy of the tree. Before a command runs there, what has changed here crosses; what commands have changed comes back when it is asked for.
#[derive(Debug)]
pub struct Elsewhere {
    link: Link,
    mirror: Mirror,
    /// Whether a command has run since the tree was last brought back.
    changed: bool,
}

impl Elsewhere {
    /// Waits until the runner is ready. `tree` is this side's copy.
    ///
    /// # Errors
    /// When the runner can't become ready.
    pub fn open(
        streams: FarStreams,
        far: Box<dyn FarSide>,
        tree: &Path,
        view: View,
        cancelled: &Arc<AtomicBool>,
    ) -> Result<Self, SandboxError> {
        let mirror = Mirror::new(tree, view).map_err(|source| SandboxError::Mirror { source })?;
        let link = Link::open_far(File::from(streams.requests), File::from(streams.events), far, cancelled)?;
        Ok(Self { link, mirror, changed: false })
    }

    /// Makes the far copy what this one is.
    ///
    /// # Errors
    /// When either side can't be read or written, or the runner is gone.
    pub fn send(&mut self) -> Result<(), SandboxError> {
        self.link.send_tree(&mut self.mirror)
    }

    /// Kills everything there.
    ///
    /// # Errors
    /// When something may be left.
    pub fn end(self) -> Result<(), SandboxError> {
        self.link.end()
    }

    fn run_request(
        &mut self,
        request: &Request,
        command: &Command,
        output: &mut dyn FnMut(Stream, &[u8]),
    ) -> Result<Outcome, SandboxError> {
        self.send()?;
        self.changed = true;
        self.link.run(request, command, output)
    }
}

impl Runner for Elsewhere {
    fn run(&mut self, command: &Command, output: &mut dyn FnMut(Stream, &[u8])) -> Result<Outcome, SandboxError> {
        self.run_request(&Request::Exec(exec(command)), command, output)
    }

    fn bring_back(&mut self) -> Result<(), SandboxError> {
        if std::mem::take(&mut self.changed) { self.link.receive_tree(&mut self.mirror) } else { Ok(()) }
    }
}

impl Seat for Elsewhere {
    fn run_outside(&mut self, command: &Command, output: &mut dyn FnMut(Stream, &[u8])) -> Result<Outcome, SandboxError> {
        self.run_request(&Request::Outside(exec(command)), command, output)
    }

    fn stop(mut self: Box<Self>) -> Result<(), SandboxError> {
        self.bring_back()?;
        self.end()
    }
}

/// Programs of one copy at work on another: the seat of a stage, and that of its tree beside it.
#[derive(Debug)]
pub struct Beside {
    /// Where the stage's own programs are.
    pub stage: Elsewhere,
    /// Whose root they find at the stage's `/root`.
    pub tree: Elsewhere,
}

impl Runner for Beside {
    fn run(&mut self, command: &Command, output: &mut dyn FnMut(Stream, &[u8])) -> Result<Outcome, SandboxError> {
        self.tree.run(command, output)
    }

    fn bring_back(&mut self) -> Result<(), SandboxError> {
        self.tree.bring_back()
    }
}

impl Seat for Beside {
    fn run_outside(&mut self, command: &Command, output: &mut dyn FnMut(Stream, &[u8])) -> Result<Outcome, SandboxError> {
        self.tree.send()?;
        self.tree.changed = true;
        self.stage.run_outside(command, output)
    }

    fn stop(mut self: Box<Self>) -> Result<(), SandboxError> {
        self.tree.bring_back()?;
        let Self { stage, tree } = *self;
        stage.end()?;
        tree.end()
    }
}
