//! Contents in chunks: found again, left out where they are zeros, and only where that pays.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicU64, Ordering};

use rootfs_image::{ErofsCompression, ErofsOptions, ErofsReader, FileSource, Image, ImageFile, Progress};
use rootfs_tree::{Kind, NodeId, ScanOptions, Tree};

use super::judge::{assert_kernel_sees, dump, judge, with, write};
use super::mkfs::mkfs;
use super::read::{full, verify};
use crate::forest::{add, empty, with_xattrs};
use crate::judge::{path, run};
use crate::random::is_full;
use crate::squashfs::judge::noise;

const KIB: usize = 1024;

pub(super) fn chunks(size: u32) -> ErofsOptions {
    ErofsOptions { chunk_size: Some(size), ..with(ErofsCompression::None) }
}

/// Files that have parts of each other.
fn related() -> Tree {
    let mut tree = empty();
    let whole = noise(256 * KIB, 3);
    let mut changed = whole.clone();
    changed[100 * KIB] ^= 1;
    let mut add = |name: &str, content: Vec<u8>| add(&mut tree, Tree::ROOT, name, Kind::inline(content));
    add("a whole", whole.clone());
    add("changed", changed);
    add("end", whole[128 * KIB..].to_vec());
    add("longer", [&whole[..], b"more"].concat());
    add("shorter", whole[..200 * KIB + 9].to_vec());
    add("twice", [&whole[..64 * KIB], &whole[..64 * KIB]].concat());
    add("zeros in the middle", [&whole[..64 * KIB], &vec![0; 64 * KIB][..], &whole[64 * KIB..]].concat());
    add("zeros", vec![0; 300_001]);
    add("small", b"x".to_vec());
    tree
}

#[test]
fn what_is_found_again_is_stored_once() {
    for (size, most) in [(4096, 80), (16 << 10, 110), (64 << 10, 200)] {
        for inline_data in [true, false] {
            let judged = judge(&related(), &ErofsOptions { inline_data, ..chunks(size) });
            assert_eq!(judged.erofs.chunked, 7, "{size}");
            assert!(judged.erofs.size < most * 4096, "{size}: {} blocks", judged.erofs.size / 4096);
            let layout = |name: &str| dump(&judged, name).lines().find_map(|line| Some(line.split_once("Layout: ")?.1[..1].to_owned()));
            assert_eq!(layout("/changed").as_deref(), Some("4"), "{size}");
            // Nobody was before it.
            assert_eq!(layout("/a whole").as_deref(), Some("0"), "{size}");
        }
    }
    let plain = write(&related(), &with(ErofsCompression::None)).erofs;
    assert_eq!(plain.chunked, 0);
    assert!(plain.size > 1400 << 10, "{}", plain.size);
}

/// As long as can be told, with little in them.
#[test]
fn holes_are_nowhere() {
    let host = tempfile::tempdir().unwrap();
    for (name, length, at) in [("first", 64_u64 << 20, 0), ("last", 3 << 30, (3 << 30) - 5), ("middle", 1 << 30, 700 << 20), ("none", 5, 0)]
    {
        let file = fs_err::File::create(host.path().join(name)).unwrap();
        file.set_len(length).unwrap();
        if name != "none" {
            std::os::unix::fs::FileExt::write_all_at(file.file(), b"here", at).unwrap();
        }
    }
    let tree = Tree::scan(host.path(), &ScanOptions::default()).unwrap();
    // Smaller ones need more places.
    for (size, blocks) in [(4096, 1047), (64 << 10, 102)] {
        let judged = write(&tree, &chunks(size));
        assert_eq!((judged.erofs.size / 4096, judged.erofs.chunked), (blocks, 3));
        let reader = FileSource::open(&judged.image).unwrap();
        assert!(ErofsReader::open(&reader).unwrap().info().features.contains(&"chunked_file"));
        assert!(run("fsck.erofs", &[path(&judged.image)]).status.success());
        if size > 4096 {
            assert_kernel_sees(&judged, &tree);
        }
    }
}

/// The places of chunks stand behind attributes of any length.
#[test]
fn places_behind_attributes() {
    let mut tree = empty();
    add(&mut tree, Tree::ROOT, "first", Kind::inline(noise(80 << 10, 1)));
    for size in 0..120_usize {
        let content = [noise(80 << 10, 1), vec![0; size * 4096 + size], noise(5000, size as u64)].concat();
        let id = add(&mut tree, Tree::ROOT, format!("{size}"), Kind::inline(content));
        let long = if size % 9 == 0 { 4000 } else { size };
        tree.node_mut(id).metadata.xattrs = Some(with_xattrs(&[(&format!("user.{size}"), long)]));
    }
    let judged = judge(&tree, &chunks(4096));
    assert_eq!(judged.erofs.chunked, 120);
}

#[test]
fn they_are_no_larger_than_those_of_mkfs() {
    let host = tempfile::tempdir().unwrap();
    let (directory, image) = (host.path().join("tree"), host.path().join("image"));
    let most = if is_full() { 100 << 20 } else { 2 << 20 };
    crate::squashfs::mksquashfs::copy_some("/usr/bin".as_ref(), &directory.join("bin"), most);
    related().materialise(&directory.join("related")).unwrap();
    let tree = Tree::scan(&directory, &ScanOptions::default()).unwrap();
    for size in [4096, 64 << 10] {
        mkfs(&image, &directory, &[&format!("--chunksize={size}")]);
        let (ours, theirs) = (write(&tree, &chunks(size)).erofs.size, fs_err::metadata(&image).unwrap().len());
        assert!(ours <= theirs, "{size}: {ours} bytes, and {theirs}");
    }
}

#[test]
fn a_chunk_outside_the_image_is_found() {
    let judged = judge(&related(), &chunks(4096));
    let bytes = fs_err::read(&judged.image).unwrap();
    let meta = usize::try_from(u32::from_le_bytes(bytes[1064..1068].try_into().unwrap())).unwrap() * 4096;
    // A place that is none.
    let place = (meta..bytes.len() - 4).step_by(4).find(|at| bytes[*at..at + 4] == [0xFF; 4]).unwrap();
    let damaged = judged.directory.path().join("damaged");
    let with = |value: [u8; 4]| {
        let mut bytes = bytes.clone();
        bytes[place..place + 4].copy_from_slice(&value);
        fs_err::write(&damaged, bytes).unwrap();
    };
    with(0x00FF_FFFF_u32.to_le_bytes());
    assert!(verify(&FileSource::open(&damaged).unwrap()).is_err());
    let extract = format!("--extract={}", path(&judged.directory.path().join("unpacked")));
    assert!(!run("fsck.erofs", &[&extract, path(&damaged)]).status.success());
    with([0xFF; 4]);
    assert!(verify(&FileSource::open(&damaged).unwrap()).is_ok());
    assert!(run("fsck.erofs", &[&extract, "--overwrite", path(&damaged)]).status.success());
}

/// What is told of the work adds up to all contents.
#[test]
fn all_bytes_are_told_of() {
    #[derive(Debug, Default)]
    struct Told(AtomicU64);
    impl Progress for Told {
        fn advance(&self, bytes: u64) {
            self.0.fetch_add(bytes, Ordering::Relaxed);
        }
    }
    for tree in [related(), full()] {
        let inodes: BTreeSet<NodeId> = tree.walk().map(|entry| entry.id).collect();
        let all: u64 = inodes.into_iter().filter_map(|id| tree.file(id)).map(|file| file.length).sum();
        for options in [chunks(4096), with(ErofsCompression::None)] {
            let told = Told::default();
            let file = ImageFile::create(&tempfile::tempdir().unwrap().path().join("image")).unwrap();
            let layout = rootfs_image::ErofsLayout::plan(&tree, &options).unwrap();
            layout.write(&tree, &Image::new(&file).with_progress(&told)).unwrap();
            assert_eq!(told.0.into_inner(), all);
        }
    }
}
