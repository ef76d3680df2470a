use std::ffi::OsString;
use std::os::unix::process::ExitStatusExt as _;
use std::path::Path;

use crate::launch;
use crate::mountpoint::MountPoints;
use crate::{Exit, SandboxError};

/// Runs a command in a tree on the caller's own terminal: namespaces as in a [`Sandbox`](crate::Sandbox), no network, nothing left behind.
///
/// # Errors
/// When the tree has no place for `/proc`, `/sys` or `/dev`, or the far side can't be started. What goes wrong there is said on standard error,
/// and the exit is 125.
pub fn attend(tree: &Path, hostname: &str, arguments: &[OsString], environment: &[(OsString, OsString)]) -> Result<Exit, SandboxError> {
    let mut mount_points = MountPoints::make(tree)?;
    let ended = launch::attend(tree, hostname, arguments, environment).map_err(|source| SandboxError::Launch { source })?;
    mount_points.remove()?;
    Ok(ended.code().map_or_else(|| Exit::Signal(ended.signal().unwrap_or(0)), Exit::Code))
}
