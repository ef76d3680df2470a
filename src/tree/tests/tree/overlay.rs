use proptest::prelude::*;
use rootfs_tree::{Content, FileContent, Kind, Layer, Metadata, Overlay, Time, Tree, TreeError};

use super::{file, node, put, random, text_of};

fn paths(tree: &Tree) -> Vec<String> {
    tree.walk().skip(1).map(|entry| String::from_utf8(entry.path).expect("ASCII")).collect()
}

fn of(paths: &[&str]) -> Tree {
    let mut tree = Tree::default();
    for path in paths {
        put(&mut tree, path, file(path));
    }
    tree
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn over_nothing_a_tree_is_itself(upper in random::tree()) {
        let mut tree = Tree::new(upper.node(Tree::ROOT).metadata.clone());
        tree.overlay(&upper, Overlay::Layer).unwrap();
        prop_assert_eq!(text_of(&tree), text_of(&upper));
        // And over itself, which is only a copy of its inodes.
        tree.overlay(&upper, Overlay::Layer).unwrap();
        prop_assert_eq!(text_of(&tree), text_of(&upper));
    }
}

#[test]
fn the_upper_tree_wins_and_directories_merge() {
    let mut lower = of(&["/etc/a", "/etc/b", "/usr/x"]);
    let libc = lower.add_package("libc6");
    let usr = lower.lookup(b"/usr").unwrap();
    lower.node_mut(usr).package = Some(libc);
    let mut upper = of(&["/etc/b", "/etc/c"]);
    let base = upper.add_package("base-files");
    let b = upper.lookup(b"/etc/b").unwrap();
    upper.node_mut(b).package = Some(base);
    upper.node_mut(b).kind = Kind::inline(&b"upper"[..]);
    upper.node_mut(Tree::ROOT).metadata.mode = 0o700;
    let usr = upper.make_directory(b"/usr", Time::default()).unwrap();
    upper.node_mut(usr).metadata.mode = 0o711;
    lower.overlay(&upper, Overlay::Files).unwrap();
    assert_eq!(paths(&lower), ["/etc", "/etc/a", "/etc/b", "/etc/c", "/usr", "/usr/x"]);
    let owner = |path: &str| lower.node(lower.lookup(path.as_bytes()).unwrap()).package.map(|id| lower.package(id));
    assert_eq!((owner("/etc/b"), owner("/usr"), owner("/usr/x")), (Some("base-files"), Some("libc6"), None));
    assert_eq!(lower.read(lower.lookup(b"/etc/b").unwrap(), 9).unwrap(), b"upper");
    let mode = |path: &str| lower.node(lower.lookup(path.as_bytes()).unwrap()).metadata.mode;
    assert_eq!((mode("/"), mode("/usr")), (0o755, 0o711));
}

#[test]
fn a_directory_nobody_described_keeps_the_lower_metadata() {
    let mut lower = Tree::default();
    let root = lower.make_directory(b"/root", Time::default()).unwrap();
    lower.node_mut(root).metadata.mode = 0o700;
    let mut upper = of(&["/root/.ssh/authorized_keys"]);
    lower.overlay(&upper, Overlay::Files).unwrap();
    assert_eq!(lower.node(root).metadata, Metadata::root(0o700, Time::default()));
    let described = upper.lookup(b"/root").unwrap();
    upper.node_mut(described).metadata.mode = 0o750;
    lower.overlay(&upper, Overlay::Files).unwrap();
    assert_eq!(lower.node(root).metadata.mode, 0o750);
}

#[test]
fn layers_are_numbered_anew() {
    let temporary = tempfile::tempdir().unwrap();
    let at = |name: &str| temporary.path().join(name);
    let tree = |name: &str| {
        fs_err::write(at(name), name).unwrap();
        let mut tree = Tree::default();
        let layer = tree.add_layer(Layer { path: at(name) });
        let content = FileContent { length: name.len() as u64, content: Content::At { layer, offset: 0 }, sha256: None, dense: false };
        put(&mut tree, &format!("/{name}"), node(0o644, Kind::File(content)));
        tree
    };
    let mut lower = tree("one");
    lower.overlay(&tree("two"), Overlay::Files).unwrap();
    for name in ["one", "two"] {
        let id = lower.lookup(name.as_bytes()).unwrap();
        assert_eq!(lower.read(id, 3).unwrap(), name.as_bytes());
    }
}

#[test]
fn marks_among_files_remove_and_keep_links() {
    let mut tree = of(&["/usr/lib/a", "/usr/lib/b"]);
    put(&mut tree, "/lib", node(0o777, Kind::Symlink(b"usr/lib"[..].into())));
    tree.overlay(&of(&["/lib/.wh.a", "/lib/c"]), Overlay::MarkedFiles).unwrap();
    assert_eq!(paths(&tree), ["/lib", "/usr", "/usr/lib", "/usr/lib/b", "/usr/lib/c"]);
}

#[test]
fn whiteouts_remove_what_is_below() {
    let lower = || of(&["/a/x", "/a/y", "/b/x", "/b/y", "/c"]);
    let upper = of(&["/a/.wh.x", "/a/.wh.nothing", "/b/.wh..wh..opq", "/b/z", "/.wh.c", "/.wh..wh.plnk"]);
    let mut tree = lower();
    tree.overlay(&upper, Overlay::Layer).unwrap();
    assert_eq!(paths(&tree), ["/a", "/a/y", "/b", "/b/z"]);
    let mut literal = lower();
    literal.overlay(&upper, Overlay::Files).unwrap();
    assert_eq!(paths(&literal).len(), paths(&lower()).len() + 6);
    for bad in ["/.wh.", "/.wh..", "/.wh..."] {
        assert!(matches!(lower().overlay(&of(&[bad]), Overlay::Layer), Err(TreeError::Name { .. })), "{bad}");
    }
}

#[test]
fn a_whiteout_spares_its_own_layer() {
    let mut tree = of(&["/a/old"]);
    tree.overlay(&of(&["/.wh.a", "/a/new"]), Overlay::Layer).unwrap();
    assert_eq!(paths(&tree), ["/a", "/a/new"]);
}

#[test]
fn a_link_to_a_directory_stays_but_in_an_image() {
    let lower = || {
        let mut tree = of(&["/usr/lib/a"]);
        put(&mut tree, "/lib", node(0o777, Kind::Symlink(b"usr/lib"[..].into())));
        put(&mut tree, "/dangling", node(0o777, Kind::Symlink(b"nowhere"[..].into())));
        tree
    };
    let upper = of(&["/lib/modules/x", "/dangling/y"]);
    let mut merged = lower();
    merged.overlay(&upper, Overlay::Files).unwrap();
    assert_eq!(
        paths(&merged),
        ["/dangling", "/dangling/y", "/lib", "/usr", "/usr/lib", "/usr/lib/a", "/usr/lib/modules", "/usr/lib/modules/x"]
    );
    let mut image = lower();
    image.overlay(&upper, Overlay::Layer).unwrap();
    assert_eq!(paths(&image), ["/dangling", "/dangling/y", "/lib", "/lib/modules", "/lib/modules/x", "/usr", "/usr/lib", "/usr/lib/a"]);
}

#[test]
fn only_an_image_replaces_a_full_directory() {
    let mut tree = of(&["/lib/a"]);
    let upper = of(&["/lib"]);
    assert!(matches!(tree.overlay(&upper, Overlay::Files), Err(TreeError::IsADirectory { path }) if path == "/lib"));
    tree.overlay(&upper, Overlay::Layer).unwrap();
    assert_eq!(paths(&tree), ["/lib"]);
}
