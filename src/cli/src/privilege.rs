//! Being root of a tree: as root, or as a plain user in a user namespace of its own.

use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use rootfs_sandbox::{enter_user_namespace, is_in_user_namespace};

use crate::environment::Environment;
use crate::failure::Failure;
use crate::record::has_owners_beside;
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

/// The same, when the system lets it; otherwise the caller stays who it is, which is enough to write files. Must come before any thread.
///
/// # Errors
/// When the system lets it halfway.
pub(crate) fn become_root_or_stay(environment: &Environment) -> Result<(), Failure> {
    match become_root(environment) {
        Err(_) if !is_in_user_namespace() => Ok(()),
        result => result,
    }
}

/// Whether the caller is root of nothing: it can give files to nobody and make no device.
pub(crate) fn is_plain() -> bool {
    !rustix::process::geteuid().is_root()
}

/// The same, when the directory is a root filesystem that the caller has built: its files belong to the caller's subordinate ids.
///
/// # Errors
/// As [`become_root`].
pub(crate) fn become_owner(directory: &Path, environment: &Environment) -> Result<(), Failure> {
    let Ok(metadata) = fs_err::metadata(directory) else { return Ok(()) };
    let own = metadata.is_dir() && metadata.uid() == rustix::process::geteuid().as_raw();
    let Ok(path) = fs_err::canonicalize(directory) else { return Ok(()) };
    let record = record_path(&path);
    if own && record.is_dir() && !has_owners_beside(&record) { become_root(environment) } else { Ok(()) }
}
