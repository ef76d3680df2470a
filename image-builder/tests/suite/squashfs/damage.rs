//! The judges say no when they should.

use std::os::unix::fs::FileExt as _;

use rootfs_image::{SquashfsCompression, SquashfsReader};
use rootfs_tree::{Kind, ScanOptions, Tree};

use super::judge::{everything, judge, noise, with};
use crate::forest::{add, crowd};
use crate::judge::{path, run};

/// A field of eight bytes of the superblock.
fn field(bytes: &[u8], at: usize) -> usize {
    usize::try_from(u64::from_le_bytes(bytes[at..at + 8].try_into().unwrap())).unwrap()
}

#[test]
fn one_wrong_byte_in_any_part_is_found() {
    let mut tree = everything();
    crowd(&mut tree, "crowd", 400, 20);
    add(&mut tree, Tree::ROOT, "text", Kind::inline(b"some text ".repeat(30_000)));
    add(&mut tree, Tree::ROOT, "noise", Kind::inline(noise(50_000, 1)));
    for compression in [SquashfsCompression::gzip(), SquashfsCompression::xz()] {
        let judged = judge(&tree, &with(compression));
        let bytes = fs_err::read(&judged.image).unwrap();
        let table = |at| field(&bytes, at);
        let cases = [
            ("magic", 1),
            ("block size", 13),
            ("compressor", 20),
            ("block log", 22),
            ("version", 28),
            ("root inode", 34),
            ("bytes used", 44),
            ("where ids are", 51),
            ("where inodes are", 65),
            ("where directories are", 73),
            ("a block", 96 + 50),
            ("inodes", table(64) + 300),
            ("length of inodes", table(64)),
            ("directories", table(72) + 300),
            ("fragments", table(80) - 10),
            ("where fragments are", table(80)),
            ("ids", table(48) - 4),
            ("where ids' blocks are", table(48) + 1),
            ("attributes", field(&bytes, table(56)) + 20),
            ("where attributes are", table(56) + 1),
        ];
        for (what, offset) in cases {
            let damaged = judged.directory.path().join("damaged");
            fs_err::copy(&judged.image, &damaged).unwrap();
            let file = fs_err::OpenOptions::new().write(true).open(&damaged).unwrap();
            file.file().write_all_at(&[bytes[offset] ^ 0x21], offset as u64).unwrap();
            let target = judged.directory.path().join("unpacked");
            let arguments = ["-no-progress", "-quiet", "-strict-errors", "-d", path(&target), path(&damaged)];
            let said = run("unsquashfs", &arguments);
            let is_same = || {
                let found = Tree::scan(&target, &ScanOptions { hash: true, known: None }).unwrap();
                rootfs_tree::diff(&super::judge::expected(&tree), &found).is_empty()
            };
            assert!(!said.status.success() || !is_same(), "{what}");
            // Who owns a file is stored as it is: another owner is found by comparing alone.
            let file = rootfs_image::FileSource::open(&damaged).unwrap();
            let verified = SquashfsReader::open(&file).and_then(|reader| reader.verify());
            assert!(said.status.success() || verified.is_err(), "{what}");
            let _ = fs_err::remove_dir_all(&target);
        }
        let cut = judged.directory.path().join("cut");
        fs_err::write(&cut, &bytes[..bytes.len() - 4096]).unwrap();
        assert!(!run("unsquashfs", &["-lln", path(&cut)]).status.success());
    }
}
