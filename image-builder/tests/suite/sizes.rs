//! How large an image gets.

use rootfs_image::{Ext4Error, Ext4Layout, Ext4Options, Journal, Size};
use rootfs_tree::{Kind, Tree};

use crate::forest::{add, crowd, empty, everything};
use crate::judge::{assert_kernel_sees, judge, superblock_field};

fn options(size: Size) -> Ext4Options {
    Ext4Options { size, ..Ext4Options::default() }
}

#[test]
fn the_smallest_has_no_free_block() {
    let judged = judge(&everything(), &options(Size::Minimal));
    assert_eq!(judged.layout.free(), 0);
    assert_eq!(superblock_field(&judged.image, "Free blocks"), "0");
    assert_eq!(superblock_field(&judged.image, "Block count"), (judged.layout.size() / 4096).to_string());
    assert_eq!(judged.image.metadata().unwrap().len(), judged.layout.size());
}

#[test]
fn one_block_less_than_the_smallest_is_refused_with_the_need() {
    let mut trees = vec![empty(), everything()];
    let mut dense = empty();
    add(&mut dense, Tree::ROOT, "dense", Kind::inline(vec![1; 140 << 20]));
    trees.push(dense);
    for tree in trees {
        let size = Ext4Layout::plan(&tree, &options(Size::Minimal)).unwrap().size();
        let error = Ext4Layout::plan(&tree, &options(Size::Fixed(size - 1))).unwrap_err();
        assert!(matches!(error, Ext4Error::TooSmall { needed, .. } if needed == size), "{error}");
        assert!(error.hint().unwrap().contains(&size.to_string()));
        for size in [size, size + 1, size + 4095, size + 4096, size + (1 << 20)] {
            let judged = judge(&tree, &options(Size::Fixed(size)));
            assert!(judged.layout.size() <= size);
        }
    }
}

#[test]
fn sizes_around_a_group_are_all_possible() {
    // A group has 128 MiB; the last may be any part of one, or too small to be used.
    let tree = everything();
    for blocks in [32_767, 32_768, 32_769, 32_770, 32_771, 33_000, 65_535, 65_536, 65_537, 98_304 + 3] {
        let judged = judge(&tree, &options(Size::Fixed(blocks * 4096)));
        assert!(judged.layout.size() > (blocks - 300) * 4096, "{blocks}");
        assert_kernel_sees(&judged, &tree);
    }
}

#[test]
fn large_ones_stay_sparse() {
    let tree = everything();
    for gibibytes in [1_u64, 20, 300, 2048] {
        let judged = judge(&tree, &options(Size::Fixed(gibibytes << 30)));
        let stored = std::os::unix::fs::MetadataExt::blocks(&judged.image.metadata().unwrap()) * 512;
        assert!(stored < (4 << 20) + (gibibytes << 14), "{gibibytes} GiB store {stored}");
        assert_eq!(superblock_field(&judged.image, "Free blocks"), (judged.layout.free() / 4096).to_string());
        assert_kernel_sees(&judged, &tree);
    }
}

#[test]
fn free_space_is_what_was_asked_for() {
    let tree = everything();
    for bytes in [1, 4096, 4097, 1 << 20, 128 << 20, 1 << 30] {
        let judged = judge(&tree, &options(Size::Free(bytes)));
        let free = judged.layout.free();
        assert!(free >= bytes && free < bytes + 4096 + 16 * 4096, "{free} for {bytes}");
        let spare = judged.layout.inode_capacity() - judged.layout.inodes();
        assert!(u64::from(spare) >= bytes.div_ceil(16_384));
    }
}

#[test]
fn inodes_alone_can_need_a_group() {
    let mut tree = empty();
    crowd(&mut tree, "crowd", 40_000, 10);
    let judged = judge(&tree, &options(Size::Minimal));
    assert!(judged.layout.size() > 128 << 20);
    assert_kernel_sees(&judged, &tree);
}

#[test]
#[ignore = "half a minute"]
fn a_million_files_in_one_directory() {
    let mut tree = empty();
    crowd(&mut tree, "crowd", 1_000_000, 20);
    let judged = judge(&tree, &options(Size::Minimal));
    assert_eq!(judged.layout.inodes(), 1_000_012);
}

#[test]
fn journals_are_as_large_as_mke2fs_makes_them() {
    for (size, journal) in [(64_u64 << 20, 4_u64), (128 << 20, 16), (1 << 30, 32), (2 << 30, 64), (16 << 30, 128), (32 << 30, 256)] {
        let layout = Ext4Layout::plan(&empty(), &options(Size::Fixed(size))).unwrap();
        assert_eq!(layout.journal_size(), journal << 20, "{size}");
    }
    let none = Ext4Options { journal: Journal::None, ..Ext4Options::default() };
    let judged = judge(&everything(), &none);
    assert!(!superblock_field(&judged.image, "Filesystem features").contains("has_journal"));
    assert_kernel_sees(&judged, &everything());
    let judged = judge(&everything(), &Ext4Options { journal: Journal::Blocks(40_000), ..Ext4Options::default() });
    assert_eq!(superblock_field(&judged.image, "Total journal blocks"), "40000");
}
