use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use rootfs_guest::protocol::Request;

use crate::connection::{Link, exec};
use crate::launch::launch;
use crate::mountpoint::MountPoints;
use crate::seat::Seat;
use crate::{Command, Outcome, Runner, SandboxError, Stream};

/// How a sandbox is to be.
#[derive(Debug, Clone, Default)]
pub struct SandboxOptions {
    /// What gethostname(2) says inside.
    pub hostname: String,
    /// Set by anyone, at any time: the running command and all others are killed within a fifth of a second.
    pub cancelled: Arc<AtomicBool>,
    /// The directory of the tree's package database, with a leading slash, when a package manager is to run that waits for the disk after every change of it. A seat that can't
    /// answer such calls keeps it in memory instead: nothing may remove or rename the directory itself.
    pub database: Option<&'static str>,
}

/// A tree in which commands run, with a runner as process 1 of its own namespaces.
///
/// The tree is seen by both sides as it changes. While the sandbox exists, the tree on disk has (empty) `/proc`, `/sys` and `/dev`. Dropping it kills
/// everything, and so does the death of this process, however it comes about.
#[derive(Debug)]
pub struct Sandbox {
    link: Link,
    mount_points: MountPoints,
}

impl Sandbox {
    /// Makes a sandbox of the tree `stage/root`. What else is in `stage` is seen by process 1, not by commands.
    ///
    /// # Errors
    /// When the tree has something else than directories at `/proc`, `/sys` or `/dev`, or the kernel refuses a step, which is named.
    pub fn start(stage: &Path, options: &SandboxOptions) -> Result<Self, SandboxError> {
        let mount_points = MountPoints::make(&stage.join("root"))?;
        Ok(Self { link: Link::open(launch(stage, &options.hostname), &options.cancelled)?, mount_points })
    }

    /// Kills what still runs, and returns when nothing of the sandbox is left on the host.
    ///
    /// # Errors
    /// When a mount point that was made can't be removed.
    pub fn stop(mut self) -> Result<(), SandboxError> {
        self.link.end()?;
        self.mount_points.remove()
    }

    /// Runs a program of the stage's own, beside the tree: its root is the stage, and the tree is `/root` there. It can write in the tree alone where the kernel has
    /// Landlock. Otherwise as [`Runner::run`].
    ///
    /// # Errors
    /// As [`Runner::run`].
    pub fn run_outside(&mut self, command: &Command, output: &mut dyn FnMut(Stream, &[u8])) -> Result<Outcome, SandboxError> {
        self.link.run(&Request::Outside(exec(command)), command, output)
    }
}

impl Runner for Sandbox {
    fn run(&mut self, command: &Command, output: &mut dyn FnMut(Stream, &[u8])) -> Result<Outcome, SandboxError> {
        self.link.run(&Request::Exec(exec(command)), command, output)
    }
}

impl Seat for Sandbox {
    fn run_outside(&mut self, command: &Command, output: &mut dyn FnMut(Stream, &[u8])) -> Result<Outcome, SandboxError> {
        Self::run_outside(self, command, output)
    }

    fn stop(self: Box<Self>) -> Result<(), SandboxError> {
        Self::stop(*self)
    }
}
