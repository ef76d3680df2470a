use std::ops::Range;

use super::geometry::{GROUPS_PER_FLEX, Geometry};

/// What has its place before anything of the tree has: superblocks, descriptors and the room for more of them, bitmaps and inode tables.
#[derive(Debug, Clone)]
pub(crate) struct Ground {
    /// By group.
    pub(crate) places: Vec<GroupPlace>,
    /// All of it in ascending order; what touches is one.
    taken: Vec<Range<u64>>,
}

/// Where a group's own blocks are; under `flex_bg` mostly in another group.
#[derive(Debug, Clone, Copy)]
pub(crate) struct GroupPlace {
    pub(crate) block_bitmap: u64,
    pub(crate) inode_bitmap: u64,
    pub(crate) inode_table: u64,
}

impl Ground {
    /// Bitmaps and tables of 16 groups begin the first of them, after its superblock, and go around the superblocks of the others.
    pub(crate) fn new(geometry: &Geometry) -> Self {
        let superblocks: Vec<Range<u64>> = (0..geometry.groups).filter_map(|group| geometry.superblock(group)).collect();
        let mut ground = Self { places: Vec::new(), taken: Vec::new() };
        let mut tables = Vec::new();
        for first in (0..geometry.groups).step_by(GROUPS_PER_FLEX as usize) {
            let groups = GROUPS_PER_FLEX.min(geometry.groups - first);
            let mut next = geometry.group_start(first);
            let mut take = |blocks: u32| {
                let range = fit(&superblocks, next, blocks.into());
                next = range.end;
                tables.push(range.clone());
                range.start
            };
            let block_bitmaps: Vec<u64> = (0..groups).map(|_| take(1)).collect();
            let inode_bitmaps: Vec<u64> = (0..groups).map(|_| take(1)).collect();
            let inode_tables: Vec<u64> = (0..groups).map(|_| take(geometry.table_blocks())).collect();
            let places = block_bitmaps.into_iter().zip(inode_bitmaps).zip(inode_tables);
            ground.places.extend(places.map(|((block_bitmap, inode_bitmap), inode_table)| GroupPlace {
                block_bitmap,
                inode_bitmap,
                inode_table,
            }));
        }
        tables.extend(superblocks);
        tables.sort_unstable_by_key(|range| range.start);
        for range in tables {
            match ground.taken.last_mut() {
                Some(last) if last.end == range.start => last.end = range.end,
                _ => ground.taken.push(range),
            }
        }
        ground
    }

    /// All of it in ascending order; what touches is one.
    pub(crate) fn taken(&self) -> &[Range<u64>] {
        &self.taken
    }

    /// The block after the last of it.
    pub(crate) fn end(&self) -> u64 {
        self.taken.last().map_or(0, |range| range.end)
    }
}

/// The first stretch of so many blocks from `start` on that is clear of `obstacles`.
fn fit(obstacles: &[Range<u64>], start: u64, blocks: u64) -> Range<u64> {
    let mut range = start..start + blocks;
    let first = obstacles.partition_point(|obstacle| obstacle.end <= start);
    for obstacle in &obstacles[first..] {
        if obstacle.start >= range.end {
            break;
        }
        range = obstacle.end..obstacle.end + blocks;
    }
    range
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ext4::form::Form;
    use crate::ext4::options::{BlockSize, Profile};

    #[test]
    fn nothing_lies_on_anything_else() {
        for (block_size, reserved) in [(BlockSize::K4, 0), (BlockSize::K4, 1024), (BlockSize::K2, 512), (BlockSize::K1, 256)] {
            let form = Form::of(Profile::Default, block_size);
            let most = u64::from(form.blocks_per_group());
            for (groups, inodes) in [(1, 16), (2, 8000), (16, 16 * most), (17, 17 * most), (40, 300_000), (200, 200 * most)] {
                let geometry = Geometry::new(form, groups, inodes, reserved).unwrap();
                let ground = Ground::new(&geometry);
                let total: u64 = ground.taken().iter().map(|range| range.end - range.start).sum();
                let superblocks: u64 =
                    (0..groups).filter_map(|group| geometry.superblock(group)).map(|range| range.end - range.start).sum();
                assert_eq!(total, superblocks + u64::from(groups) * (2 + u64::from(geometry.table_blocks())), "{groups} groups");
                assert!(ground.taken().windows(2).all(|pair| pair[0].end < pair[1].start), "{groups} groups");
            }
        }
    }
}
