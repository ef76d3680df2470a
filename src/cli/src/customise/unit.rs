mod install;

use std::collections::BTreeSet;

use rootfs_tree::Kind;

use super::CustomiseError;
use super::edit::Editor;
use install::Install;

/// Where units are, in the order in which one hides another (systemd.unit(5)).
const PLACES: [&str; 4] = ["/etc/systemd/system", "/usr/local/lib/systemd/system", "/usr/lib/systemd/system", "/lib/systemd/system"];

/// Enables a unit of the tree as `systemctl enable` does: links by WantedBy, RequiredBy, UpheldBy and Alias of its `[Install]`, and the same
/// for what Also names.
pub(super) fn enable(editor: &mut Editor<'_>, unit: &str) -> Result<(), CustomiseError> {
    let mut done = BTreeSet::new();
    let mut pending = vec![unit.to_owned()];
    while let Some(next) = pending.pop() {
        if !done.insert(next.clone()) {
            continue;
        }
        match enable_one(editor, &next) {
            Ok(also) => pending.extend(also),
            // A distribution may ship in another package what Also names.
            Err(CustomiseError::NoUnit { .. }) if next != unit => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

fn enable_one(editor: &mut Editor<'_>, unit: &str) -> Result<Vec<String>, CustomiseError> {
    let (name, path) = find(editor, unit)?;
    let text = editor.read(path.as_bytes())?.unwrap_or_default();
    let install = Install::parse(&String::from_utf8_lossy(&text));
    let name = match (name.split_once("@."), &install.default_instance) {
        (Some((prefix, suffix)), Some(instance)) => format!("{prefix}@{instance}.{suffix}"),
        (Some(_), None) => return Err(CustomiseError::Unit { unit: name, reason: "it is a template without DefaultInstance" }),
        (None, _) => name,
    };
    for (targets, kind) in [(&install.wanted_by, "wants"), (&install.required_by, "requires"), (&install.upheld_by, "upholds")] {
        for target in targets {
            let target = expand(target, &name);
            link(editor, &format!("{target}.{kind}/{name}"), &path, &name)?;
        }
    }
    for alias in &install.alias {
        link(editor, &expand(alias, &name), &path, &name)?;
    }
    Ok(install.also.iter().map(|also| expand(also, &name)).collect())
}

/// The unit's own name and the file that says what it is. `a@b.service` is an instance of `a@.service`; a link is another name.
fn find(editor: &Editor<'_>, unit: &str) -> Result<(String, String), CustomiseError> {
    let missing = || CustomiseError::NoUnit { unit: unit.to_owned() };
    let template = unit.split_once('@').and_then(|(prefix, rest)| Some(format!("{prefix}@.{}", rest.rsplit_once('.')?.1)));
    for file in [Some(unit.to_owned()), template].into_iter().flatten() {
        for place in PLACES {
            let path = format!("{place}/{file}");
            let Some(id) = editor.entry(path.as_bytes()) else { continue };
            return match &editor.tree.node(id).kind {
                Kind::File(_) => Ok((unit.to_owned(), path)),
                Kind::Symlink(target) if &**target == b"/dev/null" => {
                    Err(CustomiseError::Unit { unit: unit.to_owned(), reason: "it is masked" })
                }
                Kind::Symlink(target) => {
                    let name = target.rsplit(|byte| *byte == b'/').next().unwrap_or_default();
                    let name = String::from_utf8_lossy(name).into_owned();
                    if name == unit { Ok((name, path)) } else { find_alias(editor, &name).ok_or_else(missing) }
                }
                _ => Err(missing()),
            };
        }
    }
    Err(missing())
}

/// One step only: links to links of units don't occur, and a loop must end.
fn find_alias(editor: &Editor<'_>, unit: &str) -> Option<(String, String)> {
    let paths = PLACES.iter().map(|place| format!("{place}/{unit}"));
    let file = |path: &String| editor.entry(path.as_bytes()).is_some_and(|id| editor.tree.file(id).is_some());
    paths.into_iter().find(file).map(|path| (unit.to_owned(), path))
}

fn link(editor: &mut Editor<'_>, at: &str, target: &str, unit: &str) -> Result<(), CustomiseError> {
    if at.split('/').any(|part| part.is_empty() || part == "..") || at.starts_with('/') {
        return Err(CustomiseError::Unit { unit: unit.to_owned(), reason: "its [Install] names what can't be a unit" });
    }
    let path = format!("/etc/systemd/system/{at}");
    if path == target
        || editor.entry(path.as_bytes()).is_some_and(|id| editor.tree.node(id).kind == Kind::Symlink(target.as_bytes().into()))
    {
        return Ok(());
    }
    editor.link(path.as_bytes(), target.as_bytes())
}

/// The specifiers that `[Install]` may have (systemd.unit(5)): name, prefix, instance.
fn expand(text: &str, unit: &str) -> String {
    let stem = unit.rsplit_once('.').map_or(unit, |(stem, _)| stem);
    let (prefix, instance) = stem.split_once('@').unwrap_or((stem, ""));
    let mut expanded = String::new();
    let mut letters = text.chars();
    while let Some(letter) = letters.next() {
        match (letter, letter == '%') {
            (_, false) => expanded.push(letter),
            _ => match letters.next() {
                Some('n') => expanded.push_str(unit),
                Some('N') => expanded.push_str(stem),
                Some('p') => expanded.push_str(prefix),
                Some('j') => expanded.push_str(prefix.rsplit('-').next().unwrap_or(prefix)),
                Some('i' | 'I') => expanded.push_str(instance),
                Some('%') => expanded.push('%'),
                other => expanded.extend(['%'].into_iter().chain(other)),
            },
        }
    }
    expanded
}

#[cfg(test)]
mod tests;
