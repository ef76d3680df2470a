use proptest::prelude::*;
use rootfs_tree::{Kind, Tree, TreeError, diff};

use super::{everything, file, node, put, random, text_of, xattrs};

/// Changing this changes every digest that anybody has kept: it needs a new first line.
const SMALL: &str = r"rootfs-tree 1
/ d 0755 0 0 0.000000000
/bin l 0777 0 0 1700000000.123456789 usr/bin
/dev d 0755 0 0 1700000000.123456789
/dev/null c 0666 0 0 1700000000.123456789 1,3
/dev/sda b 0660 0 6 1700000000.123456789 8,0
/etc d 0755 0 0 1700000000.123456789
/etc/a\x20\xff\x5c= f 0644 0 0 -5.123456789 0 e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855
/etc/passwd f 4640 1000 42 1700000000.123456789 4 4813494d137e1631bba301d5acab6e7bb7aa74ce1185d456565ef51d737677b2 user.a\x3db=00ff user.empty=
/etc/passwd- h /etc/passwd
/run d 0755 0 0 1700000000.123456789
/run/pipe p 0600 0 0 1700000000.123456789
/run/socket s 0700 0 0 1700000000.123456789
";

const SMALL_DIGEST: &str = "4e187886a497feaee6b895c0908eefb26f10d4a35ae3e195bba5b86c6c8aa07a";

fn small() -> Tree {
    let mut tree = Tree::default();
    put(&mut tree, "/bin", node(0o755, Kind::Symlink(b"usr/bin"[..].into())));
    let passwd = put(&mut tree, "/etc/passwd", node(0o4640, Kind::inline(&b"root"[..])));
    let metadata = &mut tree.node_mut(passwd).metadata;
    (metadata.uid, metadata.gid) = (1000, 42);
    metadata.xattrs = xattrs(&[("user.empty", b""), ("user.a=b", b"\0\xff")]);
    let etc = tree.lookup(b"/etc").expect("what the test has put there");
    tree.insert(etc, b"passwd-", passwd).expect("a directory and a name");
    let odd = tree.add_node(file(""));
    tree.node_mut(odd).metadata.mtime.seconds = -5;
    tree.insert(etc, b"a \xff\\=", odd).expect("a directory and a name");
    put(&mut tree, "/dev/null", node(0o666, Kind::CharDevice { major: 1, minor: 3 }));
    let disk = put(&mut tree, "/dev/sda", node(0o660, Kind::BlockDevice { major: 8, minor: 0 }));
    tree.node_mut(disk).metadata.gid = 6;
    put(&mut tree, "/run/pipe", node(0o600, Kind::Fifo));
    put(&mut tree, "/run/socket", node(0o700, Kind::Socket));
    tree.hash_contents().expect("contents to hash");
    tree
}

#[path = "../../../../fuzz/seeds/text.rs"]
mod seeds;

#[test]
fn what_the_fuzzer_begins_with_comes_back() {
    for (name, text) in seeds::seeds() {
        let tree = Tree::read_text(&mut text.as_slice(), name.as_ref()).unwrap();
        assert_eq!(text_of(&tree).as_bytes(), text, "{name}");
    }
}

#[test]
fn the_form_is_pinned() {
    assert_eq!(text_of(&small()), SMALL);
    assert_eq!(small().digest().unwrap().to_string(), SMALL_DIGEST);
}

#[test]
fn each_thing_that_counts_changes_the_digest() {
    let changes: [fn(&mut Tree, rootfs_tree::NodeId); 8] = [
        |tree, id| tree.node_mut(id).metadata.mode ^= 1,
        |tree, id| tree.node_mut(id).metadata.uid += 1,
        |tree, id| tree.node_mut(id).metadata.gid += 1,
        |tree, id| tree.node_mut(id).metadata.mtime.nanoseconds += 1,
        |tree, id| tree.node_mut(id).metadata.mtime.seconds += 1,
        |tree, id| tree.node_mut(id).metadata.xattrs = None,
        |tree, id| tree.node_mut(id).kind = Kind::inline(&b"toor"[..]),
        |tree, id| {
            let copy = tree.add_node(tree.node(id).clone());
            let etc = tree.lookup(b"/etc").expect("a directory");
            tree.insert(etc, b"passwd-", copy).expect("a name");
        },
    ];
    for (number, change) in changes.iter().enumerate() {
        let mut tree = small();
        let id = tree.lookup(b"/etc/passwd").unwrap();
        change(&mut tree, id);
        tree.hash_contents().unwrap();
        assert_ne!(tree.digest().unwrap(), small().digest().unwrap(), "change {number}");
        assert!(!diff(&small(), &tree).is_empty(), "change {number}");
    }
}

#[test]
fn packages_and_unseen_inodes_do_not_count() {
    let mut tree = small();
    let package = tree.add_package("base-passwd");
    let id = tree.lookup(b"/etc/passwd").unwrap();
    tree.node_mut(id).package = Some(package);
    tree.add_node(file("unseen"));
    assert_eq!(tree.digest().unwrap(), small().digest().unwrap());
}

#[test]
fn the_text_comes_back_without_contents() {
    let mut input = SMALL.as_bytes();
    let tree = Tree::read_text(&mut input, "small".as_ref()).unwrap();
    assert_eq!(text_of(&tree), SMALL);
    assert_eq!(diff(&small(), &tree), []);
    let id = tree.lookup(b"/etc/passwd").unwrap();
    assert!(matches!(tree.read(id, 100), Err(TreeError::Absent { path }) if path == "/etc/passwd"));
}

#[test]
fn broken_lines_are_refused() {
    let root = "rootfs-tree 1\n/ d 0755 0 0 0.000000000\n";
    let hash = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
    let table = [
        ("", 1),
        ("rootfs-tree 2\n", 1),
        ("rootfs-tree 1", 1),
        ("rootfs-tree 1\n", 2),
        ("rootfs-tree 1\n/a d 0755 0 0 0.000000000\n", 2),
        ("rootfs-tree 1\n/ p 0755 0 0 0.000000000\n", 2),
    ];
    for (text, line) in table {
        refused(text, line);
    }
    let lines = [
        "/a d 0755 0 0 0.000000000",
        "/a d 0755 0 0 0.000000000\n/a d 0755 0 0 0.000000000\n",
        "/a/b d 0755 0 0 0.000000000\n",
        "/.. d 0755 0 0 0.000000000\n",
        "/ d 0755 0 0 0.000000000\n",
        "a d 0755 0 0 0.000000000\n",
        "/a\\x00 d 0755 0 0 0.000000000\n",
        "/a\\x2f d 0755 0 0 0.000000000\n",
        "/a d 10000 0 0 0.000000000\n",
        "/a d 0755 -1 0 0.000000000\n",
        "/a d 0755 0 4294967296 0.000000000\n",
        "/a d 0755 0 0 0\n",
        "/a d 0755 0 0 0.1\n",
        "/a d 0755 0 0\n",
        "/a x 0755 0 0 0.000000000\n",
        "/a c 0755 0 0 0.000000000 1\n",
        "/a l 0755 0 0 0.000000000 \n",
        "/a f 0755 0 0 0.000000000 0\n",
        "/a f 0755 0 0 0.000000000 0 e3b0\n",
        "/a d 0755 0 0 0.000000000 user.a\n",
        "/a d 0755 0 0 0.000000000 user.a=0\n",
        "/a h /b\n",
        "/a h /\n",
        "\n",
    ];
    for line in lines {
        let number = 2 + line.lines().count();
        refused(&format!("{root}{line}"), number);
    }
    let good = format!("{root}/a f 0755 0 0 0.000000000 0 {hash}\n/b h /a\n");
    assert_eq!(text_of(&Tree::read_text(&mut good.as_bytes(), "good".as_ref()).unwrap()), good);
}

fn refused(text: &str, at: usize) {
    match Tree::read_text(&mut text.as_bytes(), "bad".as_ref()) {
        Err(TreeError::Text { line, .. }) => assert_eq!(line, at, "{text:?}"),
        other => panic!("{text:?}: {other:?}"),
    }
}

#[test]
fn everything_has_a_text_form() {
    let text = text_of(&everything());
    assert_eq!(text_of(&Tree::read_text(&mut text.as_bytes(), "text".as_ref()).unwrap()), text);
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn random_trees_come_back_from_text(tree in random::tree()) {
        let text = text_of(&tree);
        let back = Tree::read_text(&mut text.as_bytes(), "text".as_ref()).unwrap();
        prop_assert_eq!(text_of(&back), text);
    }

    #[test]
    fn trees_differ_when_their_digests_do((one, other) in (random::tree(), random::tree())) {
        let read = |tree: &Tree| Tree::read_text(&mut text_of(tree).as_bytes(), "text".as_ref()).unwrap();
        prop_assert_eq!(diff(&one, &read(&other)).is_empty(), text_of(&one) == text_of(&other));
        prop_assert_eq!(diff(&read(&one), &read(&one)), []);
    }

    #[test]
    fn damaged_text_never_panics(tree in random::tree(), at in any::<prop::sample::Index>(), byte in any::<u8>()) {
        let mut text = text_of(&tree).into_bytes();
        let at = at.index(text.len());
        text[at] = byte;
        if let Ok(back) = Tree::read_text(&mut &text[..], "text".as_ref()) {
            text_of(&back);
        }
    }
}
