//! Trees to write.

use rootfs_tree::{Content, FileContent, Kind, Layer, Metadata, Node, NodeId, Time, Tree, Xattrs};

/// The time of what has no reason for another.
pub(crate) const TIME: Time = Time { seconds: 1_700_000_000, nanoseconds: 123_456_789 };

pub(crate) fn empty() -> Tree {
    Tree::new(Metadata::root(0o755, TIME))
}

pub(crate) fn node(kind: Kind) -> Node {
    let mode = match kind {
        Kind::Directory(_) => 0o755,
        Kind::Symlink(_) => 0o777,
        _ => 0o644,
    };
    Node { metadata: Metadata::root(mode, TIME), kind, package: None }
}

pub(crate) fn add(tree: &mut Tree, parent: NodeId, name: impl AsRef<[u8]>, kind: Kind) -> NodeId {
    let id = tree.add_node(node(kind));
    tree.insert(parent, name.as_ref(), id).unwrap();
    id
}

pub(crate) fn with_xattrs(sizes: &[(&str, usize)]) -> Box<Xattrs> {
    Box::new(sizes.iter().map(|(name, size)| (name.as_bytes().into(), vec![b'v'; *size].into())).collect())
}

/// A tree of one inode below `/directory`, which is changed.
pub(crate) fn one(kind: Kind, change: impl FnOnce(&mut Tree, NodeId)) -> Tree {
    let mut tree = empty();
    let directory = add(&mut tree, Tree::ROOT, "directory", Kind::directory());
    let id = add(&mut tree, directory, "odd", kind);
    change(&mut tree, id);
    tree
}

/// A small one.
pub(crate) fn file() -> Kind {
    Kind::inline(&b"x"[..])
}

/// A directory of so many empty files.
pub(crate) fn crowd(tree: &mut Tree, name: &str, count: usize, name_length: usize) -> NodeId {
    let directory = add(tree, Tree::ROOT, name, Kind::directory());
    for index in 0..count {
        add(tree, directory, format!("{index:0name_length$}"), Kind::inline(&b""[..]));
    }
    directory
}

/// A file of the tree whose content is all of a file on the host.
pub(crate) fn add_host_file(tree: &mut Tree, name: &str, directory: &std::path::Path, host_name: &str) -> NodeId {
    let length = fs_err::metadata(directory.join(host_name)).unwrap().len();
    let layer = tree.add_layer(Layer { path: directory.to_owned() });
    let content = Content::Path { layer, path: host_name.as_bytes().into() };
    add(tree, Tree::ROOT, name, Kind::File(FileContent { length, content, sha256: None, dense: false }))
}

/// One of every type, with everything an inode can have.
pub(crate) fn everything() -> Tree {
    let mut tree = empty();
    let bin = add(&mut tree, Tree::ROOT, "bin", Kind::directory());
    let tool = add(&mut tree, bin, "tool", Kind::inline(b"#!/bin/sh\n".repeat(1000)));
    tree.node_mut(tool).metadata.mode = 0o6755;
    tree.node_mut(tool).metadata.uid = 4_000_000_000;
    tree.node_mut(tool).metadata.gid = 70_000;
    tree.insert(Tree::ROOT, b"same tool", tool).unwrap();
    add(&mut tree, bin, "short", Kind::Symlink(b"tool"[..].into()));
    add(&mut tree, bin, "long", Kind::Symlink(vec![b'x'; 300].into()));
    let dev = add(&mut tree, Tree::ROOT, "dev", Kind::directory());
    add(&mut tree, dev, "null", Kind::CharDevice { major: 1, minor: 3 });
    add(&mut tree, dev, "large", Kind::CharDevice { major: 4095, minor: 1_048_575 });
    add(&mut tree, dev, "disk", Kind::BlockDevice { major: 259, minor: 7 });
    add(&mut tree, dev, "pipe", Kind::Fifo);
    add(&mut tree, dev, "socket", Kind::Socket);
    let tmp = add(&mut tree, Tree::ROOT, b"tmp\xff\x01\n", Kind::directory());
    tree.node_mut(tmp).metadata.mode = 0o1777;
    tree.node_mut(tmp).metadata.mtime = Time { seconds: -5, nanoseconds: 999_999_999 };
    let odd = add(&mut tree, tmp, "odd", Kind::inline(&b"x"[..]));
    tree.node_mut(odd).metadata.mtime = Time { seconds: 10_737_418_239, nanoseconds: 1 };
    tree.node_mut(odd).metadata.xattrs = Some(with_xattrs(&[("user.a", 3), ("user.b", 3000), ("trusted.c", 0), ("security.d", 40)]));
    tree
}
