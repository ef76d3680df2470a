//! Random trees through the writer and back through the kernel.

use proptest::prelude::*;
use rootfs_image::{ErofsCompression, ErofsOptions};

use super::judge::{COMPRESSIONS, assert_kernel_sees, write};
use crate::random::{cases, crowd, grow, metadata, sprout};

fn options() -> impl Strategy<Value = ErofsOptions> {
    (prop::sample::select(&COMPRESSIONS[..]), 12..=16_u32, any::<[bool; 2]>()).prop_map(|(compression, power, [inline_data, is_cut])| {
        let chunk_size = Some(1 << power).filter(|_| is_cut && compression == ErofsCompression::None);
        ErofsOptions { compression, cluster_size: 1 << power, chunk_size, inline_data, ..ErofsOptions::default() }
    })
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
        let tree = grow(root, sprouts, crowd);
        assert_kernel_sees(&write(&tree, &options), &tree);
    }
}
