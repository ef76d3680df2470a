//! Sizes at which the format changes.

use std::os::unix::fs::FileExt;

use rootfs_image::{Ext4Options, Holes};
use rootfs_tree::{Content, FileContent, Kind, Layer, Tree};

use crate::forest::{add, add_host_file, crowd, empty, everything, with_xattrs};
use crate::judge::{assert_kernel_sees, debugfs, judge};

#[test]
fn everything_an_inode_can_be() {
    let tree = everything();
    assert_kernel_sees(&judge(&tree, &Ext4Options::default()), &tree);
}

#[test]
fn an_empty_tree() {
    let tree = empty();
    assert_kernel_sees(&judge(&tree, &Ext4Options::default()), &tree);
}

#[test]
fn links_in_the_inode_and_in_a_block() {
    let mut tree = empty();
    for length in [1, 2, 58, 59, 60, 61, 255, 256, 4094, 4095] {
        add(&mut tree, Tree::ROOT, format!("{length}"), Kind::Symlink(vec![b't'; length].into()));
    }
    let judged = judge(&tree, &Ext4Options::default());
    assert!(debugfs(&judged.image, "stat 59").contains("Fast link dest"));
    assert!(debugfs(&judged.image, "stat 60").contains("EXTENTS"));
    assert_kernel_sees(&judged, &tree);
}

#[test]
fn contents_around_a_block() {
    let mut tree = empty();
    for length in [0, 1, 4095, 4096, 4097, 8192, 49_151, 49_152, 49_153, 262_143, 262_144, 1_048_576, 1_048_577] {
        add(&mut tree, Tree::ROOT, format!("{length}"), Kind::inline(vec![b'c'; length]));
    }
    assert_kernel_sees(&judge(&tree, &Ext4Options::default()), &tree);
}

#[test]
fn extents_of_32768_blocks() {
    let host = tempfile::tempdir().unwrap();
    let mut tree = empty();
    for blocks in [32_767_u64, 32_768, 32_769, 65_537] {
        let name = format!("{blocks}");
        let file = fs_err::File::create(host.path().join(&name)).unwrap();
        file.set_len(blocks * 4096 - 1).unwrap();
        file.file().write_all_at(b"end", blocks * 4096 - 4).unwrap();
        add_host_file(&mut tree, &name, host.path(), &name);
    }
    let judged = judge(&tree, &Ext4Options { holes: Holes::Never, ..Ext4Options::default() });
    assert!(judged.layout.size() > (32_767 + 32_768 + 32_769 + 65_537) * 4096);
    assert_kernel_sees(&judged, &tree);
}

#[test]
fn extent_trees_of_every_depth() {
    let host = tempfile::tempdir().unwrap();
    let mut tree = empty();
    for extents in [1_u64, 4, 5, 340, 341, 1360, 1361, 5000] {
        let name = format!("{extents}");
        let file = fs_err::File::create(host.path().join(&name)).unwrap();
        for index in 0..extents {
            file.file().write_all_at(b"data", index * 8192 + 4096).unwrap();
        }
        // With a hole at the end it is long enough to be asked for holes.
        file.set_len(extents * 8192 + 100_000).unwrap();
        add_host_file(&mut tree, &name, host.path(), &name);
    }
    let judged = judge(&tree, &Ext4Options::default());
    for (extents, depth) in [(4, "0/ 0"), (5, "1/ 1"), (1360, "1/ 1"), (1361, "2/ 2")] {
        let said = debugfs(&judged.image, &format!("extents {extents}"));
        assert!(said.contains(&format!(" {depth}")), "{said}");
    }
    assert_kernel_sees(&judged, &tree);
}

#[test]
fn holes_as_reported_and_as_found() {
    let host = tempfile::tempdir().unwrap();
    let file = fs_err::File::create(host.path().join("sparse")).unwrap();
    file.file().write_all_at(b"middle", 5_000_000).unwrap();
    file.set_len(60 << 20).unwrap();
    let mut tree = empty();
    add_host_file(&mut tree, "sparse", host.path(), "sparse");
    let zeros = add(&mut tree, Tree::ROOT, "zeros", Kind::inline([vec![0; 10_000], vec![1], vec![0; 90_000]].concat()));
    let reported = judge(&tree, &Ext4Options::default());
    assert_kernel_sees(&reported, &tree);
    let found = judge(&tree, &Ext4Options { holes: Holes::Zeros, ..Ext4Options::default() });
    assert_kernel_sees(&found, &tree);
    let never = judge(&tree, &Ext4Options { holes: Holes::Never, ..Ext4Options::default() });
    assert_eq!(tree.file(zeros).unwrap().length, 100_001);
    // 25 blocks, of which one has data; the journal is the same.
    assert_eq!(reported.layout.size() - found.layout.size(), 24 * 4096);
    assert!(never.layout.size() > 60 << 20);
    assert_kernel_sees(&never, &tree);
}

#[test]
fn contents_inside_a_layer() {
    let host = tempfile::tempdir().unwrap();
    let layer = host.path().join("layer");
    let bytes: Vec<u8> = (0..2_000_000_u32).flat_map(u32::to_le_bytes).collect();
    fs_err::write(&layer, bytes).unwrap();
    let mut tree = empty();
    let layer = tree.add_layer(Layer { path: layer });
    for (offset, length) in [(0, 1), (1, 4096), (511, 70_000), (4096, 300_000), (513, 3_000_000), (7_999_999, 1)] {
        let content = Content::At { layer, offset };
        add(&mut tree, Tree::ROOT, format!("{offset}"), Kind::File(FileContent { length, content, sha256: None, dense: false }));
    }
    for holes in [Holes::Reported, Holes::Zeros] {
        assert_kernel_sees(&judge(&tree, &Ext4Options { holes, ..Ext4Options::default() }), &tree);
    }
}

#[test]
fn the_longest_file() {
    let host = tempfile::tempdir().unwrap();
    let length = 0xFFFF_FFFE * 4096;
    let file = fs_err::File::create(host.path().join("long")).unwrap();
    file.file().write_all_at(b"end", length - 3).unwrap();
    let mut tree = empty();
    let id = add_host_file(&mut tree, "long", host.path(), "long");
    let judged = judge(&tree, &Ext4Options::default());
    assert!(debugfs(&judged.image, "stat long").contains(&format!("Size: {length}")));
    assert_eq!(tree.file(id).unwrap().length, length);
}

#[test]
fn directories_of_any_number_of_entries() {
    for (count, length) in [(1, 1), (2, 8), (253, 8), (254, 8), (255, 8), (15, 255), (16, 255), (18_000, 12), (6591, 255), (6592, 255)] {
        let mut tree = empty();
        crowd(&mut tree, "crowd", count, length);
        assert_kernel_sees(&judge(&tree, &Ext4Options::default()), &tree);
    }
}

#[test]
fn a_directory_of_100_000_entries_has_two_levels() {
    let mut tree = empty();
    crowd(&mut tree, "crowd", 100_000, 60);
    let judged = judge(&tree, &Ext4Options::default());
    let said = debugfs(&judged.image, "htree_dump crowd");
    assert!(said.contains("Indirect levels: 1"), "{}", &said[..1000]);
    assert_kernel_sees(&judged, &tree);
}

#[test]
fn directories_with_more_links_than_can_be_counted() {
    let mut tree = empty();
    for (name, count) in [("counted", 64_998), ("not counted", 64_999)] {
        let directory = add(&mut tree, Tree::ROOT, name, Kind::directory());
        for index in 0..count {
            add(&mut tree, directory, format!("{index}"), Kind::directory());
        }
    }
    let judged = judge(&tree, &Ext4Options::default());
    assert!(debugfs(&judged.image, "stat counted").contains("Links: 65000 "));
    assert!(debugfs(&judged.image, "stat \"not counted\"").contains("Links: 1 "));
}

#[test]
fn files_with_as_many_names_as_possible() {
    let mut tree = empty();
    let id = add(&mut tree, Tree::ROOT, "0", Kind::inline(&b"x"[..]));
    for index in 1..65_000 {
        tree.insert(Tree::ROOT, format!("{index}").as_bytes(), id).unwrap();
    }
    let judged = judge(&tree, &Ext4Options::default());
    assert!(debugfs(&judged.image, "stat 0").contains("Links: 65000 "));
}

#[test]
fn attributes_in_the_inode_in_a_block_and_in_both() {
    let mut tree = empty();
    for (index, sizes) in [
        &[("user.a", 0)][..],
        &[("user.a", 67), ("user.b", 1)],
        &[("user.a", 68)],
        &[("user.a", 69)],
        &[("user.a", 68), ("user.b", 4040)],
        &[("user.a", 4040)],
        &[("trusted.overlay.not", 1), ("user.a", 30), ("user.bb", 30), ("user.c", 30), ("security.d", 30), ("trusted.e", 300)],
        &[("user.\u{e9}\u{ff}", 300), ("user.\u{e9}", 3)],
    ]
    .into_iter()
    .enumerate()
    {
        for (kind, name) in [(Kind::inline(&b"x"[..]), "file"), (Kind::directory(), "directory")] {
            let id = add(&mut tree, Tree::ROOT, format!("{name} {index}"), kind);
            tree.node_mut(id).metadata.xattrs = Some(with_xattrs(sizes));
            tree.node_mut(id).metadata.xattrs.as_mut().unwrap().remove(&b"trusted.overlay.not"[..]);
        }
    }
    for (length, name) in [(10, "fast"), (100, "slow")] {
        let link = add(&mut tree, Tree::ROOT, name, Kind::Symlink(vec![b't'; length].into()));
        tree.node_mut(link).metadata.xattrs = Some(with_xattrs(&[("trusted.a", 1000), ("security.b", 3)]));
    }
    assert_kernel_sees(&judge(&tree, &Ext4Options::default()), &tree);
}

#[test]
fn access_control_lists() {
    let entry = |tag: u16, permissions: u16, id: u32| [&tag.to_le_bytes()[..], &permissions.to_le_bytes(), &id.to_le_bytes()].concat();
    let list = [vec![2, 0, 0, 0], entry(1, 6, !0), entry(2, 4, 1000), entry(4, 4, !0), entry(0x10, 4, !0), entry(0x20, 4, !0)].concat();
    let mut tree = empty();
    let file = add(&mut tree, Tree::ROOT, "file", Kind::inline(&b"x"[..]));
    tree.node_mut(file).metadata.xattrs = Some(Box::new([(b"system.posix_acl_access"[..].into(), list.clone().into())].into()));
    let directory = add(&mut tree, Tree::ROOT, "directory", Kind::directory());
    tree.node_mut(directory).metadata.xattrs = Some(Box::new([(b"system.posix_acl_default"[..].into(), list.into())].into()));
    assert_kernel_sees(&judge(&tree, &Ext4Options::default()), &tree);
}

#[test]
fn a_lost_and_found_of_the_tree_stays() {
    let mut tree = empty();
    let found = add(&mut tree, Tree::ROOT, "lost+found", Kind::directory());
    tree.node_mut(found).metadata.mode = 0o711;
    add(&mut tree, found, "#12", Kind::inline(&b"saved"[..]));
    assert_kernel_sees(&judge(&tree, &Ext4Options::default()), &tree);
}

#[test]
fn a_directory_a_thousand_levels_down() {
    let mut tree = empty();
    let mut here = Tree::ROOT;
    for level in 0..1000 {
        here = add(&mut tree, here, format!("{level}"), Kind::directory());
    }
    judge(&tree, &Ext4Options::default());
}
