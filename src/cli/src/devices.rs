//! Device nodes where the kernel lets nobody make them: in a user namespace. There they are in the tree and not on the disk, and what lies beside the
//! directory knows them.

use std::borrow::Cow;

use rootfs_sandbox::is_in_user_namespace;
use rootfs_tree::{Kind, Tree, TreeError};

/// The tree as it can be on disk.
///
/// # Errors
/// Never for a tree that can be walked.
pub(crate) fn placeable(tree: &Tree) -> Result<Cow<'_, Tree>, TreeError> {
    if !is_in_user_namespace() {
        return Ok(Cow::Borrowed(tree));
    }
    without(tree).map(Cow::Owned)
}

fn without(tree: &Tree) -> Result<Tree, TreeError> {
    let mut rest = tree.clone();
    for path in paths(tree) {
        let split = path.iter().rposition(|byte| *byte == b'/').unwrap_or(0);
        let directory = rest.lookup(if split == 0 { b"/" } else { &path[..split] })?;
        rest.remove_entry(directory, &path[split + 1..])?;
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
        let split = path.iter().rposition(|byte| *byte == b'/').unwrap_or(0);
        let has_place = split == 0 || tree.lookup(&path[..split]).is_ok();
        if has_place && tree.lookup(&path).is_err() {
            let mut node = known.node(known.lookup(&path)?).clone();
            node.package = None;
            tree.place(&path, node)?;
        }
    }
    Ok(())
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
