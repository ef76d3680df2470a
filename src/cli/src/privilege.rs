//! Being root of a tree: as root, or as a plain user in a user namespace of its own.

use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use rootfs_sandbox::enter_user_namespace;

use crate::environment::Environment;
use crate::failure::Failure;
use crate::target::record_path;

/// Makes a plain user root of what it builds; root is it already. Must come before any thread.
///
/// # Errors
/// When the system doesn't let it, with the command that mends it.
pub(crate) fn become_root(environment: &Environment) -> Result<(), Failure> {
    if rustix::process::geteuid().is_root() {
        return Ok(());
    }
    let path = environment.path("PATH").unwrap_or_default();
    enter_user_namespace(path.as_os_str()).map_err(|error| Failure::new("can't build as a plain user").because(&error).hint(error.hint()))
}

/// The same, when the directory is a root filesystem that the caller has built: its files belong to the caller's subordinate ids.
///
/// # Errors
/// As [`become_root`].
pub(crate) fn become_owner(directory: &Path, environment: &Environment) -> Result<(), Failure> {
    let Ok(metadata) = fs_err::metadata(directory) else { return Ok(()) };
    let own = metadata.is_dir() && metadata.uid() == rustix::process::geteuid().as_raw();
    let Ok(path) = fs_err::canonicalize(directory) else { return Ok(()) };
    if own && record_path(&path).is_dir() { become_root(environment) } else { Ok(()) }
}
