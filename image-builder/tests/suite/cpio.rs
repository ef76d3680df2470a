//! cpio archives, judged by GNU cpio. The kernel judges them where guests boot.

use std::io::Write;
use std::process::{Command, Output, Stdio};

use proptest::prelude::*;
use rootfs_image::write_cpio;
use rootfs_tree::{Kind, NodeId, ScanOptions, Time, Tree};

use crate::forest::everything;
use crate::judge::{path, run_well};
use crate::random::trees;

/// GNU cpio on an archive, in a directory.
#[expect(clippy::disallowed_methods, reason = "judges are foreign programs")]
fn cpio(archive: &[u8], directory: &std::path::Path, arguments: &[&str]) -> Output {
    let mut child = Command::new("cpio")
        .args(["--quiet", "-D", path(directory)])
        .args(arguments)
        .env("LC_ALL", "C")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap_or_else(|error| panic!("the judge `cpio` can't be started: {error}"));
    let mut input = child.stdin.take().unwrap();
    // It stops reading where it has seen enough.
    let _end = input.write_all(archive);
    drop(input);
    child.wait_with_output().unwrap()
}

/// The tree without what the form has no place for: attributes, parts of seconds, times before 1970 and after 2106, several names of a link.
fn portable(tree: &Tree) -> Tree {
    let mut tree = tree.clone();
    let entries: Vec<rootfs_tree::Entry> = tree.walk().collect();
    let mut links: Vec<NodeId> = Vec::new();
    for entry in entries {
        let node = tree.node_mut(entry.id);
        node.metadata.xattrs = None;
        node.metadata.mtime = Time::from_seconds(node.metadata.mtime.seconds.clamp(0, u32::MAX.into()));
        if matches!(node.kind, Kind::Symlink(_)) {
            if links.contains(&entry.id) {
                let copy = tree.node(entry.id).clone();
                tree.place(&entry.path, copy).unwrap();
            }
            links.push(entry.id);
        }
    }
    tree
}

/// Without times of directories and links, which GNU cpio doesn't set.
fn without_times(mut tree: Tree) -> Tree {
    let entries: Vec<rootfs_tree::Entry> = tree.walk().collect();
    for entry in entries {
        let node = tree.node_mut(entry.id);
        if matches!(node.kind, Kind::Directory(_) | Kind::Symlink(_)) {
            node.metadata.mtime = Time::default();
        }
    }
    tree
}

fn archive_of(tree: &Tree) -> Vec<u8> {
    let mut archive = Vec::new();
    let written = write_cpio(tree, &mut archive).unwrap();
    assert_eq!(written.size, archive.len() as u64);
    archive
}

fn assert_same(expected: &Tree, found: &Tree) {
    let differences = rootfs_tree::diff(expected, found);
    let told: Vec<String> =
        differences.iter().take(3).map(|(path, difference)| format!("{} {difference:?}", path.escape_ascii())).collect();
    assert!(differences.is_empty(), "{} differences: {told:#?}", differences.len());
}

fn scan(directory: &std::path::Path) -> Tree {
    Tree::scan(directory, &ScanOptions { hash: true, known: None }).unwrap()
}

fn hashed(tree: &Tree) -> Tree {
    let mut tree = tree.clone();
    tree.hash_contents().unwrap();
    tree
}

#[test]
fn gnu_cpio_sees_one_of_everything() {
    let tree = portable(&everything());
    let directory = tempfile::tempdir().unwrap();
    fs_err::set_permissions(directory.path(), std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    let output = cpio(&archive_of(&tree), directory.path(), &["-idm"]);
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && said.is_empty(), "{said}");
    assert_same(&without_times(hashed(&tree)), &without_times(scan(directory.path())));
}

/// libarchive sets everything but the time of the directory it unpacks into; it makes no sockets.
fn assert_bsdtar_sees(tree: &Tree) {
    let mut tree = tree.clone();
    let sockets: Vec<NodeId> = tree.walk().map(|entry| entry.id).filter(|id| matches!(tree.node(*id).kind, Kind::Socket)).collect();
    sockets.into_iter().for_each(|id| tree.node_mut(id).kind = Kind::Fifo);
    let directory = tempfile::tempdir().unwrap();
    let (archive, root) = (directory.path().join("archive"), directory.path().join("root"));
    fs_err::write(&archive, archive_of(&tree)).unwrap();
    fs_err::create_dir(&root).unwrap();
    run_well("bsdtar", &["-xpPf", path(&archive), "-C", path(&root)]);
    let mut found = scan(&root);
    found.node_mut(Tree::ROOT).metadata.mtime = tree.node(Tree::ROOT).metadata.mtime;
    assert_same(&hashed(&tree), &found);
}

#[test]
fn a_damaged_archive_is_refused() {
    let mut archive = archive_of(&portable(&everything()));
    let directory = tempfile::tempdir().unwrap();
    archive[112 + 40] = b'!';
    let output = cpio(&archive, directory.path(), &["-t"]);
    assert!(!output.status.success() || !output.stderr.is_empty(), "GNU cpio accepts a damaged header");
    let cut = archive.len() - 1024;
    assert!(!cpio(&archive[..cut], directory.path(), &["-t"]).status.success(), "GNU cpio accepts an archive that is cut off");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, max_shrink_iters: 0, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn random_trees_come_back(tree in trees()) {
        assert_bsdtar_sees(&portable(&tree));
    }
}
