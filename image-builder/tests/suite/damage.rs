//! The judge says no when it should.

use std::os::unix::fs::FileExt;

use rootfs_image::{Ext4Options, Size};

use crate::forest::{add, crowd, everything};
use crate::judge::{debugfs, judge, path, run, verify};

/// Where debugfs says an inode's first block is.
fn first_block(image: &std::path::Path, name: &str) -> u64 {
    let said = debugfs(image, &format!("blocks \"{name}\""));
    said.split_whitespace().next().unwrap().parse().unwrap()
}

#[test]
fn one_wrong_bit_anywhere_in_the_metadata_is_found() {
    let mut tree = everything();
    crowd(&mut tree, "crowd", 1000, 20);
    let link = add(&mut tree, rootfs_tree::Tree::ROOT, "attributes", rootfs_tree::Kind::inline(&b""[..]));
    tree.node_mut(link).metadata.xattrs = Some(crate::forest::with_xattrs(&[("user.a", 1000)]));
    let judged = judge(&tree, &Ext4Options { size: Size::Free(1 << 20), ..Ext4Options::default() });
    let image = &judged.image;
    let crowd = first_block(image, "crowd");
    let stat = debugfs(image, "stat attributes");
    let attributes: u64 = stat.split("File ACL: ").nth(1).unwrap().split_whitespace().next().unwrap().parse().unwrap();
    let cases = [
        ("superblock", 1024 + 0x30, "superblock: the checksum of the superblock"),
        ("descriptors", 4096 + 12, "descriptor of group 0: the checksum of the descriptor"),
        ("block bitmap", 2 * 4096 + 100, "block bitmap of group 0: the checksum of the bitmap"),
        ("inode bitmap", 3 * 4096 + 1, "inode bitmap of group 0: the checksum of the bitmap"),
        ("inode 2", 4 * 4096 + 256 + 8, "`/` (inode 2): the checksum of the inode"),
        ("inode 13", 4 * 4096 + 12 * 256 + 0x28 + 12, "(inode 13): the checksum of the inode"),
        ("hash tree", crowd * 4096 + 0x28, "the checksum of a node of the directory's hash tree"),
        ("leaf", (crowd + 1) * 4096 + 8, "the checksum of a block of the directory"),
        ("attributes", attributes * 4096 + 40, "the checksum of the block"),
    ];
    for (what, offset, expected) in cases {
        let damaged = judged.directory.path().join("damaged");
        fs_err::copy(image, &damaged).unwrap();
        let file = fs_err::OpenOptions::new().read(true).write(true).open(&damaged).unwrap();
        let mut byte = [0];
        file.file().read_exact_at(&mut byte, offset).unwrap();
        file.file().write_all_at(&[byte[0] ^ 1], offset).unwrap();
        let said = run("e2fsck", &["-fn", path(&damaged)]);
        // 4: errors left uncorrected; 8: not to be opened at all.
        assert!(matches!(said.status.code(), Some(4 | 8)), "{what}: {}", String::from_utf8_lossy(&said.stdout));
        let ours: Vec<String> = verify(&damaged).unwrap().problems.iter().map(ToString::to_string).collect();
        let expected = format!("{expected} is wrong");
        assert!(ours.iter().any(|problem| problem.contains(&expected)), "{what}: {ours:?}");
    }
}

#[test]
fn a_missing_judge_is_a_failure() {
    let caught = std::panic::catch_unwind(|| run("no-such-judge", &[]));
    assert!(caught.is_err());
    assert!(!run("e2fsck", &["-fn", "/dev/null"]).status.success());
}
