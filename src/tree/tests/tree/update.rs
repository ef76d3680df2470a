use std::os::unix::fs::MetadataExt;
use std::path::Path;

use proptest::prelude::*;
use rootfs_tree::{Content, Kind, NodeId, Tree};

use super::{everything, file, node, put, random, scan, text_of, xattrs};

/// Makes the directory the tree's and checks that it is.
fn update(dir: &Path, from: &Tree, to: &Tree) {
    let expected = text_of(to);
    to.update(dir, from).expect("a directory to update");
    assert_eq!(text_of(&scan(dir)), expected);
}

fn inode(path: &Path) -> u64 {
    fs_err::symlink_metadata(path).expect("an inode").ino()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn any_tree_becomes_any_other((from, to) in (random::tree(), random::tree())) {
        let temporary = tempfile::tempdir().unwrap();
        from.materialise(temporary.path()).unwrap();
        update(temporary.path(), &scan(temporary.path()), &to);
    }

    #[test]
    fn a_scan_can_be_shuffled(from in random::tree(), moves in prop::collection::vec(any::<(prop::sample::Index, prop::sample::Index, bool)>(), 0..12)) {
        let temporary = tempfile::tempdir().unwrap();
        from.materialise(temporary.path()).unwrap();
        let from = scan(temporary.path());
        let mut to = from.clone();
        for (one, other, link) in moves {
            shuffle(&mut to, one, other, link);
        }
        update(temporary.path(), &from, &to);
    }
}

/// Swaps what two names mean, or makes both mean the first, unless a directory would come into itself.
fn shuffle(tree: &mut Tree, one: prop::sample::Index, other: prop::sample::Index, link: bool) {
    let mut names: Vec<(NodeId, Vec<u8>, NodeId)> = Vec::new();
    for entry in tree.walk() {
        if let Kind::Directory(entries) = &tree.node(entry.id).kind {
            let others = entries.iter().filter(|(_, id)| !matches!(tree.node(**id).kind, Kind::Directory(_)));
            names.extend(others.map(|(name, id)| (entry.id, name.to_vec(), *id)));
        }
    }
    if names.is_empty() {
        return;
    }
    let ((into, name, id), (from, was, old)) = (one.get(&names).clone(), other.get(&names).clone());
    tree.insert(from, &was, id).expect("a directory and a name");
    if !link {
        tree.insert(into, &name, old).expect("a directory and a name");
    }
}

#[test]
fn what_is_the_same_is_not_touched() {
    let temporary = tempfile::tempdir().unwrap();
    let at = |name: &str| temporary.path().join(name);
    everything().materialise(temporary.path()).unwrap();
    let from = scan(temporary.path());
    let before: Vec<_> =
        ["usr/bin/tool", "usr/bin", "etc/old", "dev/null"].map(|name| fs_err::symlink_metadata(at(name)).unwrap().ctime_nsec()).into();
    let mut to = from.clone();
    put(&mut to, "/var/tmp/new", file("new"));
    update(temporary.path(), &from, &to);
    let after: Vec<_> =
        ["usr/bin/tool", "usr/bin", "etc/old", "dev/null"].map(|name| fs_err::symlink_metadata(at(name)).unwrap().ctime_nsec()).into();
    assert_eq!(before, after);
    let nothing = scan(temporary.path());
    let root = fs_err::metadata(temporary.path()).unwrap();
    update(temporary.path(), &nothing, &nothing);
    assert_eq!(fs_err::metadata(temporary.path()).unwrap().ctime_nsec(), root.ctime_nsec());
}

#[test]
fn metadata_is_changed_in_place() {
    let temporary = tempfile::tempdir().unwrap();
    let path = temporary.path().join("usr/bin/tool");
    everything().materialise(temporary.path()).unwrap();
    let from = scan(temporary.path());
    let before = inode(&path);
    let mut to = from.clone();
    let id = to.lookup(b"/usr/bin/tool").unwrap();
    let metadata = &mut to.node_mut(id).metadata;
    // A new owner clears setuid, so the mode comes after it; attributes come and go.
    (metadata.uid, metadata.gid, metadata.mode) = (7, 8, 0o6711);
    metadata.xattrs = xattrs(&[("user.new", b"1")]);
    metadata.mtime.seconds -= 1;
    update(temporary.path(), &from, &to);
    assert_eq!(inode(&path), before);
}

#[test]
fn unhashed_contents_of_the_directory_are_known() {
    let temporary = tempfile::tempdir().unwrap();
    let path = temporary.path().join("etc/old");
    everything().materialise(temporary.path()).unwrap();
    let from = Tree::scan(temporary.path(), &rootfs_tree::ScanOptions::default()).unwrap();
    let before = inode(&path);
    let mut to = from.clone();
    let id = to.lookup(b"/etc/old").unwrap();
    to.node_mut(id).metadata.mode = 0o640;
    put(&mut to, "/etc/new", file("new"));
    to.update(temporary.path(), &from).unwrap();
    assert_eq!(inode(&path), before);
    to.hash_contents().unwrap();
    assert_eq!(text_of(&scan(temporary.path())), text_of(&to));
}

#[test]
fn contents_survive_the_loss_of_their_place() {
    let temporary = tempfile::tempdir().unwrap();
    let mut tree = Tree::default();
    put(&mut tree, "/a/one", file("one"));
    put(&mut tree, "/b", file("two"));
    put(&mut tree, "/c", node(0o777, Kind::Symlink(b"/etc"[..].into())));
    tree.materialise(temporary.path()).unwrap();
    let from = scan(temporary.path());
    let mut to = Tree::default();
    let layer = to.add_layer(from.layers()[0].clone());
    let moved = |path: &[u8]| {
        let mut node = from.node(from.lookup(path).unwrap()).clone();
        if let Kind::File(file) = &mut node.kind {
            file.content = Content::Path { layer, path: path[1..].into() };
        }
        node
    };
    // Directories and files change places, and a directory comes where a link was.
    put(&mut to, "/a", moved(b"/b"));
    put(&mut to, "/b/x", moved(b"/a/one"));
    put(&mut to, "/c/passwd", file("inside"));
    to.hash_contents().unwrap();
    update(temporary.path(), &from, &to);
    assert_eq!(fs_err::read(temporary.path().join("b/x")).unwrap(), b"one");
}

#[test]
fn nothing_is_changed_when_a_content_is_missing() {
    let temporary = tempfile::tempdir().unwrap();
    everything().materialise(temporary.path()).unwrap();
    let from = scan(temporary.path());
    let mut to = Tree::default();
    put(&mut to, "/a", file("fine"));
    let absent = put(&mut to, "/b", file("absent"));
    if let Kind::File(file) = &mut to.node_mut(absent).kind {
        file.content = Content::Absent;
    }
    let error = to.update(temporary.path(), &from).unwrap_err();
    assert_eq!(error.to_string(), "the content of `/b` is not at hand");
    let mut after = scan(temporary.path());
    // The root's time tells of the attempt, nothing else.
    after.node_mut(Tree::ROOT).metadata.mtime = from.node(Tree::ROOT).metadata.mtime;
    assert_eq!(text_of(&after), text_of(&from));
}

#[test]
fn a_directory_that_holds_more_is_an_error() {
    let temporary = tempfile::tempdir().unwrap();
    let mut tree = Tree::default();
    put(&mut tree, "/gone/file", file("x"));
    tree.materialise(temporary.path()).unwrap();
    let from = scan(temporary.path());
    fs_err::write(temporary.path().join("gone/stranger"), b"").unwrap();
    let error = Tree::default().update(temporary.path(), &from).unwrap_err();
    assert!(error.to_string().ends_with("/gone`"), "{error}");
}

#[test]
fn a_link_in_place_of_a_directory_is_not_followed() {
    let temporary = tempfile::tempdir().unwrap();
    let at = |name: &str| temporary.path().join(name);
    let mut tree = Tree::default();
    put(&mut tree, "/dir/file", file("x"));
    tree.materialise(&at("root")).unwrap();
    fs_err::create_dir(at("outside")).unwrap();
    fs_err::write(at("outside/file"), b"precious").unwrap();
    let from = scan(&at("root"));
    fs_err::remove_dir_all(at("root/dir")).unwrap();
    fs_err::os::unix::fs::symlink("../outside", at("root/dir")).unwrap();
    let mut to = from.clone();
    put(&mut to, "/dir/file", file("y"));
    to.update(&at("root"), &from).unwrap_err();
    assert_eq!(fs_err::read(at("outside/file")).unwrap(), b"precious");
}

#[test]
fn a_default_acl_does_not_spread() {
    // `user::rwx,user:7:rwx,group::r-x,mask::rwx,other::r-x`, as acl(5) keeps it.
    let entries: [(u16, u16, u32); 5] = [(1, 7, u32::MAX), (2, 7, 7), (4, 5, u32::MAX), (16, 7, u32::MAX), (32, 5, u32::MAX)];
    let mut acl = 2_u32.to_le_bytes().to_vec();
    for (tag, permissions, id) in entries {
        acl.extend([tag.to_le_bytes(), permissions.to_le_bytes()].concat());
        acl.extend(id.to_le_bytes());
    }
    let mut tree = Tree::default();
    let directory = tree.make_directory(b"/d/e", rootfs_tree::Time::from_seconds(1)).unwrap();
    tree.node_mut(directory).metadata.xattrs = xattrs(&[("system.posix_acl_default", &acl)]);
    tree.node_mut(Tree::ROOT).metadata.xattrs = xattrs(&[("system.posix_acl_default", &acl)]);
    let temporary = tempfile::tempdir().unwrap();
    tree.materialise(temporary.path()).unwrap();
    let from = scan(temporary.path());
    assert_eq!(text_of(&from), text_of(&tree));
    put(&mut tree, "/d/e/file", file("x"));
    put(&mut tree, "/d/e/sub/file", file("x"));
    update(temporary.path(), &from, &tree);
}
