use crate::ext4::format::{Extent as RawExtent, ExtentHeader};

/// Entries that fit beside the header into `i_block`.
pub(crate) const ROOT_ENTRIES: usize = 4;

/// File blocks and where they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Extent {
    /// The first of them, counted in the file.
    pub(crate) logical: u32,
    /// At most [`crate::ext4::format::INIT_MAX_LEN`].
    pub(crate) length: u32,
    /// The first of them, counted in the filesystem.
    pub(crate) physical: u64,
}

/// Entries of a block of the tree. What is left at the end holds its checksum.
pub(crate) fn block_entries(block_size: u32) -> usize {
    (block_size as usize - size_of::<ExtentHeader>()) / size_of::<RawExtent>()
}

/// How many blocks each level of the tree takes below the inode, the leaves first; nothing when the inode holds all.
pub(crate) fn levels(extents: usize, block_size: u32) -> Vec<usize> {
    let mut levels = Vec::new();
    let mut entries = extents;
    while entries > ROOT_ENTRIES {
        entries = entries.div_ceil(block_entries(block_size));
        levels.push(entries);
    }
    levels
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `EXT4_MAX_EXTENT_DEPTH`
    const MAX_DEPTH: usize = 5;

    #[test]
    fn the_tree_is_as_shallow_as_it_can_be() {
        for (extents, expected) in [
            (0, vec![]),
            (4, vec![]),
            (5, vec![1]),
            (340, vec![1]),
            (341, vec![2]),
            (4 * 340, vec![4]),
            (4 * 340 + 1, vec![5, 1]),
            (4 * 340 * 340, vec![4 * 340, 4]),
            (4 * 340 * 340 + 1, vec![4 * 340 + 1, 5, 1]),
        ] {
            assert_eq!(levels(extents, 4096), expected, "{extents} extents");
        }
        assert!(levels(1 << 32, 4096).len() <= MAX_DEPTH);
    }
}
