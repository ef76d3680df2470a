//! What can't be written is refused, and nothing is left.

use rootfs_image::{ContentError, Image, Sink, SinkError, Squashfs, SquashfsCompression, SquashfsError, SquashfsOptions};
use rootfs_tree::{Content, FileContent, Kind, Layer, Time, Tree};

use super::judge::{quick, try_write, with};
use crate::forest::{add, empty, file, one, with_xattrs};

fn long(length: u64) -> Kind {
    let layer = Tree::default().add_layer(Layer { path: "/dev/null".into() });
    Kind::File(FileContent { length, content: Content::At { layer, offset: 0 }, sha256: None, dense: false })
}

fn refusal(tree: &Tree, options: &SquashfsOptions) -> SquashfsError {
    try_write(tree, options).map(drop).unwrap_err()
}

#[test]
fn what_an_inode_cannot_be() {
    let attribute =
        |name: &'static str, length| one(file(), move |tree, id| tree.node_mut(id).metadata.xattrs = Some(with_xattrs(&[(name, length)])));
    let cases: Vec<(Tree, &str)> = vec![
        (
            one(file(), |tree, id| tree.node_mut(id).metadata.mtime = Time { seconds: -1, nanoseconds: 999_999_999 }),
            "`/directory/odd` was changed -1 seconds after 1970, and 0 to 4294967295 can be told",
        ),
        (
            one(file(), |tree, id| tree.node_mut(id).metadata.mtime = Time::from_seconds(1 << 32)),
            "`/directory/odd` was changed 4294967296 seconds after 1970, and 0 to 4294967295 can be told",
        ),
        (
            one(Kind::Symlink(vec![b'x'; 4096].into()), |_, _| {}),
            "the target of the link `/directory/odd` has 4096 bytes, where 1 to 4095 without NUL are possible",
        ),
        (
            one(Kind::Symlink(b""[..].into()), |_, _| {}),
            "the target of the link `/directory/odd` has 0 bytes, where 1 to 4095 without NUL are possible",
        ),
        (
            one(Kind::Symlink(b"a\0b"[..].into()), |_, _| {}),
            "the target of the link `/directory/odd` has 3 bytes, where 1 to 4095 without NUL are possible",
        ),
        (
            one(Kind::CharDevice { major: 4096, minor: 0 }, |_, _| {}),
            "`/directory/odd` has the device number 4096:0, and 4095:1048575 is the largest",
        ),
        (
            one(Kind::BlockDevice { major: 0, minor: 1_048_576 }, |_, _| {}),
            "`/directory/odd` has the device number 0:1048576, and 4095:1048575 is the largest",
        ),
        (
            attribute("user.a", 65_537),
            "the extended attribute `user.a` of `/directory/odd` has 65537 bytes, more than the 65536 that are possible",
        ),
        (
            attribute("system.posix_acl_access", 28),
            "the extended attribute `system.posix_acl_access` of `/directory/odd` can't be kept: squashfs has those of user, trusted and \
             security alone",
        ),
        (
            attribute("user.", 1),
            "the extended attribute `user.` of `/directory/odd` can't be kept: squashfs has those of user, trusted and security alone",
        ),
        (
            one(Kind::directory(), |tree, id| drop(tree.insert(id, b"loop", Tree::ROOT))),
            "the directory `/directory/odd/loop` has another name too",
        ),
        (
            one(Kind::directory(), |tree, id| drop(tree.insert(Tree::ROOT, b"again", id))),
            "the directory `/directory/odd` has another name too",
        ),
        (
            one(long(0x7FFF_FFFF * (128 << 10) + 1), |_, _| {}),
            "`/directory/odd` has 281474976579585 bytes, more than the 281474976579584 that a file can have with blocks of this size",
        ),
    ];
    for (tree, expected) in cases {
        let found = refusal(&tree, &quick()).to_string();
        let squeezed = expected.split_whitespace().collect::<Vec<_>>().join(" ");
        assert_eq!(found, squeezed);
    }
}

#[test]
fn what_an_image_cannot_be() {
    let block_size = |block_size| SquashfsOptions { block_size, ..quick() };
    let xz = |dictionary, block_size| {
        let compression = SquashfsCompression::Xz { level: 6, dictionary: Some(dictionary), x86: false };
        SquashfsOptions { block_size, ..with(compression) }
    };
    let cases = [
        (block_size(2048), "blocks of 2048 bytes are not possible: a power of two from 4096 to 1048576 is"),
        (block_size(2 << 20), "blocks of 2097152 bytes are not possible: a power of two from 4096 to 1048576 is"),
        (block_size(12_288), "blocks of 12288 bytes are not possible: a power of two from 4096 to 1048576 is"),
        (with(SquashfsCompression::Gzip { level: 0 }), "gzip has no level 0: 1 to 9 are possible"),
        (with(SquashfsCompression::Gzip { level: 10 }), "gzip has no level 10: 1 to 9 are possible"),
        (with(SquashfsCompression::Zstd { level: 23 }), "zstd has no level 23: 1 to 22 are possible"),
        (with(SquashfsCompression::Xz { level: 10, dictionary: None, x86: false }), "xz has no level 10: 0 to 9 are possible"),
        (
            xz(10_000, 1 << 17),
            "a dictionary of 10000 bytes is not possible: 2ⁿ or 2ⁿ + 2ⁿ⁺¹ bytes from 8192 to the block size of 131072 are",
        ),
        (
            xz(1 << 18, 1 << 17),
            "a dictionary of 262144 bytes is not possible: 2ⁿ or 2ⁿ + 2ⁿ⁺¹ bytes from 8192 to the block size of 131072 are",
        ),
        (
            SquashfsOptions { time: Some(Time::from_seconds(-1)), ..quick() },
            "the filesystem can't be made -1 seconds after 1970: 0 to 4294967295 can be told",
        ),
    ];
    for (options, expected) in cases {
        assert_eq!(refusal(&empty(), &options).to_string(), expected);
    }
}

#[test]
fn refusals_have_hints_where_something_can_be_done() {
    let acl = one(file(), |tree, id| tree.node_mut(id).metadata.xattrs = Some(with_xattrs(&[("system.posix_acl_access", 28)])));
    assert!(refusal(&acl, &quick()).hint().unwrap().starts_with("remove it"));
    let time = one(file(), |tree, id| tree.node_mut(id).metadata.mtime = Time::from_seconds(-1));
    assert!(refusal(&time, &quick()).hint().unwrap().contains("1970 to 2106"));
    assert_eq!(refusal(&empty(), &SquashfsOptions { block_size: 1, ..quick() }).hint(), None);
}

#[test]
fn contents_that_are_not_what_the_tree_says() {
    let host = tempfile::tempdir().unwrap();
    fs_err::write(host.path().join("layer"), vec![1; 5000]).unwrap();
    for (length, names) in [(6000, &["short"][..]), (600_000, &["short"]), (6000, &["short", "same length"])] {
        let mut tree = empty();
        let layer = tree.add_layer(Layer { path: host.path().join("layer") });
        for name in names {
            let content = Content::At { layer, offset: 0 };
            add(&mut tree, Tree::ROOT, name, Kind::File(FileContent { length, content, sha256: None, dense: false }));
        }
        // Several are read at once, and any may be the first that fails.
        let told = refusal(&tree, &quick()).to_string();
        assert!(names.iter().any(|name| told == format!("can't write `/{name}`")), "{told}");
    }
    let mut tree = empty();
    add(&mut tree, Tree::ROOT, "gone", Kind::File(FileContent { length: 5, content: Content::Absent, sha256: None, dense: false }));
    assert_eq!(refusal(&tree, &quick()).to_string(), "the content of `/gone` is not at hand");
    let mut tree = empty();
    crate::forest::add_host_file(&mut tree, "layer", host.path(), "layer");
    fs_err::write(host.path().join("layer"), vec![1; 5001]).unwrap();
    assert!(matches!(refusal(&tree, &quick()), SquashfsError::Content(ContentError::Tree(_))));
}

/// A disk that is full after so many bytes.
struct Full(u64);

impl Sink for Full {
    fn data(&self, offset: u64, bytes: &[u8]) -> Result<(), SinkError> {
        let is_full = offset + bytes.len() as u64 > self.0;
        if is_full { Err(SinkError::Write(std::io::ErrorKind::StorageFull.into())) } else { Ok(()) }
    }
}

#[test]
fn a_full_disk() {
    let mut tree = empty();
    for index in 0..60 {
        add(&mut tree, Tree::ROOT, format!("{index}"), Kind::inline(super::judge::noise(200_000, index)));
    }
    for room in [0, 100, 1_000_000, 11_999_999, 12_000_100] {
        let error = Squashfs::write(&tree, &quick(), &Image::new(&Full(room))).unwrap_err();
        assert!(matches!(error, SquashfsError::Sink(SinkError::Write(_))), "{error}");
    }
    Squashfs::write(&tree, &quick(), &Image::new(&Full(13_000_000))).unwrap();
}
