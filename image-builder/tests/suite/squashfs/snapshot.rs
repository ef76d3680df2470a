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
        "cfd6df49402e835fedc59b377840f449c95b0920c1cb375556300e2a2d86d4ad",
        "daa23cfa04dd25abc2cae2d8bedf6e75d04ab86e272b64c967614c6352725e0d",
        "ce3de53eccf48e097bda7ddb9eb602a8e4204463ea37803a391bec5613ea1703",
        "5c57c27db805af45a181a83b867e0a8a91c3eaedc783545a490d2169e069a60d",
        "4d533fac13a1e85dd9588b0e85225ed9c27ba3df9a6bbf051a7cb582fb55c5ec",
        "a940a35a80564b43a4a8e81adaa5ea4818892b41ec467051cbd734476581afa2",
        "bdb20ee1e02c0bdfc5d92daacc19fa5b6425dbf8f4b986097ad410a6a72847b2",
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
