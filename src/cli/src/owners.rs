//! Whose files are, where the caller can give them to nobody: there they are all its own on the disk, and what lies beside the directory knows better.

use std::mem::discriminant;

use rootfs_tree::{Tree, Xattrs};

/// The tree as a plain user can have it on disk: all is the caller's own, without attributes that only root sets.
pub(crate) fn without(tree: &Tree) -> Tree {
    let (uid, gid) = (rustix::process::geteuid().as_raw(), rustix::process::getegid().as_raw());
    let mut rest = tree.clone();
    for entry in tree.walk() {
        let metadata = &mut rest.node_mut(entry.id).metadata;
        (metadata.uid, metadata.gid) = (uid, gid);
        if let Some(xattrs) = &mut metadata.xattrs {
            xattrs.retain(|name, _| name.starts_with(b"user."));
        }
    }
    rest
}

/// Gives what `known` has too its owner and the attributes that only root sets. What is new since then is root's.
pub(crate) fn restore(tree: &mut Tree, known: &Tree) {
    let entries: Vec<_> = tree.walk().collect();
    for entry in entries {
        let before = known.lookup(&entry.path).ok().map(|id| known.node(id));
        let node = tree.node_mut(entry.id);
        let before = before.filter(|before| discriminant(&before.kind) == discriminant(&node.kind)).map(|before| &before.metadata);
        (node.metadata.uid, node.metadata.gid) = before.map_or((0, 0), |before| (before.uid, before.gid));
        let roots =
            before.and_then(|before| before.xattrs.as_deref()).into_iter().flatten().filter(|(name, _)| !name.starts_with(b"user."));
        let roots: Xattrs = roots.map(|(name, value)| (name.clone(), value.clone())).collect();
        if !roots.is_empty() {
            node.metadata.xattrs.get_or_insert_default().extend(roots);
        }
    }
}

#[cfg(test)]
mod tests {
    use rootfs_tree::{Kind, Metadata, Node, Time};

    use super::*;

    #[test]
    fn owners_and_attributes_go_and_come_back() {
        let mut tree = Tree::default();
        let xattrs: Xattrs =
            [("security.capability", "x"), ("user.a", "b")].map(|(name, value)| (name.as_bytes().into(), value.as_bytes().into())).into();
        let metadata = Metadata { uid: 7, gid: 8, xattrs: Some(Box::new(xattrs)), ..Metadata::root(0o4755, Time::default()) };
        tree.place(b"/usr/bin/x", Node { metadata, kind: Kind::inline(*b"x"), package: None }).unwrap();
        tree.hash_contents().unwrap();
        let digest = tree.digest().unwrap();
        let mut rest = without(&tree);
        let x = rest.lookup(b"/usr/bin/x").unwrap();
        let own = rustix::process::geteuid().as_raw();
        assert_eq!((rest.node(x).metadata.uid, rest.node(x).metadata.xattrs.as_ref().unwrap().len()), (own, 1));
        restore(&mut rest, &tree);
        assert_eq!(rest.digest().unwrap(), digest);
        rest.write(b"/new", vec![], Metadata { uid: 5, ..Metadata::root(0o644, Time::default()) }).unwrap();
        restore(&mut rest, &tree);
        assert_eq!(rest.node(rest.lookup(b"/new").unwrap()).metadata.uid, 0);
    }
}
