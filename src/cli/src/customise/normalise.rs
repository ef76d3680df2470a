mod rules;

use rootfs_tree::{Kind, Time, Tree};

use super::accounts::{Format, Table, day};
use super::edit::Editor;
use super::{CustomiseError, pattern};
use rules::{Action, KEPT, RULES};

/// Takes out of the tree what only tells of its making, and makes nothing younger than `epoch` (seconds since 1970). After the hooks, the
/// last step before the check; what it does twice changes nothing.
///
/// # Errors
/// When `/etc/shadow` is malformed.
pub fn normalise(tree: &mut Tree, epoch: i64) -> Result<Vec<String>, CustomiseError> {
    let mut editor = Editor::new(tree, Time::from_seconds(epoch));
    for rule in RULES {
        let found = pattern::matches(editor.tree, rule.path.as_bytes());
        for path in found.into_iter().filter(|path| KEPT.iter().all(|kept| kept.as_bytes() != path)) {
            let changed = match rule.action {
                Action::Remove => editor.remove(&path)?,
                Action::RemoveUnowned => remove_unowned(&mut editor, &path)?,
                Action::Empty => empty(&mut editor, &path),
            };
            if changed {
                editor.notes.push(format!("{}: {}", path.escape_ascii(), rule.reason));
            }
        }
    }
    clamp_password_days(&mut editor, epoch)?;
    editor.tree.clamp_mtimes(Time::from_seconds(epoch));
    Ok(editor.notes)
}

fn remove_unowned(editor: &mut Editor<'_>, path: &[u8]) -> Result<bool, CustomiseError> {
    let owned = editor.entry(path).is_some_and(|id| editor.tree.node(id).package.is_some());
    if owned { Ok(false) } else { editor.remove(path) }
}

/// Only what is a file, and only when there is something in it.
fn empty(editor: &mut Editor<'_>, path: &[u8]) -> bool {
    let Some(id) = editor.entry(path).filter(|id| editor.tree.file(*id).is_some_and(|file| file.length > 0)) else { return false };
    let node = editor.tree.node_mut(id);
    node.kind = Kind::inline(Vec::new());
    node.metadata.mtime = editor.mtime;
    true
}

/// Scripts that add users write today as the day of the password's last change.
fn clamp_password_days(editor: &mut Editor<'_>, epoch: i64) -> Result<(), CustomiseError> {
    let path = Format::SHADOW.path.as_bytes();
    let Some(text) = editor.read(path)? else { return Ok(()) };
    let mut shadow = Table::parse(Format::SHADOW, &text)?;
    let newest = epoch.div_euclid(86400);
    for row in shadow.rows_mut() {
        let changed = std::str::from_utf8(&row[2]).ok().and_then(|text| text.parse::<i64>().ok());
        if changed.is_some_and(|changed| changed > newest) {
            row[2] = day(epoch);
        }
    }
    editor.rewrite(path, shadow.to_bytes(), 0o640)
}

#[cfg(test)]
mod tests;
