use std::collections::BTreeMap;

use super::census::JOURNAL_INODE;
use super::cursor::Cursor;
use super::demand::Demand;
use super::extent_tree::{self, Extent};
use super::geometry::Geometry;
use super::ground::Ground;
use super::sparse::Stretch;
use crate::ext4::format::INIT_MAX_LEN;

/// Where everything lies. First what the resize inode has of its own and the journal, then directories, links and attributes, then contents; each in the order of inodes and without
/// gaps, so that all below [`Allocation::end`] is in use.
#[derive(Debug)]
pub(crate) struct Allocation {
    pub(crate) ground: Ground,
    /// By inode number less one.
    spots: Vec<Spot>,
    extents: Vec<Extent>,
    /// The blocks of the extent tree below the inode, leaves first.
    tree_blocks: BTreeMap<u32, Vec<u64>>,
    /// By number of the block among those of attributes.
    xattr_blocks: Vec<u64>,
    /// What tells where the reserved blocks of descriptors are, under `resize_inode`.
    pub(crate) resize_block: Option<u64>,
    /// The first block after the last one that the tree has.
    pub(crate) end: u64,
}

/// The extents of one inode among all.
#[derive(Debug, Clone, Copy, Default)]
struct Spot {
    first: u32,
    count: u32,
}

impl Allocation {
    /// Gives everything its place; `end` may lie beyond what the geometry has room for.
    pub(crate) fn new(demand: &Demand<'_>, geometry: &Geometry, journal: u32) -> Self {
        let ground = Ground::new(geometry);
        let mut allocator = Allocator {
            cursor: Cursor::new(ground.taken(), geometry.form.first_block()),
            block_size: geometry.form.block_size,
            spots: vec![Spot::default(); demand.census.last_inode() as usize],
            extents: Vec::new(),
            tree_blocks: BTreeMap::new(),
        };
        let resize_block = geometry.form.has_resize_inode().then(|| allocator.cursor.take(1).start);
        allocator.place(JOURNAL_INODE, std::iter::once(Stretch { start: 0, length: journal }));
        let mut xattr_blocks = Vec::with_capacity(demand.census.sharing().block_count());
        for (inode, counted) in demand.census.inodes() {
            allocator.place(inode, std::iter::once(Stretch { start: 0, length: demand.metadata_blocks(inode, counted) }));
            if demand.census.sharing().is_first_user(inode) {
                xattr_blocks.push(allocator.cursor.take(1).start);
            }
        }
        for (inode, counted) in demand.census.inodes() {
            allocator.place(inode, demand.content(counted));
        }
        let Allocator { cursor, spots, extents, tree_blocks, .. } = allocator;
        let end = cursor.position();
        Self { ground, spots, extents, tree_blocks, xattr_blocks, resize_block, end }
    }

    /// Where the inode's own blocks are, in their order.
    pub(crate) fn extents(&self, inode: u32) -> &[Extent] {
        let Spot { first, count } = self.spots[inode as usize - 1];
        &self.extents[first as usize..(first + count) as usize]
    }

    /// The blocks of the extent tree below the inode, leaves first.
    pub(crate) fn tree_blocks(&self, inode: u32) -> &[u64] {
        self.tree_blocks.get(&inode).map_or(&[], Vec::as_slice)
    }

    /// Where the block of attributes with this number among them is.
    pub(crate) fn xattr_block(&self, index: u32) -> u64 {
        self.xattr_blocks[index as usize]
    }

    /// Blocks of an inode's data and of its extent tree.
    pub(crate) fn blocks(&self, inode: u32) -> u64 {
        let data: u64 = self.extents(inode).iter().map(|extent| u64::from(extent.length)).sum();
        data + self.tree_blocks(inode).len() as u64
    }
}

/// An [`Allocation`] that is being made.
struct Allocator<'a> {
    cursor: Cursor<'a>,
    block_size: u32,
    spots: Vec<Spot>,
    extents: Vec<Extent>,
    tree_blocks: BTreeMap<u32, Vec<u64>>,
}

impl Allocator<'_> {
    /// Places blocks of an inode, and those of the extent tree after them.
    fn place(&mut self, inode: u32, stretches: impl Iterator<Item = Stretch>) {
        let first = self.extents.len();
        for stretch in stretches {
            let (mut logical, end) = (stretch.start, stretch.start + stretch.length);
            while logical < end {
                let run = self.cursor.take((end - logical).min(INIT_MAX_LEN));
                self.extents.push(Extent { logical, length: run.length, physical: run.start });
                logical += run.length;
            }
        }
        let count = self.extents.len() - first;
        if count == 0 {
            return;
        }
        // There are no more extents than blocks, and no more blocks than 32 bits can number.
        let narrow = |value: usize| u32::try_from(value).unwrap_or(u32::MAX);
        self.spots[inode as usize - 1] = Spot { first: narrow(first), count: narrow(count) };
        let nodes: usize = extent_tree::levels(count, self.block_size).iter().sum();
        if nodes > 0 {
            self.tree_blocks.insert(inode, (0..nodes).map(|_| self.cursor.take(1).start).collect());
        }
    }
}
