//! What trees promise, on random ones, on a real filesystem, and before GNU tar as judge. Owners and devices need root.

mod archive;
mod disk;
mod gnu_tar;
mod hostile;
mod overlay;
mod random;
mod text;
mod update;

use std::path::Path;

use rootfs_tree::{Kind, Metadata, Node, NodeId, ScanOptions, Time, Tree, Xattrs};

/// An inode of root's with a time that has nanoseconds.
fn node(mode: u16, kind: Kind) -> Node {
    Node { metadata: Metadata::root(mode, Time { seconds: 1_700_000_000, nanoseconds: 123_456_789 }), kind, package: None }
}

fn put(tree: &mut Tree, path: &str, node: Node) -> NodeId {
    tree.place(path.as_bytes(), node).expect("a place for the node")
}

fn file(content: &str) -> Node {
    node(0o644, Kind::inline(content.as_bytes()))
}

fn scan(dir: &Path) -> Tree {
    Tree::scan(dir, &ScanOptions { hash: true, known: None }).expect("a directory to scan")
}

/// The text form; fails a test with something to read when two are compared.
fn text_of(tree: &Tree) -> String {
    let mut hashed = tree.clone();
    hashed.hash_contents().expect("contents to hash");
    let mut text = Vec::new();
    hashed.write_text(&mut text).expect("a text form");
    String::from_utf8(text).expect("ASCII")
}

fn tar_of(tree: &Tree) -> Vec<u8> {
    let mut archive = Vec::new();
    let length = tree.write_tar(&mut archive).expect("an archive");
    assert_eq!(length, archive.len() as u64);
    archive
}

fn read_tar(bytes: &[u8]) -> Result<(Tree, tempfile::TempDir), rootfs_tree::TreeError> {
    let temporary = tempfile::tempdir().expect("a temporary directory");
    let path = temporary.path().join("archive.tar");
    fs_err::write(&path, bytes).expect("a file to write");
    Ok((Tree::from_tar(&path, &temporary.path().join("spool"))?, temporary))
}

/// `security.capability` of a file that may bind ports below 1024, as setcap(8) writes it.
fn capability() -> Vec<u8> {
    [1, 0, 0, 2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0].to_vec()
}

fn xattrs(pairs: &[(&str, &[u8])]) -> Option<Box<Xattrs>> {
    Some(Box::new(pairs.iter().map(|(name, value)| (name.as_bytes().into(), (*value).into())).collect()))
}

/// One of everything, with what is hard to write about it.
fn everything() -> Tree {
    let mut tree = Tree::new(Metadata::root(0o751, Time { seconds: 1_600_000_000, nanoseconds: 1 }));
    let tool = put(&mut tree, "/usr/bin/tool", node(0o4755, Kind::inline(&b"#!/bin/sh\n"[..])));
    tree.node_mut(tool).metadata.xattrs =
        xattrs(&[("security.capability", &capability()), ("user.empty", b""), ("user.a=b%", b"\n\0\xff")]);
    tree.node_mut(tool).metadata.uid = 4_294_967_294;
    tree.node_mut(tool).metadata.gid = 2_097_152;
    let bin = tree.make_directory(b"/usr/bin", Time::default()).expect("a directory");
    tree.insert(bin, b"\xff\\ \n=", tool).expect("a hard link");
    put(&mut tree, "/bin", node(0o777, Kind::Symlink(b"usr/bin"[..].into())));
    put(&mut tree, "/etc/old", Node { metadata: Metadata::root(0o600, Time { seconds: -5, nanoseconds: 500_000_000 }), ..file("") });
    put(&mut tree, "/dev/null", node(0o666, Kind::CharDevice { major: 1, minor: 3 }));
    put(&mut tree, "/dev/disk", node(0o660, Kind::BlockDevice { major: 4095, minor: 1_048_575 }));
    put(&mut tree, "/run/pipe", node(0o611, Kind::Fifo));
    let directory = tree.make_directory(b"/var/tmp", Time::from_seconds(1)).expect("a directory");
    tree.node_mut(directory).metadata.mode = 0o1777;
    tree.node_mut(directory).metadata.xattrs = xattrs(&[("user.note", b"shared")]);
    for length in [99, 100, 101, 240] {
        put(&mut tree, &format!("/long/{}", "n".repeat(length)), file("x"));
        put(&mut tree, &format!("/targets/{length}"), node(0o777, Kind::Symlink("t".repeat(length).into_bytes().into())));
    }
    let deep = format!("/{}/{}/file", "d".repeat(200), "e".repeat(200));
    put(&mut tree, &deep, file("deep"));
    put(&mut tree, "/targets/4095", node(0o777, Kind::Symlink("t".repeat(4095).into_bytes().into())));
    tree
}
