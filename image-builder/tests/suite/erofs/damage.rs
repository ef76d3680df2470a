//! The judges say no when they should.

use std::os::unix::fs::FileExt as _;

use rootfs_image::FileSource;

use super::judge::{COMPRESSIONS, assert_same, expected, judge, with};
use super::read::{full, verify};
use crate::judge::{Mounted, path, run};

#[test]
fn one_wrong_byte_in_any_part_is_found() {
    let tree = full();
    for compression in [COMPRESSIONS[0], COMPRESSIONS[1]] {
        let judged = judge(&tree, &with(compression));
        let bytes = fs_err::read(&judged.image).unwrap();
        let block = |at: usize| usize::try_from(u32::from_le_bytes(bytes[at..at + 4].try_into().unwrap())).unwrap() * 4096;
        let (meta, shared) = (block(1024 + 40), block(1024 + 44));
        // The root is the first inode; its names stand behind it.
        let names = (meta..bytes.len()).find(|at| bytes[*at..].starts_with(b"bincrowd")).unwrap();
        let cases = [
            ("magic", 1024),
            ("checksum", 1024 + 5),
            ("root", 1024 + 14),
            ("a feature", 1024 + 80),
            ("where inodes are", 1024 + 40),
            ("format of the root", meta + 32),
            ("type of the root", meta + 37),
            ("a name", names),
            ("number of names", names - 12 * 10 + 8),
            ("an attribute's prefix", shared + 1),
        ];
        for (what, offset) in cases {
            let damaged = judged.directory.path().join("damaged");
            fs_err::copy(&judged.image, &damaged).unwrap();
            let file = fs_err::OpenOptions::new().write(true).open(&damaged).unwrap();
            file.file().write_all_at(&[bytes[offset] ^ 0x85], offset as u64).unwrap();
            let fsck = run("fsck.erofs", &[path(&damaged)]);
            let ours = verify(&FileSource::open(&damaged).unwrap());
            assert!(ours.is_err(), "{what}");
            // Of a wrong checksum it says so, and succeeds. Types, names and attributes are found by comparing.
            let says_no = !fsck.status.success() || !fsck.stderr.is_empty();
            assert!(says_no || matches!(what, "type of the root" | "a name" | "an attribute's prefix" | "number of names"), "{what}");
        }
        let cut = judged.directory.path().join("cut");
        fs_err::write(&cut, &bytes[..bytes.len() - 4096]).unwrap();
        assert!(!run("fsck.erofs", &[path(&cut)]).status.success());
    }
}

#[test]
fn the_kernel_sees_another_tree() {
    let tree = full();
    let judged = judge(&tree, &with(COMPRESSIONS[0]));
    let bytes = fs_err::read(&judged.image).unwrap();
    // In the content of a file.
    let at = bytes.windows(10).position(|window| window == b"#!/bin/sh\n").unwrap();
    let file = fs_err::OpenOptions::new().write(true).open(&judged.image).unwrap();
    file.file().write_all_at(b"?", at as u64).unwrap();
    let mounted = Mounted::of("erofs", &judged.image, "ro");
    let found = mounted.tree();
    mounted.unmount();
    assert!(std::panic::catch_unwind(|| assert_same(&expected(&tree), &found)).is_err());
}
