//! The same bytes every time, and which.

use rootfs_image::{ErofsCompression, ErofsLayout, ErofsOptions};
use rootfs_tree::{Kind, Tree};

use super::judge::{with, write};
use super::read::full;
use crate::forest::{add, empty, everything};
use crate::snapshot::digest;
use crate::squashfs::judge::noise;

fn all() -> [ErofsOptions; 6] {
    let large = ErofsOptions { cluster_size: 64 << 10, ..with(ErofsCompression::zstd()) };
    let mapped = ErofsOptions { inline_data: false, label: b"root".to_vec(), ..with(ErofsCompression::None) };
    [
        with(ErofsCompression::None),
        mapped,
        with(ErofsCompression::Lz4),
        with(ErofsCompression::lz4hc()),
        with(ErofsCompression::zstd()),
        large,
    ]
}

/// The digests change with the layout, and with the version of a library that compresses: other bytes for the same content are no fault of it, but
/// whoever updates one has to know that images are not the same any more. Those of nothing compressed are of the layout alone.
#[test]
fn pinned_digests() {
    let expected = [""; 6];
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
    assert_eq!(found.len(), 8);
    assert_eq!(plan(&empty(), &ErofsOptions { uuid: Some([9; 16]), ..usual }), [9; 16]);
}
