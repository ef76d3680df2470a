//! Contents at the ends of blocks, fragments, zeros and duplicates.

use std::os::unix::fs::MetadataExt as _;

use rootfs_image::{SquashfsCompression, SquashfsOptions};
use rootfs_tree::{Kind, Tree};

use super::judge::{COMPRESSIONS, assert_kernel_sees, judge, mount, noise, quick, with, write};
use crate::forest::{add, add_host_file, empty};

/// Files around the lengths where something changes, every third of them noise.
fn around(block_size: usize) -> Tree {
    let mut tree = empty();
    let lengths = [0, 1, block_size - 1, block_size, block_size + 1, 2 * block_size - 1, 2 * block_size, 3 * block_size + 5];
    for length in lengths {
        add(&mut tree, Tree::ROOT, format!("noise {length}"), Kind::inline(noise(length, length as u64)));
        add(&mut tree, Tree::ROOT, format!("zeros {length}"), Kind::inline(vec![0; length]));
        let text = (0..length).map(|at| b"some text "[at % 10 * (at / 3000 + 1) % 10]).collect::<Vec<u8>>();
        add(&mut tree, Tree::ROOT, format!("text {length}"), Kind::inline(text));
    }
    for index in 0..40_u64 {
        add(&mut tree, Tree::ROOT, format!("small {index}"), Kind::inline(noise(block_size / 10, index + 1)));
    }
    tree
}

#[test]
fn every_block_size_with_and_without_fragments() {
    for power in 12..=20 {
        let block_size = 1 << power;
        let tree = around(1 << power);
        let options = SquashfsOptions { block_size, ..with(SquashfsCompression::lz4()) };
        let usual = write(&tree, &options);
        assert_kernel_sees(&usual, &tree);
        assert!(usual.squashfs.fragments >= 4);
        let tails = write(&tree, &SquashfsOptions { tail_fragments: true, ..options.clone() });
        assert_kernel_sees(&tails, &tree);
        assert!(tails.squashfs.fragments > usual.squashfs.fragments);
        let none = write(&tree, &SquashfsOptions { fragments: false, tail_fragments: true, ..options });
        assert_kernel_sees(&none, &tree);
        assert_eq!(none.squashfs.fragments, 0);
    }
}

#[test]
fn every_compressor_has_blocks_that_it_makes_longer() {
    for compression in COMPRESSIONS {
        judge(&around(16 << 10), &SquashfsOptions { block_size: 16 << 10, tail_fragments: true, ..with(compression) });
    }
}

#[test]
fn zeros_take_no_space() {
    let mut tree = empty();
    add(&mut tree, Tree::ROOT, "all", Kind::inline(vec![0; 10 << 20]));
    let content = [noise(1 << 17, 1), vec![0; 5 << 17], noise(100, 2)].concat();
    add(&mut tree, Tree::ROOT, "between", Kind::inline(content));
    let judged = judge(&tree, &quick());
    assert!(judged.squashfs.size < 140_000);
    let mounted = mount(&judged);
    let blocks = |name: &str| fs_err::metadata(mounted.path(name)).unwrap().blocks();
    assert_eq!((blocks("all"), blocks("between")), (0, ((1_u64 << 17) + 100).div_ceil(512)));
    mounted.unmount();
}

#[test]
fn holes_of_a_file_are_not_read_and_do_not_matter() {
    let host = tempfile::tempdir().unwrap();
    let write_file = |name: &str, sparse: bool| {
        let file = fs_err::File::create(host.path().join(name)).unwrap();
        let at = |bytes: &[u8], offset| std::os::unix::fs::FileExt::write_all_at(file.file(), bytes, offset).unwrap();
        if !sparse {
            at(&vec![0; 40 << 20], 0);
        }
        at(b"begins", 100);
        at(b"middle", 20 << 20);
        file.set_len((40 << 20) + 77).unwrap();
    };
    write_file("sparse", true);
    write_file("full", false);
    let image = |host_name: &str| {
        let mut tree = empty();
        add_host_file(&mut tree, "file", host.path(), host_name);
        let judged = write(&tree, &quick());
        assert_kernel_sees(&judged, &tree);
        fs_err::read(&judged.image).unwrap()
    };
    assert!(image("sparse") == image("full"));
}

#[test]
fn what_is_the_same_is_stored_once() {
    let host = tempfile::tempdir().unwrap();
    let (large, small) = (noise(300_000, 5), noise(3000, 6));
    fs_err::write(host.path().join("large"), &large).unwrap();
    let mut tree = empty();
    add(&mut tree, Tree::ROOT, "a", Kind::inline(large.clone()));
    let once = write(&tree, &quick()).squashfs;
    assert_eq!(once.duplicates, 0);
    add(&mut tree, Tree::ROOT, "b", Kind::inline(large.clone()));
    add_host_file(&mut tree, "c", host.path(), "large");
    for index in 0..5 {
        add(&mut tree, Tree::ROOT, format!("small {index}"), Kind::inline(small.clone()));
    }
    // Of the same length, but not the same.
    add(&mut tree, Tree::ROOT, "d", Kind::inline(vec![7; 300_000]));
    let mut other = small.clone();
    other[2999] ^= 1;
    add(&mut tree, Tree::ROOT, "other", Kind::inline(other));
    let judged = judge(&tree, &quick());
    assert_eq!(judged.squashfs.duplicates, 2 + 4);
    assert!(judged.squashfs.bytes_used < once.bytes_used + 7000);
    // The hashes may be known already, of all or of some.
    let mut hashed = tree.clone();
    hashed.hash_contents().unwrap();
    assert!(fs_err::read(write(&hashed, &quick()).image).unwrap() == fs_err::read(&judged.image).unwrap());
    let id = hashed.lookup(b"/b").unwrap();
    hashed.node_mut(id).kind = Kind::inline(large);
    assert!(fs_err::read(write(&hashed, &quick()).image).unwrap() == fs_err::read(&judged.image).unwrap());
}
