//! What resolving and installing depend on, told completely: whatever is missing here would give a stranger's result back.

use rootfs_plugin::{BuildError, Plan, RpmInstaller};
use rootfs_tree::Digest;
use sha2::{Digest as _, Sha256};

use super::index::{Index, key_texts};
use crate::engine::build_error;
use crate::inputs::Inputs;
use crate::lock::{Lock, LockedPackage};
use crate::store::Store;

/// What the lock of a plan depends on. Mirrors are not in it: a repository's index says what they have.
pub(crate) fn resolve_inputs(plan: &Plan, rpm: &RpmInstaller, indexes: &[Index<'_>], store: &Store) -> Result<Inputs, BuildError> {
    let mut inputs = Inputs::of_guest(plan);
    let line = |(at, index): (usize, &Index<'_>)| format!("{} {} {at}", index.repository.name, index.sha256);
    inputs.set_lines("indexes", indexes.iter().enumerate().map(line));
    inputs.set_asked_for(&plan.include, store).map_err(|error| build_error(&error))?;
    inputs.set_flag("weak dependencies", rpm.weak);
    inputs.set_lines("excluded", rpm.exclude.iter().cloned());
    inputs.set_lines("tools", rpm.tools.iter().cloned());
    Ok(inputs)
}

/// What the tree of a lock depends on, before anything is customised. `epoch` is what scripts are told, when it is not what the packages say.
pub(crate) fn install_inputs(
    plan: &Plan,
    rpm: &RpmInstaller,
    lock: &Lock,
    host_name: &str,
    epoch: Option<i64>,
) -> Result<Inputs, BuildError> {
    let mut inputs = Inputs::of_guest(plan);
    let line = |package: &LockedPackage| format!("{} {} {} {}", package.name, package.version, package.architecture, package.sha256);
    inputs.set_lines("packages", lock.packages.iter().map(line));
    inputs.set_lines("tools", lock.tools.iter().map(line));
    inputs.set("database", rpm.database.as_str());
    inputs.set_left_out(&plan.without);
    let mut keys = Vec::new();
    for repository in &rpm.repositories {
        keys.extend(key_texts(repository)?.into_iter().map(|(_, key)| Digest(Sha256::digest(key).into()).to_string()));
    }
    inputs.set_lines("keys", keys);
    inputs.set_told(host_name, epoch);
    Ok(inputs)
}
