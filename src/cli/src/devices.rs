//! Device nodes where the kernel lets nobody make them: in a user namespace. There they are in the tree and not on the disk, and what lies beside the
//! directory knows them.

use std::path::Path;

use rootfs_sandbox::is_in_user_namespace;
use rootfs_tree::{Kind, Tree, TreeError};

use crate::owners;
use crate::privilege::is_plain;

/// Makes a directory that holds exactly `from` hold the tree, as far as it can be on disk.
///
/// # Errors
/// As [`Tree::update`].
pub(crate) fn update(tree: &Tree, directory: &Path, from: &Tree) -> Result<(), TreeError> {
    match (is_plain(), is_in_user_namespace()) {
        (true, _) => owners::without(&without(tree)?).update(directory, from),
        (false, true) => without(tree)?.update(directory, from),
        (false, false) => tree.update(directory, from),
    }
}

fn without(tree: &Tree) -> Result<Tree, TreeError> {
    let mut rest = tree.clone();
    for path in paths(tree) {
        let (parent, name) = split(&path);
        let parent = rest.lookup(parent)?;
        rest.remove_entry(parent, name)?;
    }
    Ok(rest)
}

/// Gives a tree that was read from disk the devices of `known`, when it has none of its own.
///
/// # Errors
/// When a path of `known` can't be in the tree.
pub(crate) fn restore(tree: &mut Tree, known: &Tree) -> Result<(), TreeError> {
    if !paths(tree).is_empty() {
        return Ok(());
    }
    for path in paths(known) {
        if tree.lookup(split(&path).0).is_ok() && tree.lookup(&path).is_err() {
            let mut node = known.node(known.lookup(&path)?).clone();
            node.package = None;
            tree.place(&path, node)?;
        }
    }
    Ok(())
}

/// The directory and the name of a path that is not the root's.
fn split(path: &[u8]) -> (&[u8], &[u8]) {
    let slash = path.iter().rposition(|byte| *byte == b'/').unwrap_or(0);
    (&path[..slash.max(1)], &path[slash + 1..])
}

fn paths(tree: &Tree) -> Vec<Vec<u8>> {
    let is_device = |kind: &Kind| matches!(kind, Kind::CharDevice { .. } | Kind::BlockDevice { .. });
    tree.walk().filter(|entry| is_device(&tree.node(entry.id).kind)).map(|entry| entry.path).collect()
}

#[cfg(test)]
mod tests {
    use rootfs_tree::{Metadata, Node, Time};

    use super::*;

    #[test]
    fn devices_go_and_come_back() {
        let mut tree = Tree::default();
        for (path, kind) in [
            ("/dev/null", Kind::CharDevice { major: 1, minor: 3 }),
            ("/dev/log", Kind::Fifo),
            ("/vda", Kind::BlockDevice { major: 254, minor: 0 }),
        ] {
            tree.place(path.as_bytes(), Node { metadata: Metadata::root(0o666, Time::default()), kind, package: None }).unwrap();
        }
        let digest = tree.digest().unwrap();
        let mut rest = without(&tree).unwrap();
        assert!(rest.lookup(b"/dev/null").is_err() && rest.lookup(b"/vda").is_err() && rest.lookup(b"/dev/log").is_ok());
        restore(&mut rest, &tree).unwrap();
        assert_eq!(rest.digest().unwrap(), digest);
        let mut bare = Tree::default();
        restore(&mut bare, &tree).unwrap();
        assert!(bare.lookup(b"/dev").is_err() && bare.lookup(b"/vda").is_ok());
    }
}
