//! The same bytes every time, and which.

use rootfs_image::{ErofsCompression, ErofsLayout, ErofsOptions};
use rootfs_tree::{Kind, Tree};

use super::chunks::chunks;
use super::judge::{with, write};
use super::read::full;
use crate::forest::{add, empty, everything};
use crate::snapshot::digest;
use crate::squashfs::judge::noise;

fn all() -> [ErofsOptions; 7] {
    let large = ErofsOptions { cluster_size: 64 << 10, ..with(ErofsCompression::zstd()) };
    let mapped = ErofsOptions { inline_data: false, label: b"root".to_vec(), ..with(ErofsCompression::None) };
    [
        with(ErofsCompression::None),
        mapped,
        with(ErofsCompression::Lz4),
        with(ErofsCompression::lz4hc()),
        with(ErofsCompression::zstd()),
        large,
        chunks(4096),
    ]
}

/// The digests change with the layout, and with the version of a library that compresses: other bytes for the same content are no fault of it, but
/// whoever updates one has to know that images are not the same any more. Those of nothing compressed are of the layout alone.
#[test]
fn pinned_digests() {
    let expected = [
        "4db56dfbf69e642120f720f3d544c20421489bb3f1125dd958fd70a8a399c806",
        "74f47ea777348f35fa0a99ac46b7305dec94ad91ac213131a6f0c3ed9c6f8314",
        "95e569b3c113bf3ddab861a0f7636e9beed173293198bbdd04cc86313141726e",
        "18f9e0834dc1b82997c828fd91f7fb65e1317b11352b77ec8012f1be5be750bf",
        "a18438c257f8a18b3eb9bfb63f90782a105c2da7ca410fafaece2156c3e1a11d",
        "4b60e678497a6df7c6ce1586ca38d0815ec1d6f8e7d1154b8d9d86a0c8cb8104",
        "40727b9fed67df8e413146efd05e95d9a1a1973dfad8d08e57bd1f3b12b909d3",
    ];
    let found = all().map(|options| digest(&write(&full(), &options).image));
    assert_eq!(found, expected);
}

#[test]
fn the_number_of_threads_does_not_matter() {
    let mut tree = full();
    for index in 0..6_u64 {
        let mixed: Vec<u8> = (0..400).flat_map(|part| [noise(3000, part * 7 + index), vec![b'm'; 9000]].concat()).collect();
        add(&mut tree, Tree::ROOT, format!("mixed {index}"), Kind::inline(mixed));
    }
    let pools = [1, 2, 5].map(|threads| rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap());
    for options in all() {
        let images = pools.each_ref().map(|pool| pool.install(|| digest(&write(&tree, &options).image)));
        assert!(images.iter().all(|image| *image == images[0]), "{options:?}");
    }
}

#[test]
fn identifiers_follow_the_tree_and_the_options() {
    let plan = |tree: &Tree, options: &ErofsOptions| ErofsLayout::plan(tree, options).unwrap().uuid();
    let mut changed = everything();
    changed.node_mut(Tree::ROOT).metadata.gid = 1;
    let usual = ErofsOptions::default();
    let mut found: Vec<[u8; 16]> = all().iter().map(|options| plan(&everything(), options)).collect();
    found.extend([plan(&empty(), &usual), plan(&changed, &usual)]);
    found.sort_unstable();
    found.dedup();
    assert_eq!(found.len(), 9);
    assert_eq!(plan(&empty(), &ErofsOptions { uuid: Some([9; 16]), ..usual }), [9; 16]);
}
