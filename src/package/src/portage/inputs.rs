//! What resolving depends on, told completely: whatever is missing here would give a stranger's result back.

use rootfs_plugin::{Plan, PortageInstaller};

use super::acquire::names;
use super::hosts::{Indexed, Keys};
use crate::inputs::Inputs;

/// What the lock of a plan depends on. Mirrors are not in it: a host's index says what they have.
pub(super) fn resolve_inputs(plan: &Plan, portage: &PortageInstaller, indexes: &[Indexed<'_>], keys: &Keys) -> Inputs {
    let mut inputs = Inputs::of_guest(plan);
    let line = |(at, index): (usize, &Indexed<'_>)| {
        let name = &index.host.name;
        format!("{name} {} {at} {}", index.sha256, keys.told(name))
    };
    inputs.set_lines("indexes", indexes.iter().enumerate().map(line));
    inputs.set_lines("asked for", names(&plan.include).cloned());
    inputs.set("USE", portage.flags.join(" "));
    inputs.set_lines("parts", portage.parts.iter().map(|part| part.package.clone()));
    inputs
}
