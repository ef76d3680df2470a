use std::os::fd::OwnedFd;

use rootfs_guest::protocol::{Exec, Refusal};
use rustix::pipe::{PipeFlags, pipe_with};
use rustix::process::Pid;

use super::container::ContainerRoots;
use super::root::TREE;
use crate::failure::Step;
use crate::program;

/// A command that has been started.
pub(super) struct Running {
    /// Also its process group and its session.
    pub(super) process: Pid,
    /// What it writes to its standard output.
    pub(super) output: OwnedFd,
    /// What it writes to its standard error.
    pub(super) error: OwnedFd,
}

/// What a command sees as its root.
#[derive(Clone, Copy)]
pub(super) enum Place {
    /// The tree.
    Tree,
    /// What process 1 sees: the stage. It can write in the tree alone.
    Stage,
}

/// Starts the command, in a session of its own, and returns when its program runs or can't.
pub(super) fn start(exec: &Exec, input: &OwnedFd, place: Place, container: Option<&ContainerRoots>) -> Result<Running, Refusal> {
    let pipe = || pipe_with(PipeFlags::CLOEXEC).step("make a pipe").map_err(Refusal::Other);
    let (output, output_end) = pipe()?;
    let (error, error_end) = pipe()?;
    let process = program::start(exec, || {
        program::set_streams(input, &output_end, &error_end)?;
        match (container, place) {
            (Some(roots), _) => roots.enter_place(place),
            (None, Place::Tree) => rustix::process::chroot(TREE).step("change the root"),
            (None, Place::Stage) => Ok(()),
        }
    })?;
    Ok(Running { process, output, error })
}
