//! How the engine is to work, from what the user said.

use std::path::Path;
use std::sync::Arc;

use rootfs_guest::names::AGENT_PROGRAM;
use rootfs_package::engine::EngineOptions;
use rootfs_package::lock::{Lock, LockedAgent};
use rootfs_plugin::{Agent, Request};
use rootfs_sandbox::GUEST;
use rootfs_tree::Digest;
use sha2::{Digest as _, Sha256};

use crate::failure::Failure;
use crate::invocation::Invocation;
use crate::output::Boot;
use crate::progress::Progress;
use crate::starter;

/// Reads the lock, if one is to be followed, and puts the rest together.
///
/// # Errors
/// When the lock can't be read.
pub(crate) fn of(invocation: &Invocation, request: &Request, stage: &Path, progress: &Progress) -> Result<EngineOptions, Failure> {
    let boot = invocation.boot();
    let locked = invocation.locked.as_deref().map(read_lock).transpose()?;
    locked.as_ref().map_or(Ok(()), |lock| starter::require_pinned(lock, boot))?;
    Ok(EngineOptions {
        stage: stage.to_owned(),
        fetch: invocation.fetch_options(),
        now: invocation.now,
        locked,
        agent: locked_agent(request)?,
        kernel: invocation.output.as_ref().is_some_and(|output| output.form.is_disk()),
        uefi_stub: boot == Boot::Uefi,
        bios_loader: boot == Boot::Bios,
        source_date_epoch: request.source_date_epoch,
        hostname: request.hostname.clone().unwrap_or_else(|| request.distribution.clone()),
        reuse: invocation.cache.then(program).transpose()?,
        seats: Arc::clone(&invocation.seats),
        cancelled: progress.interrupted(),
    })
}

/// The hash of this program: the results of another are not its own.
pub(crate) fn program() -> Result<String, Failure> {
    let content = fs_err::read("/proc/self/exe").map_err(|error| Failure::of(&error))?;
    Ok(Digest(Sha256::digest(content).into()).to_string())
}

fn read_lock(path: &Path) -> Result<Lock, Failure> {
    let text = fs_err::read_to_string(path).map_err(|error| Failure::of(&error))?;
    Lock::parse(&text).map_err(|error| Failure::new(format!("can't use the lock `{}`", path.display())).because(&error))
}

/// What pins the agent: the name it gets and the hash of its content.
fn locked_agent(request: &Request) -> Result<Option<LockedAgent>, Failure> {
    let path = match &request.agent {
        Agent::File(path) => path,
        Agent::Default | Agent::Own => {
            return Ok(Some(LockedAgent { name: AGENT_PROGRAM.to_owned(), sha256: Digest(Sha256::digest(GUEST).into()) }));
        }
        Agent::None => return Ok(None),
    };
    let content = fs_err::read(path).map_err(|error| Failure::of(&error))?;
    let own = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let name = request.agent_name.clone().unwrap_or(own);
    Ok(Some(LockedAgent { name, sha256: Digest(Sha256::digest(&content).into()) }))
}
