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

use rootfs_plugin::{Plan, Request};
use rootfs_tree::{Time, Tree};

pub use error::CustomiseError;
pub use normalise::normalise;

use edit::Editor;

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
    agent::install(&mut editor, request)?;
    for overlay in &request.overlays {
        overlay::lay(editor.tree, &overlay.path, spool)?;
    }
    Ok(editor.notes)
}
