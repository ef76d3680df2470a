//! The same bytes every time, and which.

use std::fmt::Write as _;

use rootfs_image::{SquashfsCompression, SquashfsOptions};
use rootfs_tree::{Kind, Tree};

use super::judge::{everything, judge, noise, with, write};
use crate::forest::{TIME, add, crowd};
use crate::snapshot::digest;

fn tree() -> Tree {
    let mut tree = everything();
    crowd(&mut tree, "crowd", 3000, 20);
    for index in 0..40_u64 {
        add(&mut tree, Tree::ROOT, format!("noise {index}"), Kind::inline(noise(70_000, index + 1)));
        let text = format!("line {index}\n").repeat(5000 * (usize::try_from(index).unwrap() % 5));
        add(&mut tree, Tree::ROOT, format!("text {index}"), Kind::inline(text.into_bytes()));
    }
    tree
}

fn all() -> [SquashfsCompression; 7] {
    let x86 = SquashfsCompression::Xz { level: 6, dictionary: None, x86: true };
    let hc = SquashfsCompression::Lz4 { hc: true };
    let usual = [SquashfsCompression::gzip(), SquashfsCompression::xz(), SquashfsCompression::zstd(), SquashfsCompression::lz4()];
    [SquashfsCompression::None, usual[0], usual[1], x86, usual[2], usual[3], hc]
}

/// The digests change with the layout, and with the version of a library that compresses: other bytes for the same content are no fault of it, but
/// whoever updates one has to know that images are not the same any more. That of nothing compressed is of the layout alone.
#[test]
fn pinned_digests() {
    let expected = [
        "28d19765437bf4b164a5c35b05773561953e6b3961957e7eae76dab186432b79",
        "000f0357dd2acaae78c9afda5824fb212d0816880e6f55de43c53fac10271051",
        "cd099596df7c3f77c8597545b13a7d7bed3cd1bd6ab49581f23547f41f6ae8be",
        "3247e129c08ddbd53235a6b659efe19418a948196e80e71f738748e538118416",
        "36aca7445a1805f6f424865330c5110a9b1ee4f0a9f7546fa44d918489a8226e",
        "ebae4f7af62aaf17464a20bb27ff01975a2f228cc7167b2d7f307e44a8945d8f",
        "5c8fa4b73bdf91c8c0e98af9664efdc75e04ec2d064fcddb46c4c6568a16fbcb",
    ];
    let found = all().map(|compression| digest(&judge(&everything(), &with(compression)).image));
    assert_eq!(found, expected);
}

#[test]
fn the_number_of_threads_does_not_matter() {
    let tree = tree();
    let pools = [1, 2, 5].map(|threads| rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap());
    for compression in all() {
        let options = SquashfsOptions { block_size: 16 << 10, tail_fragments: true, ..with(compression) };
        let images = pools.each_ref().map(|pool| pool.install(|| digest(&write(&tree, &options).image)));
        assert!(images.iter().all(|image| *image == images[0]), "{compression:?}");
    }
}

/// Fields of the superblock with their offsets, from `fs/squashfs/squashfs_fs.h`.
const FIELDS: [(&str, std::ops::Range<usize>); 19] = [
    ("s_magic", 0x00..0x04),
    ("inodes", 0x04..0x08),
    ("mkfs_time", 0x08..0x0C),
    ("block_size", 0x0C..0x10),
    ("fragments", 0x10..0x14),
    ("compression", 0x14..0x16),
    ("block_log", 0x16..0x18),
    ("flags", 0x18..0x1A),
    ("no_ids", 0x1A..0x1C),
    ("s_major", 0x1C..0x1E),
    ("s_minor", 0x1E..0x20),
    ("root_inode", 0x20..0x28),
    ("bytes_used", 0x28..0x30),
    ("id_table_start", 0x30..0x38),
    ("xattr_id_table_start", 0x38..0x40),
    ("inode_table_start", 0x40..0x48),
    ("directory_table_start", 0x48..0x50),
    ("fragment_table_start", 0x50..0x58),
    ("lookup_table_start", 0x58..0x60),
];

#[test]
fn the_superblock_of_a_small_image() {
    let options = SquashfsOptions { time: Some(TIME), ..with(SquashfsCompression::None) };
    let bytes = fs_err::read(write(&everything(), &options).image).unwrap();
    let mut found = String::new();
    for (name, range) in FIELDS {
        let hex: String = bytes[range.clone()].iter().map(|byte| format!("{byte:02x}")).collect();
        writeln!(found, "{:02x} {name} {hex}", range.start).unwrap();
    }
    assert_eq!(found, include_str!("superblock.txt"), "{found}");
}
