//! What can't be written is refused before anything is.

use rootfs_image::{BlockSize, Ext4Error, Ext4Layout, Ext4Options, Journal, Profile, Size};
use rootfs_tree::{Content, FileContent, Kind, Layer, Time, Tree};

use crate::forest::{add, crowd, empty, file, one, with_xattrs};

fn refusal(tree: &Tree) -> Ext4Error {
    Ext4Layout::plan(tree, &Ext4Options::default()).unwrap_err()
}

fn refusal_of(tree: &Tree, profile: Profile, block_size: BlockSize) -> Ext4Error {
    Ext4Layout::plan(tree, &Ext4Options { profile, block_size, ..Ext4Options::default() }).unwrap_err()
}

#[test]
fn what_an_inode_cannot_be() {
    let cases: Vec<(Tree, &str)> = vec![
        (
            one(file(), |tree, id| tree.node_mut(id).metadata.mtime = Time::from_seconds(10_737_418_240)),
            "`/directory/odd` was changed 10737418240 seconds after 1970, and -2147483648 to 10737418239 can be told",
        ),
        (
            one(file(), |tree, id| tree.node_mut(id).metadata.mtime = Time::from_seconds(-2_147_483_649)),
            "`/directory/odd` was changed -2147483649 seconds after 1970, and -2147483648 to 10737418239 can be told",
        ),
        (
            one(file(), |tree, id| tree.node_mut(id).metadata.mtime.nanoseconds = 1_000_000_000),
            "`/directory/odd` was changed 1700000000 seconds after 1970, and -2147483648 to 10737418239 can be told",
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
            one(file(), |tree, id| tree.node_mut(id).metadata.xattrs = Some(with_xattrs(&[("user.a", 65_537)]))),
            "the extended attributes of `/directory/odd` take 65537 bytes, more than the 65536 there is room for",
        ),
        (
            one(file(), |tree, id| tree.node_mut(id).metadata.xattrs = Some(with_xattrs(&[("os2.a", 1)]))),
            "the extended attribute `os2.a` of `/directory/odd` has a name that can't be kept",
        ),
        (
            one(file(), |tree, id| tree.node_mut(id).metadata.xattrs = Some(with_xattrs(&[("system.posix_acl_access", 7)]))),
            "the extended attribute `system.posix_acl_access` of `/directory/odd` is not a valid access control list",
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
            one(file(), |tree, id| tree.node_mut(id).kind = long(0xFFFF_FFFE * 4096 + 1)),
            "`/directory/odd` has 17592186036225 bytes, more than the 17592186036224 that a file can have",
        ),
    ];
    for (tree, expected) in cases {
        assert_eq!(refusal(&tree).to_string(), expected);
    }
}

#[test]
fn what_only_small_blocks_or_a_profile_refuse() {
    let link = |length: usize| one(Kind::Symlink(vec![b'x'; length].into()), |_, _| {});
    let attribute = |length| one(file(), move |tree, id| tree.node_mut(id).metadata.xattrs = Some(with_xattrs(&[("user.a", length)])));
    let cases = [
        (
            refusal_of(&link(1024), Profile::Default, BlockSize::K1),
            "the target of the link `/directory/odd` has 1024 bytes, where 1 to 1023 without NUL are possible",
        ),
        (
            refusal_of(&link(2048), Profile::Compat, BlockSize::K2),
            "the target of the link `/directory/odd` has 2048 bytes, where 1 to 2047 without NUL are possible",
        ),
        (
            refusal_of(&attribute(4041), Profile::Compat, BlockSize::K4),
            "the extended attributes of `/directory/odd` take 4064 bytes, more than the 4060 there is room for",
        ),
        (
            refusal_of(&attribute(969), Profile::Compat, BlockSize::K1),
            "the extended attributes of `/directory/odd` take 992 bytes, more than the 988 there is room for",
        ),
        (
            refusal_of(&one(long(0xFFFF_FFFE * 1024 + 1), |_, _| {}), Profile::Default, BlockSize::K1),
            "`/directory/odd` has 4398046509057 bytes, more than the 4398046509056 that a file can have",
        ),
    ];
    for (error, expected) in cases {
        assert_eq!(error.to_string(), expected);
    }
}

#[test]
fn a_directory_too_large_for_small_blocks() {
    let mut tree = empty();
    // 3 names a block, 123 * 126 blocks.
    crowd(&mut tree, "crowd", 46_600, 255);
    let error = refusal_of(&tree, Profile::Default, BlockSize::K1);
    assert!(matches!(error, Ext4Error::DirectoryTooLarge { limit: 15_622, .. }), "{error}");
}

#[test]
fn more_groups_than_one_can_describe() {
    for (profile, block_size, most) in [
        (Profile::Default, BlockSize::K1, 1_040_056_321_u64),
        (Profile::Compat, BlockSize::K1, 2_080_112_641),
        (Profile::Default, BlockSize::K2, 0xFFFF_FFFF),
    ] {
        let plan = |blocks: u64| {
            let size = Size::Free(blocks * u64::from(block_size.bytes()));
            Ext4Layout::plan(&empty(), &Ext4Options { profile, block_size, size, journal: Journal::None, ..Ext4Options::default() })
        };
        let expected = most * u64::from(block_size.bytes());
        assert!(matches!(plan(most), Err(Ext4Error::TooLarge { limit }) if limit == expected), "{profile:?} {block_size:?}");
        assert!(plan(most / 16 * 15).is_ok());
    }
}

#[test]
fn names_that_no_directory_can_hold() {
    for (name, shown) in [(&b".."[..], ".."), (b"", ""), (b"a/b", "a/b"), (b"\0", "\\x00"), (&[b'x'; 256], &"x".repeat(256))] {
        let mut tree = empty();
        let id = add(&mut tree, Tree::ROOT, "file", file());
        if let Kind::Directory(entries) = &mut tree.node_mut(Tree::ROOT).kind {
            entries.insert(name.into(), id);
        }
        assert_eq!(refusal(&tree).to_string(), format!("`/{shown}` can't be a file name"));
    }
}

#[test]
fn a_file_with_a_name_too_many() {
    let mut tree = empty();
    let id = add(&mut tree, Tree::ROOT, "0", file());
    for index in 1..=65_000 {
        tree.insert(Tree::ROOT, format!("{index}").as_bytes(), id).unwrap();
    }
    assert!(matches!(refusal(&tree), Ext4Error::TooManyLinks { limit: 65_000, .. }));
}

#[test]
fn a_lost_and_found_that_is_a_file() {
    let mut tree = empty();
    add(&mut tree, Tree::ROOT, "lost+found", file());
    let error = refusal(&tree);
    assert!(matches!(error, Ext4Error::LostAndFound) && error.hint().is_some());
}

#[test]
fn more_than_16_tib() {
    let mut tree = empty();
    for index in 0..100 {
        add(&mut tree, Tree::ROOT, format!("{index}"), long(1 << 43));
    }
    assert!(matches!(refusal(&tree), Ext4Error::TooLarge { .. }));
    for size in [Size::Free(1 << 44), Size::Free(u64::MAX)] {
        let error = Ext4Layout::plan(&empty(), &Ext4Options { size, ..Ext4Options::default() }).unwrap_err();
        assert!(matches!(error, Ext4Error::TooLarge { .. }), "{error}");
    }
}

#[test]
fn labels_and_journals_out_of_range() {
    for label in [&b"seventeen bytes!!"[..], b"nul\0"] {
        let options = Ext4Options { label: label.to_vec(), ..Ext4Options::default() };
        assert!(matches!(Ext4Layout::plan(&empty(), &options), Err(Ext4Error::Label { .. })));
    }
    for blocks in [0, 1023, u32::MAX] {
        let options = Ext4Options { journal: Journal::Blocks(blocks), ..Ext4Options::default() };
        assert!(matches!(Ext4Layout::plan(&empty(), &options), Err(Ext4Error::Journal { .. })));
    }
}

#[test]
fn a_tree_that_grew_after_its_plan() {
    let mut tree = empty();
    crowd(&mut tree, "crowd", 10, 10);
    let layout = Ext4Layout::plan(&tree, &Ext4Options::default()).unwrap();
    add(&mut tree, Tree::ROOT, "new", file());
    let directory = tempfile::tempdir().unwrap();
    let file = rootfs_image::ImageFile::create(&directory.path().join("image")).unwrap();
    let error = layout.write(&tree, &rootfs_image::Image::new(&file)).unwrap_err();
    assert!(matches!(error, Ext4Error::TreeChanged));
}

#[test]
fn contents_that_are_shorter_than_the_tree_says() {
    let host = tempfile::tempdir().unwrap();
    fs_err::write(host.path().join("layer"), vec![1; 5000]).unwrap();
    for length in [6000, 600_000] {
        let mut tree = empty();
        let layer = tree.add_layer(Layer { path: host.path().join("layer") });
        let content = Content::At { layer, offset: 0 };
        add(&mut tree, Tree::ROOT, "short", Kind::File(FileContent { length, content, sha256: None, dense: false }));
        let layout = Ext4Layout::plan(&tree, &Ext4Options::default()).unwrap();
        let image = host.path().join("image");
        let file = rootfs_image::ImageFile::create(&image).unwrap();
        let error = layout.write(&tree, &rootfs_image::Image::new(&file)).unwrap_err();
        assert_eq!(error.to_string(), "can't write `/short`");
        drop(file);
        assert!(!image.exists());
    }
}

fn long(length: u64) -> Kind {
    let mut tree = Tree::default();
    let layer = tree.add_layer(Layer { path: "/dev/null".into() });
    Kind::File(FileContent { length, content: Content::At { layer, offset: 0 }, sha256: None, dense: false })
}
