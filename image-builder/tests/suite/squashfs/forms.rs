//! Inodes of every type and form.

use rootfs_image::SquashfsOptions;
use rootfs_tree::{Kind, Metadata, Time, Tree};

use super::judge::{COMPRESSIONS, assert_kernel_sees, everything, judge, mount, quick, statistics, with, write};
use crate::forest::{add, crowd, empty, with_xattrs};

#[test]
fn every_type_with_every_compressor() {
    let tree = everything();
    for compression in COMPRESSIONS {
        judge(&tree, &with(compression));
    }
}

#[test]
fn an_empty_tree() {
    for compression in COMPRESSIONS {
        let judged = judge(&empty(), &with(compression));
        assert_eq!((judged.squashfs.inodes, judged.squashfs.size), (1, 4096));
    }
}

#[test]
fn every_type_with_attributes_and_several_names() {
    let mut tree = empty();
    let kinds = [
        Kind::directory(),
        Kind::inline(&b"short"[..]),
        Kind::inline(vec![7; 300_000]),
        Kind::Symlink(b"target"[..].into()),
        Kind::CharDevice { major: 4095, minor: 1_048_575 },
        Kind::BlockDevice { major: 7, minor: 255 },
        Kind::Fifo,
        Kind::Socket,
    ];
    for (index, kind) in kinds.into_iter().enumerate() {
        let is_directory = matches!(kind, Kind::Directory(_));
        let id = add(&mut tree, Tree::ROOT, format!("{index}"), kind);
        tree.node_mut(id).metadata.xattrs = Some(with_xattrs(&[("trusted.a", index), ("security.b", 10)]));
        if !is_directory {
            tree.insert(Tree::ROOT, format!("{index} again").as_bytes(), id).unwrap();
            tree.insert(Tree::ROOT, format!("{index} once more").as_bytes(), id).unwrap();
        }
    }
    tree.node_mut(Tree::ROOT).metadata.xattrs = Some(with_xattrs(&[("security.root", 1)]));
    judge(&tree, &quick());
}

#[test]
fn names_and_targets_as_long_as_they_get() {
    let mut tree = empty();
    for length in [1, 2, 254, 255] {
        let directory = add(&mut tree, Tree::ROOT, vec![b'd'; length], Kind::directory());
        add(&mut tree, directory, vec![0xFF; length], Kind::inline(&b""[..]));
    }
    for length in [1, 255, 256, 4094, 4095] {
        add(&mut tree, Tree::ROOT, format!("link {length}"), Kind::Symlink(vec![b't'; length].into()));
    }
    judge(&tree, &quick());
}

#[test]
fn owners_modes_and_times_at_their_ends() {
    let mut tree = empty();
    for (index, value) in [0, 1, 65_535, 65_536, u32::MAX - 1].into_iter().enumerate() {
        let id = add(&mut tree, Tree::ROOT, format!("{index}"), Kind::inline(&b"x"[..]));
        tree.node_mut(id).metadata =
            Metadata { mode: 0o7777, uid: value, gid: u32::MAX - 1 - value, mtime: Time::from_seconds(value.into()), xattrs: None };
    }
    let id = add(&mut tree, Tree::ROOT, "bare", Kind::directory());
    tree.node_mut(id).metadata.mode = 0;
    judge(&tree, &quick());
}

#[test]
fn deep_directories() {
    let mut tree = empty();
    let mut parent = Tree::ROOT;
    for depth in 0..300 {
        add(&mut tree, parent, "file", Kind::inline(format!("{depth}").into_bytes()));
        parent = add(&mut tree, parent, "d", Kind::directory());
    }
    judge(&tree, &quick());
}

#[test]
fn links_are_counted() {
    use std::os::unix::fs::MetadataExt as _;
    let mut tree = empty();
    let id = add(&mut tree, Tree::ROOT, "file", Kind::inline(&b"x"[..]));
    let directory = add(&mut tree, Tree::ROOT, "directory", Kind::directory());
    tree.insert(directory, b"same", id).unwrap();
    for name in ["a", "b", "c"] {
        add(&mut tree, directory, name, Kind::directory());
    }
    let judged = write(&tree, &quick());
    let mounted = mount(&judged);
    let links = |name: &str| fs_err::metadata(mounted.path(name)).unwrap().nlink();
    assert_eq!((links("file"), links("directory"), links("directory/a"), links("")), (2, 5, 2, 3));
    let number = |name: &str| fs_err::metadata(mounted.path(name)).unwrap().ino();
    assert_eq!(number("directory/.."), number(""));
    mounted.unmount();
}

#[test]
fn with_and_without_the_export_table() {
    let mut tree = everything();
    crowd(&mut tree, "crowd", 3000, 20);
    for (export, says) in [(true, "Filesystem is exportable via NFS"), (false, "Filesystem is not exportable via NFS")] {
        let judged = write(&tree, &SquashfsOptions { export, ..quick() });
        assert_kernel_sees(&judged, &tree);
        assert_eq!(statistics(&judged, says), "");
    }
}

#[test]
fn the_time_of_the_filesystem() {
    let mut tree = empty();
    let id = add(&mut tree, Tree::ROOT, "new", Kind::Fifo);
    tree.node_mut(id).metadata.mtime = Time { seconds: 1_800_000_000, nanoseconds: 5 };
    let time = |options: &SquashfsOptions| {
        let bytes = fs_err::read(write(&tree, options).image).unwrap();
        u32::from_le_bytes([bytes[8], bytes[9], bytes[10], bytes[11]])
    };
    assert_eq!(time(&quick()), 1_800_000_000);
    assert_eq!(time(&SquashfsOptions { time: Some(Time::from_seconds(0)), ..quick() }), 0);
}
