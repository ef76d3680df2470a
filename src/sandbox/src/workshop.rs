use std::path::{Path, PathBuf};

use fs_err as fs;
use rootfs_guest::protocol::Request;

use crate::connection::{Link, exec};
use crate::launch::launch_workshop;
use crate::seat::Seat;
use crate::{Command, Outcome, Runner, SandboxError, SandboxOptions, Stream};

/// What is made in the stage: where the host's files are shown, and where changes of the folder go.
const HOST: &str = "host";
const FOLDER: &str = "folder";

/// A place where programs of the host work on a tree, with a runner as process 1.
///
/// They see the host's files as they are, read-only, and the host's network. Writable are the tree, at [`Workshop::TREE`]; one folder of the host's, whose changes
/// stay in the workshop; and `/tmp`, `/var/tmp`, `/run` and `/root`, which are empty and in memory. They are root of a user namespace of their own, in which they may
/// mount, change the root, and seemingly make device nodes: an empty file with the attribute
/// [`DEVICE_ATTRIBUTE`](crate::DEVICE_ATTRIBUTE) then takes the node's place. Dropping it kills everything, and so does the death of this process.
#[derive(Debug)]
pub struct Workshop {
    link: Link,
    stage: PathBuf,
}

impl Workshop {
    /// Where commands find the tree.
    pub const TREE: &str = rootfs_guest::names::WORKSHOP_TREE;

    /// Makes a workshop for the tree `stage/root`. `folder` is absolute and has no links in its path; what commands change in it is gone with the workshop.
    ///
    /// # Errors
    /// When the stage can't be written, or the kernel refuses a step, which is named.
    pub fn start(stage: &Path, folder: &Path, options: &SandboxOptions) -> Result<Self, SandboxError> {
        let workshop = |link| Self { link, stage: stage.to_owned() };
        [HOST, FOLDER].iter().try_for_each(|name| fs::create_dir(stage.join(name))).map_err(|source| stage_error(stage, source))?;
        Link::open(launch_workshop(stage, &options.hostname, folder), &options.cancelled).map(workshop)
    }

    /// Kills what still runs, and returns when nothing of the workshop is left but the tree.
    ///
    /// # Errors
    /// When the disk refuses.
    pub fn stop(self) -> Result<(), SandboxError> {
        self.link.end()?;
        fs::remove_dir(self.stage.join(HOST))
            .and_then(|()| fs::remove_dir_all(self.stage.join(FOLDER)))
            .map_err(|source| stage_error(&self.stage, source))
    }
}

impl Runner for Workshop {
    fn run(&mut self, command: &Command, output: &mut dyn FnMut(Stream, &[u8])) -> Result<Outcome, SandboxError> {
        self.link.run(&Request::Outside(exec(command)), command, output)
    }
}

impl Seat for Workshop {
    fn run_outside(&mut self, command: &Command, output: &mut dyn FnMut(Stream, &[u8])) -> Result<Outcome, SandboxError> {
        self.run(command, output)
    }

    fn stop(self: Box<Self>) -> Result<(), SandboxError> {
        Self::stop(*self)
    }
}

fn stage_error(path: &Path, source: std::io::Error) -> SandboxError {
    SandboxError::Stage { path: path.to_owned(), source }
}
