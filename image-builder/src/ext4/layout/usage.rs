use std::ops::Range;

use super::{Allocation, Ext4Layout, Geometry};

/// What of one group is in use.
#[derive(Debug, Clone)]
pub(crate) struct GroupUsage {
    pub(crate) group: u32,
    /// All of its blocks.
    pub(crate) blocks: Range<u64>,
    /// Those in use, ascending and apart.
    pub(crate) used: Vec<Range<u64>>,
    /// Whether some of them belong to more than the group itself.
    pub(crate) is_touched: bool,
    /// How many of its inodes are in use, from the first on.
    pub(crate) used_inodes: u32,
    pub(crate) directories: u32,
}

impl GroupUsage {
    pub(crate) fn free_blocks(&self) -> u32 {
        let used: u64 = self.used.iter().map(|range| range.end - range.start).sum();
        u32::try_from(self.blocks.end - self.blocks.start - used).unwrap_or(u32::MAX)
    }
}

impl Ext4Layout {
    /// The usage of all groups, in order.
    pub(crate) fn groups(&self) -> impl Iterator<Item = GroupUsage> + '_ {
        let (geometry, allocation) = (&self.fit.geometry, &self.fit.allocation);
        let mut directories = self.census.directories();
        let mut taken = allocation.ground.taken();
        (0..geometry.groups).map(move |group| {
            let start = geometry.group_start(group);
            let blocks = start..(start + u64::from(geometry.form.blocks_per_group())).min(self.fit.blocks);
            let first_inode = group * geometry.inodes_per_group + 1;
            let (here, rest) =
                directories.split_at(directories.partition_point(|directory| directory.inode - first_inode < geometry.inodes_per_group));
            directories = rest;
            taken = &taken[taken.partition_point(|range| range.end <= blocks.start)..];
            let used = used(allocation, taken, &blocks);
            GroupUsage {
                group,
                is_touched: used != own(geometry, group),
                used,
                blocks,
                used_inodes: (self.census.last_inode() + 1).saturating_sub(first_inode).min(geometry.inodes_per_group),
                directories: u32::try_from(here.len()).unwrap_or(u32::MAX),
            }
        })
    }
}

/// Below the end all is in use, above it only what has its place anyway.
fn used(allocation: &Allocation, taken: &[Range<u64>], blocks: &Range<u64>) -> Vec<Range<u64>> {
    let mut used = Vec::new();
    let end = allocation.end.clamp(blocks.start, blocks.end);
    if end > blocks.start {
        used.push(blocks.start..end);
    }
    for range in taken.iter().take_while(|range| range.start < blocks.end) {
        let (start, stop) = (range.start.max(end), range.end.min(blocks.end));
        if start >= stop {
            continue;
        }
        match used.last_mut() {
            Some(last) if last.end == start => last.end = stop,
            _ => used.push(start..stop),
        }
    }
    used
}

fn own(geometry: &Geometry, group: u32) -> Vec<Range<u64>> {
    geometry.superblock(group).into_iter().collect()
}
