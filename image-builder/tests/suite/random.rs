//! Random trees through the writer and back through the kernel.

use proptest::prelude::*;
use rootfs_image::{BlockSize, Ext4Error, Ext4Layout, Ext4Options, Holes, Journal, Profile, Size};
use rootfs_tree::{Kind, Metadata, Node, NodeId, Time, Tree, Xattrs};

use crate::judge::{assert_kernel_sees, judge};

#[derive(Debug, Clone)]
pub(crate) struct Sprout {
    /// Which directory it is in, and which file it is another name of, modulo those there are.
    place: usize,
    name: Vec<u8>,
    metadata: Metadata,
    kind: Option<Kind>,
}

fn name() -> impl Strategy<Value = Vec<u8>> {
    let byte = any::<u8>().prop_filter("a name has neither", |byte| !matches!(byte, 0 | b'/'));
    prop_oneof![8 => prop::collection::vec(byte.clone(), 1..20), 1 => prop::collection::vec(byte, 200..=255)]
        .prop_filter("taken", |name| name != b"." && name != b"..")
}

fn content() -> impl Strategy<Value = Vec<u8>> {
    let stretch = (any::<u8>(), prop_oneof![0..100_usize, 4000..9000_usize, 30_000..80_000_usize]);
    prop::collection::vec(stretch, 0..6).prop_map(|stretches| {
        // Every other stretch is zeros.
        let content = |(index, (byte, length)): (usize, (u8, usize))| vec![if index % 2 == 0 { byte } else { 0 }; length];
        stretches.into_iter().enumerate().flat_map(content).collect()
    })
}

fn kind() -> impl Strategy<Value = Option<Kind>> {
    let target = prop::collection::vec(1..=255_u8, 1..400);
    prop_oneof![
        3 => Just(Some(Kind::directory())),
        5 => content().prop_map(|content| Some(Kind::inline(content))),
        2 => target.prop_map(|target| Some(Kind::Symlink(target.into()))),
        1 => (0..4096_u32, 0..1_048_576_u32).prop_map(|(major, minor)| Some(Kind::BlockDevice { major, minor })),
        1 => (0..300_u32, 0..300_u32).prop_map(|(major, minor)| Some(Kind::CharDevice { major, minor })),
        1 => prop_oneof![Just(Some(Kind::Fifo)), Just(Some(Kind::Socket))],
        2 => Just(None),
    ]
}

fn xattrs() -> impl Strategy<Value = Option<Box<Xattrs>>> {
    let key = (prop_oneof![Just("trusted."), Just("security.")], prop::collection::vec(1..=255_u8, 1..30))
        .prop_map(|(prefix, name)| [prefix.as_bytes(), &name].concat())
        .prop_filter("the host's", |name| !name.starts_with(b"security.selinux") && !name.starts_with(b"trusted.overlay."));
    let length = prop_oneof![20 => 0..300_usize, 2 => 300..5000_usize, 1 => Just(60_000)];
    let value = (any::<u8>(), length).prop_map(|(byte, length)| vec![byte % 4; length]);
    let some = prop::collection::btree_map(key.prop_map(Vec::into_boxed_slice), value.prop_map(Vec::into_boxed_slice), 1..8);
    prop_oneof![4 => Just(None), 1 => some.prop_map(|xattrs| Some(Box::new(xattrs)))]
}

pub(crate) fn metadata() -> impl Strategy<Value = Metadata> {
    let time = (-2_147_483_648..10_737_418_240_i64, 0..1_000_000_000_u32).prop_map(|(seconds, nanoseconds)| Time { seconds, nanoseconds });
    (0..0o10000_u16, 0..u32::MAX, 0..u32::MAX, time, xattrs()).prop_map(|(mode, uid, gid, mtime, xattrs)| Metadata {
        mode,
        uid,
        gid,
        mtime,
        xattrs,
    })
}

pub(crate) fn sprout() -> impl Strategy<Value = Sprout> {
    (any::<usize>(), name(), metadata(), kind()).prop_map(|(place, name, metadata, kind)| Sprout { place, name, metadata, kind })
}

/// How many more names the first directory gets: a hash tree's worth in some trees.
pub(crate) fn crowd() -> impl Strategy<Value = usize> {
    prop_oneof![Just(0), 200..300_usize, 2000..5000_usize]
}

pub(crate) fn grow(root: Metadata, sprouts: Vec<Sprout>, crowd: usize) -> Tree {
    let mut tree = Tree::new(root);
    let mut directories = vec![Tree::ROOT];
    let mut others: Vec<NodeId> = Vec::new();
    for Sprout { place, name, metadata, kind } in sprouts {
        let parent = directories[place % directories.len()];
        if tree.child(parent, &name).is_some() || name == b"lost+found" {
            continue;
        }
        let id = match kind {
            Some(kind) => {
                let list = if matches!(kind, Kind::Directory(_)) { &mut directories } else { &mut others };
                let id = tree.add_node(Node { metadata, kind, package: None });
                list.push(id);
                id
            }
            None if others.is_empty() => continue,
            None => others[place % others.len()],
        };
        tree.insert(parent, &name, id).unwrap();
    }
    let parent = directories[directories.len() - 1];
    for index in 0..crowd {
        let id = others.get(index % 50).copied().unwrap_or_else(|| tree.add_node(crate::forest::node(Kind::Fifo)));
        tree.insert(parent, format!("crowd {index}").as_bytes(), id).unwrap();
    }
    tree
}

/// Any tree.
pub(crate) fn trees() -> impl Strategy<Value = Tree> {
    (metadata(), prop::collection::vec(sprout(), 0..120), crowd()).prop_map(|(root, sprouts, crowd)| grow(root, sprouts, crowd))
}

fn options() -> impl Strategy<Value = Ext4Options> {
    let size =
        prop_oneof![Just(Size::Minimal), (0..200_000_000_u64).prop_map(Size::Free), (200_000_000..3_000_000_000_u64).prop_map(Size::Fixed)];
    let holes = prop_oneof![Just(Holes::Reported), Just(Holes::Zeros), Just(Holes::Never)];
    let journal = prop_oneof![Just(Journal::Auto), Just(Journal::None), (1024..3000_u32).prop_map(Journal::Blocks)];
    let profile = prop_oneof![2 => Just(Profile::Default), 1 => Just(Profile::ReadOnly), 1 => Just(Profile::Compat)];
    let block_size = prop::sample::select(&BlockSize::ALL[..]);
    let form = (profile, block_size);
    (form, size, holes, journal, any::<[u8; 16]>()).prop_map(|((profile, block_size), size, holes, journal, seed)| Ext4Options {
        profile,
        block_size,
        size,
        holes,
        journal,
        hash_seed: Some(seed),
        ..Ext4Options::default()
    })
}

/// Whether this is the long run of all tests.
#[expect(clippy::disallowed_methods, reason = "how long the tests take is said in the environment")]
pub(crate) fn is_full() -> bool {
    std::env::var("ROOTFS_TEST_FULL").is_ok_and(|value| value == "1")
}

pub(crate) fn cases() -> u32 {
    if is_full() { 400 } else { 40 }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: cases(), max_shrink_iters: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_tree_comes_back(
        tree in trees(),
        options in options(),
    ) {
        // What has no inodes for large values refuses some.
        let refused = Ext4Layout::plan(&tree, &options);
        if options.profile == Profile::Compat && matches!(refused, Err(Ext4Error::AttributesTooLarge { .. })) {
            return Ok(());
        }
        assert_kernel_sees(&judge(&tree, &options), &tree);
    }
}
