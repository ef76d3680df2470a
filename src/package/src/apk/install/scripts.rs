use rootfs_tree::Time;

use super::layout::Layout;
use super::native::carry_out;
use super::skeleton::ensure_directory;
use super::{InstallError, InstallPackage, PendingScript};
use crate::apk::ScriptKind;
use crate::owners::Owners;

/// Scripts as their time comes.
#[derive(Debug, Default)]
pub(super) struct Scripts {
    /// Those that nobody here can carry out.
    pub(super) pending: Vec<PendingScript>,
}

impl Scripts {
    /// Runs a script of a package, if it has one: at once when it is known, else it is put down for later.
    pub(super) fn run(
        &mut self,
        layout: &mut Layout<'_>,
        install: &InstallPackage<'_>,
        kind: ScriptKind,
        arguments: Vec<String>,
    ) -> Result<(), InstallError> {
        let Some(text) = install.layer.content.scripts.get(&kind) else { return Ok(()) };
        let time = Time::from_seconds(i64::try_from(install.package.build_time).unwrap_or_default());
        // Where apk puts a script to run it.
        ensure_directory(&mut layout.tree, "/lib/apk/exec", time)?;
        if carry_out(text, &arguments, &mut layout.tree, time)? {
            layout.owners = Owners::read(&layout.tree);
        } else {
            self.pending.push(PendingScript { package: install.package.title(), kind, text: text.clone(), arguments });
        }
        Ok(())
    }
}
