//! What resolving depends on, told completely: whatever is missing here would give a stranger's result back.

use rootfs_plugin::{ApkRepository, Plan};
use rootfs_tree::Digest;

use super::ApkLayer;
use super::asked::names;
use super::repositories::Indexed;
use crate::inputs::Inputs;

/// What the lock of a plan depends on. Mirrors are not in it: a repository's index says what they have.
pub(super) fn resolve_inputs(plan: &Plan, indexes: &[Indexed<'_>], local: &[(String, Digest, ApkLayer)]) -> Inputs {
    let mut inputs = Inputs::of_guest(plan);
    let line = |(at, index): (usize, &Indexed<'_>)| {
        let ApkRepository { name, tag, .. } = index.repository;
        format!("{name} {} {at} {} {}", index.sha256, tag.as_deref().unwrap_or("untagged"), index.signer)
    };
    inputs.set_lines("indexes", indexes.iter().enumerate().map(line));
    let files = local.iter().map(|(name, sha256, _)| format!("{name} file {sha256}"));
    inputs.set_lines("asked for", names(&plan.include).cloned().chain(files));
    inputs
}
