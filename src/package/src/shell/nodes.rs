use rootfs_sandbox::{DEVICE_ATTRIBUTE, parse_device_value};
use rootfs_tree::{Kind, Tree};

/// The tree with a device node in the place of each file that stands for one.
pub(crate) fn with_nodes(on_disk: &Tree) -> Tree {
    let mut tree = on_disk.clone();
    for entry in on_disk.walk() {
        let node = on_disk.node(entry.id);
        let value = node.metadata.xattrs.as_ref().and_then(|xattrs| xattrs.get(DEVICE_ATTRIBUTE.as_bytes()));
        if !matches!(node.kind, Kind::File(_)) {
            continue;
        }
        if let Some((is_block, major, minor)) = value.and_then(|value| parse_device_value(value)) {
            let node = tree.node_mut(entry.id);
            node.kind = if is_block { Kind::BlockDevice { major, minor } } else { Kind::CharDevice { major, minor } };
            let mut left = node.metadata.xattrs.take().unwrap_or_default();
            left.remove(DEVICE_ATTRIBUTE.as_bytes());
            node.metadata.xattrs = (!left.is_empty()).then_some(left);
        }
    }
    tree
}

#[cfg(test)]
mod tests {
    use rootfs_tree::{Metadata, Node, Time, Xattrs};

    use super::*;

    #[test]
    fn files_that_stand_for_nodes_become_nodes() {
        let mut tree = Tree::default();
        let mut place = |path: &str, value: Option<&str>| {
            let xattrs: Xattrs = value.into_iter().map(|value| (DEVICE_ATTRIBUTE.as_bytes().into(), value.as_bytes().into())).collect();
            let xattrs = (!xattrs.is_empty()).then(|| Box::new(xattrs));
            let metadata = Metadata { gid: 6, xattrs, ..Metadata::root(0o660, Time::default()) };
            tree.place(path.as_bytes(), Node { metadata, kind: Kind::inline(*b"written"), package: None }).unwrap();
        };
        place("/dev/null", Some("c 1 3"));
        place("/dev/vda", Some("b 254 0"));
        place("/file", None);
        place("/odd", Some("x"));
        let made = with_nodes(&tree);
        let node = |path: &str| made.node(made.lookup(path.as_bytes()).unwrap());
        assert!(matches!(node("/dev/null").kind, Kind::CharDevice { major: 1, minor: 3 }));
        assert!(matches!(node("/dev/vda").kind, Kind::BlockDevice { major: 254, minor: 0 }));
        assert_eq!((node("/dev/vda").metadata.mode, node("/dev/vda").metadata.gid), (0o660, 6));
        assert!(node("/dev/null").metadata.xattrs.is_none());
        assert!(matches!(node("/file").kind, Kind::File(_)) && matches!(node("/odd").kind, Kind::File(_)));
    }
}
