use rootfs_plugin::Tweak;

use super::edit::Editor;
use super::{CustomiseError, regenerate, unit};

/// Makes one tweak of the plan.
pub(super) fn apply(editor: &mut Editor<'_>, tweak: &Tweak) -> Result<(), CustomiseError> {
    match tweak {
        Tweak::Write { path, content, mode } => {
            let mode = u16::try_from(mode & 0o7777).unwrap_or(0o644);
            editor.write(path.as_bytes(), content.clone().into_bytes(), mode)
        }
        Tweak::Directory { path, mode } => {
            let mode = u16::try_from(mode & 0o7777).unwrap_or(0o755);
            editor.directory(path.as_bytes(), mode)
        }
        Tweak::Link { path, only_if_missing: true, .. } if editor.entry(path.as_bytes()).is_some() => Ok(()),
        Tweak::Link { path, target, .. } => editor.link(path.as_bytes(), target.as_bytes()),
        Tweak::Remove { path } => editor.remove(path.as_bytes()).map(drop),
        Tweak::EnableUnit { unit } => unit::enable(editor, unit),
        Tweak::Regenerate(secret) => regenerate::apply(editor, secret),
    }
}
