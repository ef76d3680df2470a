//! What no erofs can hold is refused, and nothing is left of it.

use rootfs_image::{ErofsCompression, ErofsOptions};
use rootfs_tree::{Kind, Tree};

use super::judge::try_write;
use crate::forest::{empty, file, one, with_xattrs};

fn refused(tree: &Tree) -> String {
    try_write(tree, &ErofsOptions::default()).err().unwrap().to_string()
}

fn with_attribute(name: &str, size: usize) -> Tree {
    one(file(), |tree, id| tree.node_mut(id).metadata.xattrs = Some(with_xattrs(&[(name, size)])))
}

#[test]
fn trees() {
    let cases = [
        (
            one(Kind::Symlink(b""[..].into()), |_, _| {}),
            "the target of the link `/directory/odd` has 0 bytes, where 1 to 4095 without NUL are possible",
        ),
        (
            one(Kind::Symlink(vec![b'x'; 4096].into()), |_, _| {}),
            "the target of the link `/directory/odd` has 4096 bytes, where 1 to 4095 without NUL are possible",
        ),
        (
            one(Kind::CharDevice { major: 4096, minor: 0 }, |_, _| {}),
            "`/directory/odd` has the device number 4096:0, and 4095:1048575 is the largest",
        ),
        (with_attribute("system.other", 1), "the extended attribute `system.other` of `/directory/odd` has a name that can't be kept"),
        (with_attribute("user.", 1), "the extended attribute `user.` of `/directory/odd` has a name that can't be kept"),
        (
            with_attribute("user.a", 65_536),
            "the extended attribute `user.a` of `/directory/odd` has 65536 bytes, more than the 65535 that are possible",
        ),
    ];
    for (tree, expected) in cases {
        assert_eq!(refused(&tree), expected);
    }
    let names = ["user.a", "user.b", "user.c", "user.d", "user.e"].map(|name| (name, 60_000));
    let tree = one(file(), |tree, id| tree.node_mut(id).metadata.xattrs = Some(with_xattrs(&names)));
    assert_eq!(refused(&tree), "the extended attributes of `/directory/odd` take 300052 bytes, more than the 262148 there is room for");
    let mut looped = empty();
    looped.insert(Tree::ROOT, b"again", Tree::ROOT).unwrap();
    assert_eq!(refused(&looped), "the directory `/again` has another name too");
}

#[test]
fn options() {
    let cases = [
        (
            ErofsOptions { cluster_size: 2048, ..ErofsOptions::default() },
            "compressed clusters of 2048 bytes are not possible: a power of two from 4096 to 1048576 is",
        ),
        (
            ErofsOptions { compression: ErofsCompression::None, chunk_size: Some(2 << 20), ..ErofsOptions::default() },
            "chunks of 2097152 bytes are not possible: a power of two from 4096 to 1048576 is",
        ),
        (ErofsOptions { chunk_size: Some(4096), ..ErofsOptions::default() }, "chunks can't be compressed with lz4hc"),
        (
            ErofsOptions { label: vec![b'x'; 17], ..ErofsOptions::default() },
            "the label `xxxxxxxxxxxxxxxxx` is not 1 to 16 bytes without NUL",
        ),
        (
            ErofsOptions { compression: ErofsCompression::Lz4Hc { level: 13 }, ..ErofsOptions::default() },
            "lz4hc has no level 13: 1 to 12 are possible",
        ),
        (
            ErofsOptions { compression: ErofsCompression::Zstd { level: 0 }, ..ErofsOptions::default() },
            "zstd has no level 0: 1 to 22 are possible",
        ),
    ];
    for (options, expected) in cases {
        assert_eq!(try_write(&empty(), &options).err().unwrap().to_string(), expected);
    }
}

#[test]
fn another_tree() {
    let layout = rootfs_image::ErofsLayout::plan(&empty(), &ErofsOptions::default()).unwrap();
    let file = rootfs_image::ImageFile::create(&tempfile::tempdir().unwrap().path().join("image")).unwrap();
    let error = layout.write(&crate::forest::everything(), &rootfs_image::Image::new(&file)).unwrap_err();
    assert_eq!(error.to_string(), "the tree has changed since the image was planned");
}
