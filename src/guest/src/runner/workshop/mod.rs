//! A place where the host's programs work on a tree: they see the host's files, which they can't change, and the host's network.
//!
//! All of it is in a user namespace of its own, whoever builds, with the same ids as around it: so what is mounted read-only stays so for a program that may
//! mount, and no device can be opened or made. What device nodes they make is recorded ([`Nodes`]).

mod attributes;
mod calls;
mod folder;
mod nested;
mod nodes;
mod resolver;
mod view;

use std::ffi::OsStr;
use std::path::Path;
use std::process::ExitCode;

use rootfs_guest::protocol::Failure;
use rustix::thread::UnshareFlags;

use super::process::ProcessTable;
use super::supervisor::Surroundings;
use super::{become_process_1, capabilities, root, run_in, settle_down};
use crate::failure::Step;

pub(super) use nodes::Nodes;

/// Serves in the stage that is the current directory: `root` is the tree there, `folder` an empty directory for what is changed in the host's
/// directory `folder`, and `host` another.
pub(crate) fn run(hostname: &OsStr, folder: &OsStr) -> ExitCode {
    run_in(
        || {
            // SAFETY: the flag doesn't unshare the table of open files.
            unsafe { rustix::thread::unshare_unsafe(UnshareFlags::NEWNS) }.step("make namespaces")?;
            view::enter(Path::new(folder))?;
            nested::enter()
        },
        || prepare(hostname),
    )
}

fn prepare(hostname: &OsStr) -> Result<Surroundings, Failure> {
    become_process_1(hostname)?;
    root::mount("proc", "/proc", root::PLAIN, None)?;
    let processes = ProcessTable::open("/proc").step("open /proc")?;
    root::protect_proc("/proc")?;
    settle_down()?;
    let nodes = Nodes::watch().step("watch for device nodes")?;
    capabilities::reduce(capabilities::OF_WORKSHOP)?;
    Ok(Surroundings { processes, null: "/dev/null", nodes: Some(nodes), container: None })
}
