//! Every form of inode and content, at its edges.

use rootfs_image::{ErofsCompression, ErofsOptions};
use rootfs_tree::{Kind, Tree};

use super::judge::{COMPRESSIONS, assert_kernel_sees, dump, judge, with, write};
use crate::forest::{add, crowd, empty, everything, with_xattrs};
use crate::squashfs::judge::noise;

#[test]
fn everything_is_seen() {
    for compression in COMPRESSIONS {
        for inline_data in [true, false] {
            let judged = judge(&everything(), &ErofsOptions { inline_data, ..with(compression) });
            assert_eq!(judged.erofs.inodes, 13);
        }
    }
    judge(&empty(), &with(ErofsCompression::None));
}

/// Contents of every length at which something changes: the ends of blocks, of indexes and of packs of these.
#[test]
fn lengths_of_contents() {
    let mut tree = empty();
    for length in [0, 1, 4032, 4033, 4064, 4065, 4095, 4096, 4097, 8191, 8192, 8193, 65_537, 200_001] {
        let text: Vec<u8> = b"some text and a number ".iter().copied().cycle().take(length).collect();
        add(&mut tree, Tree::ROOT, format!("text {length}"), Kind::inline(text));
        add(&mut tree, Tree::ROOT, format!("noise {length}"), Kind::inline(noise(length, length as u64)));
        let mixed: Vec<u8> = (0..length / 5000 + 1).flat_map(|part| [noise(2500, part as u64), vec![b'm'; 2500]].concat()).collect();
        add(&mut tree, Tree::ROOT, format!("mixed {length}"), Kind::inline(mixed[..length].to_vec()));
        add(&mut tree, Tree::ROOT, format!("zeros {length}"), Kind::inline(vec![0; length]));
    }
    for compression in COMPRESSIONS {
        for (cluster_size, inline_data) in [(4096, true), (64 << 10, false)] {
            judge(&tree, &ErofsOptions { cluster_size, inline_data, ..with(compression) });
        }
    }
}

/// Every number of indexes, at every place that attributes leave for them.
#[test]
fn indexes_of_every_width() {
    for cluster_size in [4096, 8192] {
        let mut tree = empty();
        for blocks in 2..60_usize {
            for (attributes, other) in [(0, ""), (4, "a"), (12, "b"), (20, "c"), (21, "d")] {
                let content = [noise(blocks * 500, blocks as u64), vec![b'x'; blocks * 3596 - attributes]].concat();
                let id = add(&mut tree, Tree::ROOT, format!("{blocks} {attributes}"), Kind::inline(content));
                if attributes > 0 {
                    tree.node_mut(id).metadata.xattrs = Some(with_xattrs(&[(&format!("user.{other}{blocks}"), attributes)]));
                }
            }
        }
        judge(&tree, &ErofsOptions { cluster_size, ..with(ErofsCompression::Lz4) });
    }
}

#[test]
fn directories_of_many_sizes() {
    let mut tree = empty();
    for (count, name_length) in [(1, 200), (15, 254), (16, 250), (100, 29), (101, 29), (300, 100), (5000, 20)] {
        crowd(&mut tree, &format!("{count} of {name_length}"), count, name_length);
    }
    let odd = add(&mut tree, Tree::ROOT, "odd names", Kind::directory());
    for name in [&b"!"[..], b"-", b"...", b".a", b".-", b"a", b"\xff", b"\x01", &[b'n'; 255]] {
        add(&mut tree, odd, name, Kind::Fifo);
    }
    judge(&tree, &with(ErofsCompression::None));
}

#[test]
fn attributes_are_shared_where_that_is_shorter() {
    let mut tree = everything();
    let mut last = String::new();
    for index in 0..200_u32 {
        let id = add(&mut tree, Tree::ROOT, format!("{index}"), Kind::inline(index.to_string().into_bytes()));
        let own = format!("user.of{}", index % 7);
        last.clone_from(&own);
        tree.node_mut(id).metadata.xattrs = Some(with_xattrs(&[("security.same", 600), (&own, 30), (&format!("trusted.{index}"), 5)]));
    }
    let judged = judge(&tree, &with(ErofsCompression::None));
    // Seven hundred bytes each would be 35 blocks.
    assert!(judged.erofs.size < 20 * 4096, "{}", judged.erofs.size);
    assert!(!last.is_empty());
}

#[test]
fn large_and_many_attributes() {
    let mut tree = empty();
    let large = add(&mut tree, Tree::ROOT, "large", Kind::inline(b"some text ".repeat(2000)));
    tree.node_mut(large).metadata.xattrs = Some(with_xattrs(&[("user.a", 65_535), ("user.b", 65_535), ("trusted.c", 60_000)]));
    let link = add(&mut tree, Tree::ROOT, "link", Kind::Symlink(b"large"[..].into()));
    tree.node_mut(link).metadata.xattrs = Some(with_xattrs(&[("trusted.a", 9000)]));
    let directory = crowd(&mut tree, "directory", 300, 20);
    tree.node_mut(directory).metadata.xattrs = Some(with_xattrs(&[("trusted.a", 9000), ("trusted.b", 4000)]));
    let names: Vec<String> = (0..600).map(|index| format!("user.attribute {index}")).collect();
    let many: Vec<(&str, usize)> = names.iter().map(|name| (name.as_str(), 9)).collect();
    for name in ["many", "many too"] {
        let id = add(&mut tree, Tree::ROOT, name, Kind::inline(&b"x"[..]));
        tree.node_mut(id).metadata.xattrs = Some(with_xattrs(&many));
    }
    tree.node_mut(Tree::ROOT).metadata.xattrs = Some(with_xattrs(&[("trusted.a", 50_000)]));
    for compression in [ErofsCompression::None, ErofsCompression::Lz4] {
        judge(&tree, &with(compression));
    }
}

#[test]
fn access_control_lists_are_kept() {
    let mut tree = empty();
    let id = add(&mut tree, Tree::ROOT, "shared", Kind::directory());
    // Version 2; the owner, the user 1000, the group, the mask, others.
    let entry = |tag: u16, permissions: u16, id: u32| [&tag.to_le_bytes()[..], &permissions.to_le_bytes(), &id.to_le_bytes()].concat();
    let list = [
        2_u32.to_le_bytes().to_vec(),
        entry(1, 7, u32::MAX),
        entry(2, 5, 1000),
        entry(4, 5, u32::MAX),
        entry(0x10, 5, u32::MAX),
        entry(0x20, 5, u32::MAX),
    ]
    .concat();
    let names = [&b"system.posix_acl_access"[..], b"system.posix_acl_default"];
    tree.node_mut(id).metadata.xattrs = Some(Box::new(names.into_iter().map(|name| (name.into(), list.clone().into())).collect()));
    judge(&tree, &with(ErofsCompression::None));
}

#[test]
fn same_contents_are_stored_once() {
    let mut tree = empty();
    let content = noise(1 << 20, 5);
    for name in ["one", "two", "three"] {
        add(&mut tree, Tree::ROOT, name, Kind::inline(content.clone()));
    }
    for compression in [ErofsCompression::None, ErofsCompression::Lz4] {
        let judged = judge(&tree, &with(compression));
        assert_eq!((judged.erofs.duplicates, judged.erofs.size < 1100 << 10), (2, true), "{}", judged.erofs.size);
    }
}

/// What is mapped must lie in whole blocks.
#[test]
fn without_inline_data_files_have_blocks_of_their_own() {
    let mut tree = empty();
    add(&mut tree, Tree::ROOT, "file", Kind::inline(&b"x"[..]));
    let layout_of = |inline_data| dump(&write(&tree, &ErofsOptions { inline_data, ..with(ErofsCompression::None) }), "/file");
    assert!(layout_of(true).contains("Layout: 2"), "{}", layout_of(true));
    assert!(layout_of(false).contains("Layout: 0"), "{}", layout_of(false));
}

#[test]
fn zeros_take_no_space_in_the_file() {
    let mut tree = empty();
    add(&mut tree, Tree::ROOT, "zeros", Kind::inline([vec![0; 8 << 20], b"end".to_vec()].concat()));
    let judged = judge(&tree, &with(ErofsCompression::None));
    let metadata = fs_err::metadata(&judged.image).unwrap();
    assert!(metadata.len() > 8 << 20);
    assert!(std::os::unix::fs::MetadataExt::blocks(&metadata) * 512 < 64 << 10);
}

/// Text that compresses well: clusters that are mostly full.
#[test]
fn clusters_are_filled() {
    let mut tree = empty();
    let words: Vec<u8> = (0..400_000_u32).flat_map(|index| format!("{} ", index.wrapping_mul(2_654_435_761) % 5000).into_bytes()).collect();
    add(&mut tree, Tree::ROOT, "words", Kind::inline(words.clone()));
    let size = |options: ErofsOptions| {
        let judged = write(&tree, &options);
        assert_kernel_sees(&judged, &tree);
        judged.erofs.size
    };
    let sizes = [
        size(with(ErofsCompression::Lz4)),
        size(with(ErofsCompression::lz4hc())),
        size(with(ErofsCompression::zstd())),
        size(ErofsOptions { cluster_size: 64 << 10, ..with(ErofsCompression::zstd()) }),
    ];
    assert!(sizes.is_sorted_by(|one, next| one > next), "{sizes:?} of {}", words.len());
}

/// Much from little, with attributes of any size in front of its indexes.
#[test]
fn indexes_behind_attributes() {
    let mut tree = empty();
    for size in 0..300_usize {
        let id = add(&mut tree, Tree::ROOT, format!("{size}"), Kind::inline([vec![b'a'; 50_538], vec![0; 8408 + size]].concat()));
        let long = if size % 7 == 0 { 5000 * (size / 70) } else { 9 };
        tree.node_mut(id).metadata.xattrs = Some(with_xattrs(&[(&format!("user.{size}"), size), ("trusted.long", long)]));
    }
    for (compression, cluster_size) in
        [(ErofsCompression::Zstd { level: 1 }, 64 << 10), (ErofsCompression::Lz4, 4096), (ErofsCompression::Lz4, 64 << 10)]
    {
        judge(&tree, &ErofsOptions { cluster_size, ..with(compression) });
    }
}
