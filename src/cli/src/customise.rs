//! From the installed tree to the one that was asked for. Every step is a function of the tree and the request.

mod accounts;
mod agent;
mod devices;
mod edit;
mod elf;
mod error;
mod hostname;
mod normalise;
mod overlay;
mod pattern;
mod regenerate;
mod ssh_keys;
mod tweak;
mod unit;

use std::path::Path;

use rootfs_plugin::{Architecture, Plan, Request};
use rootfs_tree::{Time, Tree};

pub use error::CustomiseError;
pub use normalise::normalise;

use edit::Editor;

/// Lays a layer of an image over the tree: a tar by the rules of container images, a directory as `--overlay` does, but for marks of what is gone. `spool`
/// must live as long as the tree.
///
/// # Errors
/// When the layer can't be read or doesn't go over the tree.
pub(crate) fn lay_layer(tree: &mut Tree, path: &Path, spool: &Path) -> Result<(), CustomiseError> {
    overlay::lay_layer(tree, path, spool)
}

/// Whose a program is, by its first 20 bytes; none when it is no program, or one for a machine that can't be built for.
#[must_use]
pub(crate) fn architecture_of_program(head: &[u8]) -> Option<Architecture> {
    match elf::recognise(head) {
        elf::Program::Elf(architecture) => Some(architecture),
        _ => None,
    }
}

/// Everything of plan and request that changes the tree, but for the hooks, which run later: devices, tweaks, secrets, host name, accounts, keys, agent,
/// then the overlays, so that what a user lays over is final. `epoch` is the time of all that is new, in seconds since 1970; `spool` is a
/// directory that must live as long as the tree, for archives that have to be uncompressed.
///
/// Gives lines worth telling the user.
///
/// # Errors
/// The first thing that can't be done, by path.
pub fn customise(tree: &mut Tree, plan: &Plan, request: &Request, epoch: i64, spool: &Path) -> Result<Vec<String>, CustomiseError> {
    let mut editor = Editor::new(tree, Time::from_seconds(epoch));
    devices::make(&mut editor)?;
    for tweak in &plan.tweaks {
        tweak::apply(&mut editor, tweak)?;
    }
    if let Some(hostname) = &request.hostname {
        hostname::set(&mut editor, hostname)?;
    }
    accounts::set(&mut editor, plan, request)?;
    ssh_keys::authorise(&mut editor, request)?;
    agent::install(&mut editor, plan.architecture, request)?;
    for overlay in &request.overlays {
        overlay::lay(editor.tree, &overlay.path, spool)?;
    }
    Ok(editor.notes)
}
