//! Random trees through the writer and back through the kernel.

use proptest::prelude::*;
use rootfs_image::SquashfsOptions;
use rootfs_tree::Tree;

use super::judge::{COMPRESSIONS, assert_kernel_sees, write};
use crate::random::{cases, crowd, grow, metadata, sprout};

fn options() -> impl Strategy<Value = SquashfsOptions> {
    let fragments = (any::<bool>(), any::<bool>(), any::<bool>());
    let compression = prop::sample::select(&COMPRESSIONS[..]);
    (compression, 12..=20_u32, fragments).prop_map(|(compression, power, (fragments, tail_fragments, export))| {
        // A dictionary of 12 KiB is no smaller block's.
        let block_size = (1 << power).max(16 << 10 >> (u32::from(compression != COMPRESSIONS[3]) * 2));
        SquashfsOptions { compression, block_size, fragments, tail_fragments, export, ..SquashfsOptions::default() }
    })
}

/// The tree with times that squashfs has.
fn in_range(mut tree: Tree) -> Tree {
    for entry in tree.clone().walk() {
        let mtime = &mut tree.node_mut(entry.id).metadata.mtime;
        mtime.seconds = mtime.seconds.rem_euclid(1 << 32);
    }
    tree
}

proptest! {
    #![proptest_config(ProptestConfig { cases: cases(), max_shrink_iters: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_tree_comes_back(
        root in metadata(),
        sprouts in prop::collection::vec(sprout(), 0..120),
        crowd in crowd(),
        options in options(),
    ) {
        let tree = in_range(grow(root, sprouts, crowd));
        assert_kernel_sees(&write(&tree, &options), &tree);
    }
}
