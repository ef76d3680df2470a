use std::path::Path;

use proptest::prelude::*;
use rootfs_tree::{Content, Digest, FileContent, FileState, Kind, Known, Layer, ScanOptions, Time, Tree, TreeError};

use super::{everything, file, node, put, random, scan, text_of};

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn random_trees_come_back_from_disk(tree in random::tree()) {
        let temporary = tempfile::tempdir().unwrap();
        tree.materialise(temporary.path()).unwrap();
        prop_assert_eq!(text_of(&scan(temporary.path())), text_of(&tree));
    }
}

#[test]
fn everything_comes_back_from_disk() {
    let mut tree = everything();
    put(&mut tree, "/run/socket", node(0o700, Kind::Socket));
    let temporary = tempfile::tempdir().unwrap();
    let dir = temporary.path().join("made/on/the/way");
    tree.materialise(&dir).unwrap();
    assert_eq!(text_of(&scan(&dir)), text_of(&tree));
}

#[test]
fn contents_come_from_layers() {
    let temporary = tempfile::tempdir().unwrap();
    let at = |name: &str| temporary.path().join(name);
    fs_err::write(at("layer"), b"..content..").unwrap();
    let mut tree = Tree::default();
    let layer = tree.add_layer(Layer { path: at("layer") });
    let part = Kind::File(FileContent { length: 7, content: Content::At { layer, offset: 2 }, sha256: None, dense: false });
    let id = put(&mut tree, "/part", node(0o600, part));
    assert_eq!(tree.read(id, 7).unwrap(), b"content");
    assert!(matches!(tree.read(id, 6), Err(TreeError::TooLong { length: 7, limit: 6, .. })));
    tree.materialise(&at("one")).unwrap();
    assert_eq!(fs_err::read(at("one/part")).unwrap(), b"content");
    // A scan's contents lie in the directory.
    scan(&at("one")).materialise(&at("two")).unwrap();
    assert_eq!(text_of(&scan(&at("two"))), text_of(&tree));
}

#[test]
fn a_layer_that_shrank_is_an_error() {
    let temporary = tempfile::tempdir().unwrap();
    let path = temporary.path().join("layer");
    fs_err::write(&path, b"short").unwrap();
    let mut tree = Tree::default();
    let layer = tree.add_layer(Layer { path: path.clone() });
    let part = Kind::File(FileContent { length: 9, content: Content::At { layer, offset: 0 }, sha256: None, dense: false });
    let id = put(&mut tree, "/part", node(0o600, part));
    tree.read(id, 100).unwrap_err();
    tree.write_tar(&mut Vec::new()).unwrap_err();
    let error = tree.materialise(&temporary.path().join("out")).unwrap_err();
    assert!(error.to_string().contains("/part"), "{error}");
    tree.hash_contents().unwrap_err();
}

#[test]
fn a_file_that_changed_after_the_scan_is_an_error() {
    let temporary = tempfile::tempdir().unwrap();
    fs_err::write(temporary.path().join("file"), b"as scanned").unwrap();
    let mut tree = Tree::scan(temporary.path(), &ScanOptions::default()).unwrap();
    let id = tree.lookup(b"/file").unwrap();
    fs_err::write(temporary.path().join("file"), b"longer than that").unwrap();
    assert!(matches!(tree.read(id, 100), Err(TreeError::Changed { expected: 10, .. })));
    // Nor is a link followed that took its place.
    fs_err::remove_file(temporary.path().join("file")).unwrap();
    fs_err::os::unix::fs::symlink("/etc/passwd", temporary.path().join("file")).unwrap();
    tree.hash_contents().unwrap_err();
}

#[test]
fn only_an_empty_directory_is_filled() {
    let temporary = tempfile::tempdir().unwrap();
    fs_err::write(temporary.path().join("precious"), b"").unwrap();
    assert!(matches!(Tree::default().materialise(temporary.path()), Err(TreeError::NotEmpty { .. })));
}

#[test]
fn what_the_kernel_would_misread_is_an_error() {
    let odd = |change: fn(&mut rootfs_tree::Node)| {
        let mut tree = Tree::default();
        let id = put(&mut tree, "/odd", node(0o600, Kind::CharDevice { major: 1, minor: 1 }));
        change(tree.node_mut(id));
        let temporary = tempfile::tempdir().unwrap();
        let error = tree.materialise(temporary.path()).unwrap_err();
        assert!(error.to_string().contains("/odd"), "{error}");
    };
    odd(|node| node.metadata.uid = u32::MAX);
    odd(|node| node.metadata.gid = u32::MAX);
    odd(|node| node.metadata.mtime.nanoseconds = 0x3fff_ffff);
    odd(|node| node.kind = Kind::CharDevice { major: 4096, minor: 1 });
    odd(|node| node.kind = Kind::BlockDevice { major: 1, minor: 1 << 20 });
}

/// Knows one file, and lies about it.
struct Liar;

impl Known for Liar {
    fn digest(&self, state: &FileState) -> Option<Digest> {
        (state.length == 4 && state.ctime > Time::default()).then_some(Digest([7; 32]))
    }
}

#[test]
fn what_is_known_is_not_hashed_again() {
    let temporary = tempfile::tempdir().unwrap();
    let mut tree = Tree::default();
    put(&mut tree, "/four", file("four"));
    put(&mut tree, "/other", file("other"));
    tree.materialise(temporary.path()).unwrap();
    let sha256 = |tree: &Tree, path: &str| tree.file(tree.lookup(path.as_bytes()).unwrap()).unwrap().sha256;
    let known = Tree::scan(temporary.path(), &ScanOptions { hash: true, known: Some(&Liar) }).unwrap();
    assert_eq!(sha256(&known, "/four"), Some(Digest([7; 32])));
    assert_eq!(sha256(&known, "/other"), sha256(&scan(temporary.path()), "/other"));
    let quick = Tree::scan(temporary.path(), &ScanOptions { hash: false, known: Some(&Liar) }).unwrap();
    assert_eq!((sha256(&quick, "/four"), sha256(&quick, "/other")), (Some(Digest([7; 32])), None));
    assert!(matches!(quick.digest(), Err(TreeError::NotHashed { path }) if path == "/other"));
}

#[test]
fn a_missing_directory_is_named() {
    let error = Tree::scan(Path::new("/nowhere/at/all"), &ScanOptions::default()).unwrap_err();
    assert_eq!(error.to_string(), "can't open `/nowhere/at/all`");
}
