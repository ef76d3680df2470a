//! How large the filesystem gets.

use super::allocation::Allocation;
use super::cursor::Cursor;
use super::demand::Demand;
use super::geometry::{Geometry, capacity, groups_of, most_blocks, reserved_descriptor_blocks};
use super::journal;
use crate::ext4::Ext4Error;
use crate::ext4::form::Form;
use crate::ext4::options::{Ext4Options, Journal, Size};

/// Bytes for which there is an inode, where the size is not the smallest.
const INODE_RATIO: u64 = 16_384;

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
        match options.size {
            Size::Minimal => smallest(demand, options.journal, Spare { blocks: 0, inodes: 0 }),
            Size::Free(bytes) => {
                let blocks = bytes.div_ceil(demand.form.block_size.into());
                smallest(demand, options.journal, Spare { blocks, inodes: bytes.div_ceil(INODE_RATIO) })
            }
            Size::Fixed(bytes) => fixed(demand, options.journal, bytes),
        }
    }

    fn try_new(demand: &Demand<'_>, geometry: Option<Geometry>, journal: u32) -> Option<Self> {
        let geometry = geometry?;
        let allocation = Allocation::new(demand, &geometry, journal);
        let last_group = geometry.group_start(geometry.groups - 1);
        // The last group has a block at least, else it would be none.
        let blocks = allocation.end.max(allocation.ground.end()).max(last_group + 1);
        Some(Self { geometry, allocation, blocks, journal })
    }

    /// With so many groups, and as many reserved blocks of descriptors as its own size asks for. `blocks` are fewer than it will have.
    fn settle(demand: &Demand<'_>, groups: u32, spare: Spare, journal: u32, blocks: u64) -> Option<Self> {
        let inodes = u64::from(demand.census.last_inode()) + spare.inodes;
        let mut reserved = reserved_descriptor_blocks(demand.form, blocks.max(capacity(demand.form, u64::from(groups) - 1) + 1));
        loop {
            let fit = Self::try_new(demand, Geometry::new(demand.form, groups, inodes, reserved), journal)?.with_spare(spare.blocks);
            let wanted = reserved_descriptor_blocks(demand.form, fit.blocks);
            // What is reserved makes the filesystem larger, which reserves more: by a thousandth each time.
            if !fit.fits() || wanted <= reserved {
                return Some(fit);
            }
            reserved = wanted;
        }
    }

    /// With at least so many blocks free after everything.
    fn with_spare(self, blocks: u64) -> Self {
        let mut cursor = Cursor::new(self.allocation.ground.taken(), self.allocation.end);
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
    let form = demand.form;
    let limit = most_blocks(form);
    let too_large = || Ext4Error::TooLarge { limit: limit * u64::from(form.block_size) };
    let data = demand.blocks()?.saturating_add(spare.blocks);
    let inodes = u64::from(demand.census.last_inode()) + spare.inodes;
    for (journal, below) in journal::choices(form, journal)? {
        let least = data.saturating_add(journal.into());
        if least >= below {
            continue;
        }
        let mut groups = least_groups(form, least, inodes).ok_or_else(too_large)?;
        let fit = loop {
            match Fit::settle(demand, groups, spare, journal, least) {
                Some(fit) if fit.fits() => break fit,
                // Superblocks and what goes around them took more than could be told before.
                _ => groups += 1,
            }
            if u64::from(groups) > groups_of(form, limit) {
                return Err(too_large());
            }
        };
        if fit.blocks > limit {
            return Err(too_large());
        }
        if fit.blocks < below {
            return Ok(fit);
        }
    }
    Err(too_large())
}

/// The number of groups below which there is certainly no room.
fn least_groups(form: Form, data: u64, inodes: u64) -> Option<u32> {
    let per_group = u64::from(form.blocks_per_group());
    let mut groups = data.div_ceil(per_group).max(inodes.div_ceil(per_group)).max(1);
    loop {
        let geometry = Geometry::new(form, u32::try_from(groups).ok()?, 1, 0)?;
        if groups > groups_of(form, most_blocks(form)) {
            return None;
        }
        // Each group has two bitmaps at least; 256 bytes are an inode.
        let tables = (inodes * 256).div_ceil(form.block_size.into());
        let least = form.first_block() + data + 2 * groups + tables + 1 + u64::from(geometry.descriptor_blocks());
        if least <= geometry.capacity() {
            return Some(geometry.groups);
        }
        groups += 1;
    }
}

/// A filesystem of a given size. It has inodes and a journal as its size suggests, less of both if the tree would not fit otherwise. What is too
/// little for a group at the end stays unused.
fn fixed(demand: &Demand<'_>, journal: Journal, size: u64) -> Result<Fit, Ext4Error> {
    let form = demand.form;
    let block_size = u64::from(form.block_size);
    let all = (size / block_size).min(most_blocks(form));
    let smallest = smallest(demand, journal, Spare { blocks: 0, inodes: 0 })?;
    if smallest.blocks > all {
        return Err(Ext4Error::TooSmall { size, needed: smallest.blocks * block_size });
    }
    let needed = u64::from(demand.census.last_inode());
    let choices = journal::choices(form, journal)?;
    for blocks in [all, capacity(form, groups_of(form, all) - 1)] {
        let Ok(groups @ 1..) = u32::try_from(groups_of(form, blocks)) else { continue };
        let usual = needed.max(blocks * block_size / INODE_RATIO);
        let reserved = reserved_descriptor_blocks(form, blocks);
        let suggested = choices.iter().position(|(_, below)| blocks < *below).unwrap_or(choices.len() - 1);
        for (journal, _) in choices[..=suggested].iter().rev() {
            for inodes in [usual, needed] {
                let geometry = Geometry::new(form, groups, inodes, reserved);
                if let Some(fit) = Fit::try_new(demand, geometry, *journal).filter(|fit| fit.blocks <= blocks) {
                    return Ok(fit.extended(blocks));
                }
            }
        }
    }
    Ok(smallest.extended(all))
}
