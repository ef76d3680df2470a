//! How large the filesystem gets.

use super::allocation::Allocation;
use super::cursor::Cursor;
use super::demand::Demand;
use super::geometry::{BLOCK_SIZE, Geometry};
use super::journal;
use crate::ext4::Ext4Error;
use crate::ext4::options::{Ext4Options, Journal, Size};

/// Bytes for which there is an inode, where the size is not the smallest.
const INODE_RATIO: u64 = 16_384;
/// Blocks that numbers of 32 bits can tell apart.
const MOST_BLOCKS: u64 = 0xFFFF_FFFF;

/// A filesystem of a size with everything in its place.
#[derive(Debug)]
pub(crate) struct Fit {
    pub(crate) geometry: Geometry,
    pub(crate) allocation: Allocation,
    /// All of the filesystem.
    pub(crate) blocks: u64,
    /// 0 without a journal.
    pub(crate) journal: u32,
}

/// What there has to be beside the tree.
#[derive(Debug, Clone, Copy)]
struct Spare {
    blocks: u64,
    inodes: u64,
}

impl Fit {
    /// Finds the size that the options ask for.
    pub(crate) fn find(demand: &Demand<'_>, options: &Ext4Options) -> Result<Self, Ext4Error> {
        let block_size = u64::from(BLOCK_SIZE);
        match options.size {
            Size::Minimal => smallest(demand, options.journal, Spare { blocks: 0, inodes: 0 }),
            Size::Free(bytes) => {
                let spare = Spare { blocks: bytes.div_ceil(block_size), inodes: bytes.div_ceil(INODE_RATIO) };
                smallest(demand, options.journal, spare)
            }
            Size::Fixed(bytes) => fixed(demand, options.journal, bytes),
        }
    }

    fn try_new(demand: &Demand<'_>, groups: u32, inodes: u64, journal: u32) -> Option<Self> {
        let geometry = Geometry::new(groups, inodes)?;
        let allocation = Allocation::new(demand, &geometry, journal);
        let last_group = geometry.capacity() - u64::from(geometry.blocks_per_group());
        // The last group has a block at least, else it would be none.
        let blocks = allocation.end.max(allocation.ground.end()).max(last_group + 1);
        Some(Self { geometry, allocation, blocks, journal })
    }

    /// With at least so many blocks free after everything.
    fn with_spare(self, blocks: u64) -> Self {
        let mut cursor = Cursor::new(self.allocation.ground.taken());
        cursor.go_to(self.allocation.end);
        cursor.skip(blocks);
        let blocks = self.blocks.max(cursor.position());
        Self { blocks, ..self }
    }

    fn fits(&self) -> bool {
        self.blocks <= self.geometry.capacity()
    }

    /// With so many blocks, as far as the groups reach.
    fn extended(self, blocks: u64) -> Self {
        let blocks = blocks.min(self.geometry.capacity());
        Self { blocks, ..self }
    }
}

/// The smallest filesystem that holds the tree and what is to be spare.
fn smallest(demand: &Demand<'_>, journal: Journal, spare: Spare) -> Result<Fit, Ext4Error> {
    let too_large = || Ext4Error::TooLarge { limit: MOST_BLOCKS * u64::from(BLOCK_SIZE) };
    let data = demand.blocks()?.saturating_add(spare.blocks);
    let inodes = u64::from(demand.census.last_inode()) + spare.inodes;
    for (journal, below) in journal::choices(journal)? {
        let mut groups = least_groups(data + u64::from(journal), inodes).ok_or_else(too_large)?;
        let fit = loop {
            let fit = Fit::try_new(demand, groups, inodes, journal).map(|fit| fit.with_spare(spare.blocks));
            match fit {
                Some(fit) if fit.fits() => break fit,
                // Superblocks and what goes around them took more than could be told before.
                _ => groups += 1,
            }
            if u64::from(groups) * 8 * u64::from(BLOCK_SIZE) > MOST_BLOCKS + 1 {
                return Err(too_large());
            }
        };
        if fit.blocks > MOST_BLOCKS {
            return Err(too_large());
        }
        if fit.blocks < below {
            return Ok(fit);
        }
    }
    Err(too_large())
}

/// The number of groups below which there is certainly no room.
fn least_groups(data: u64, inodes: u64) -> Option<u32> {
    let per_group = 8 * u64::from(BLOCK_SIZE);
    let mut groups = data.div_ceil(per_group).max(inodes.div_ceil(per_group)).max(1);
    loop {
        let geometry = Geometry { inodes_per_group: 16, block_size: BLOCK_SIZE, descriptor_size: 32, groups: u32::try_from(groups).ok()? };
        if geometry.capacity() > MOST_BLOCKS + per_group {
            return None;
        }
        // Each group has two bitmaps at least; tables hold 16 inodes a block.
        let least = data + 2 * groups + inodes.div_ceil(16) + 1 + u64::from(geometry.descriptor_blocks());
        if least <= geometry.capacity() {
            return Some(geometry.groups);
        }
        groups += 1;
    }
}

/// A filesystem of a given size. It has inodes and a journal as its size suggests, less of both if the tree would not fit otherwise.
fn fixed(demand: &Demand<'_>, journal: Journal, size: u64) -> Result<Fit, Ext4Error> {
    let block_size = u64::from(BLOCK_SIZE);
    let blocks = (size / block_size).min(MOST_BLOCKS);
    let smallest = smallest(demand, journal, Spare { blocks: 0, inodes: 0 })?;
    if smallest.blocks > blocks {
        return Err(Ext4Error::TooSmall { size, needed: smallest.blocks * block_size });
    }
    let needed = u64::from(demand.census.last_inode());
    let groups = u32::try_from(blocks.div_ceil(8 * block_size)).unwrap_or(u32::MAX);
    let usual = needed.max(blocks * block_size / INODE_RATIO);
    let mut choices = journal::choices(journal)?;
    let suggested = choices.iter().position(|(_, below)| blocks < *below).unwrap_or(choices.len() - 1);
    choices.truncate(suggested + 1);
    for (journal, _) in choices.into_iter().rev() {
        for inodes in [usual, needed] {
            if let Some(fit) = Fit::try_new(demand, groups, inodes, journal).filter(|fit| fit.blocks <= blocks) {
                return Ok(fit.extended(blocks));
            }
        }
    }
    Ok(smallest.extended(blocks))
}
