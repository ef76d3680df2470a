use super::{BLOCK, HASHES};

/// Bytes of the tree of hashes over so many bytes of data: whole blocks.
///
/// Of data that are one block there is nothing but the root hash, and the tree is empty.
#[must_use]
pub fn hash_area_size(data: u64, superblock: bool) -> u64 {
    let blocks: u64 = levels(data.div_ceil(BLOCK as u64)).iter().sum();
    (blocks + u64::from(superblock)) * BLOCK as u64
}

/// Blocks of each level of hashes over so many blocks of data; the first is that of the hashes of the data, the last has one block.
pub(crate) fn levels(data_blocks: u64) -> Vec<u64> {
    let mut levels = Vec::new();
    let mut below = data_blocks;
    while below > 1 {
        below = below.div_ceil(HASHES as u64);
        levels.push(below);
    }
    levels
}

/// The first block of a level, counted from the root's.
pub(crate) fn first_block(levels: &[u64], level: usize) -> u64 {
    levels[level + 1..].iter().sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_at_their_boundaries() {
        let cases: [(u64, &[u64]); 8] =
            [(0, &[]), (1, &[]), (2, &[1]), (128, &[1]), (129, &[2, 1]), (16384, &[128, 1]), (16385, &[129, 2, 1]), (64000, &[500, 4, 1])];
        for (blocks, expected) in cases {
            assert_eq!(levels(blocks), expected, "{blocks}");
        }
        assert_eq!(hash_area_size(4 << 20, false), 9 * 4096);
        assert_eq!(hash_area_size((4 << 20) + 1, true), 11 * 4096);
        assert_eq!((first_block(&[129, 2, 1], 0), first_block(&[129, 2, 1], 1), first_block(&[129, 2, 1], 2)), (3, 1, 0));
    }

    #[test]
    fn one_part_in_a_hundred_is_always_enough() {
        for mebibytes in 4..4096_u64 {
            assert!(hash_area_size(mebibytes << 20, false) * 100 <= (mebibytes << 20) || mebibytes < 5, "{mebibytes}");
        }
    }
}
