use std::ops::Range;

use zerocopy::{FromBytes, FromZeros, IntoBytes};

use super::feature::{self, Features};
use super::{Ext4Image, Ext4ReadError};
use crate::ext4::checksum::Checksum;
use crate::ext4::format::{GroupDesc, Superblock};

/// Sizes of blocks are 1024 shifted by at most this.
pub(crate) const LOG_BLOCK_SIZE_LIMIT: u32 = 6;
/// Least blocks of a group, as e2fsprogs has it.
const BLOCKS_PER_GROUP_LEAST: u32 = 256;

/// A filesystem whose sizes fit each other and the image.
#[derive(Debug)]
pub(super) struct Volume<'a> {
    image: &'a Ext4Image<'a>,
    pub(super) features: Features,
    pub(super) block_size: u32,
    pub(super) blocks: u64,
    /// `s_first_data_block`
    pub(super) first_block: u64,
    pub(super) groups: u32,
    pub(super) blocks_per_group: u32,
    pub(super) inodes_per_group: u32,
    pub(super) inode_size: usize,
    pub(super) first_inode: u32,
    descriptor_size: usize,
    /// `s_reserved_gdt_blocks`
    pub(super) reserved_descriptor_blocks: u32,
    /// What all checksums but the superblock's begin with.
    pub(super) checksum: Checksum,
    /// What checksums of the values of attributes begin with, which there are always.
    pub(super) value_checksum: Checksum,
}

impl<'a> Volume<'a> {
    /// To verify all of it.
    pub(super) fn new(image: &'a Ext4Image<'a>) -> Result<Self, Ext4ReadError> {
        let unsupported = feature::unsupported(&image.superblock);
        if unsupported.is_empty() { Self::measured(image) } else { Err(Ext4ReadError::Unsupported { features: unsupported.join(", ") }) }
    }

    /// To read files from it, which some features make no harder.
    pub(super) fn to_read(image: &'a Ext4Image<'a>) -> Result<Self, Ext4ReadError> {
        let unreadable = feature::unreadable(&image.superblock);
        if unreadable.is_empty() { Self::measured(image) } else { Err(Ext4ReadError::Unreadable { features: unreadable.join(", ") }) }
    }

    fn measured(image: &'a Ext4Image<'a>) -> Result<Self, Ext4ReadError> {
        let superblock = &image.superblock;
        let facts = image.inspect();
        let features = Features::of(superblock);
        let block_size = facts.block_size;
        let require = |what: &'static str, value: u64, holds: bool| {
            if holds { Ok(value) } else { Err(Ext4ReadError::Geometry { what, value }) }
        };
        let revision = superblock.s_rev_level.get();
        require("the revision", revision.into(), revision == 1)?;
        let first_block = u64::from(superblock.s_first_data_block.get());
        require("the first block", first_block, first_block == u64::from(block_size == 1024))?;
        let (blocks, most) = (facts.blocks, 8 * block_size);
        require("the number of blocks", blocks, blocks > first_block && blocks < 1 << 48)?;
        let per_group = superblock.s_blocks_per_group.get();
        let fits = per_group.is_multiple_of(8) && (BLOCKS_PER_GROUP_LEAST..=most).contains(&per_group);
        require("blocks of a group", per_group.into(), fits)?;
        let clusters = superblock.s_clusters_per_group.get();
        require("clusters of a group", clusters.into(), clusters == per_group)?;
        let groups = (blocks - first_block).div_ceil(per_group.into());
        let groups = u32::try_from(groups).map_err(|_beyond| Ext4ReadError::Geometry { what: "the number of blocks", value: blocks })?;
        let inode_size = usize::from(facts.inode_size);
        let fits = inode_size.is_power_of_two() && inode_size >= 128 && inode_size <= block_size as usize;
        require("bytes of an inode", inode_size as u64, fits)?;
        let inodes_per_group = superblock.s_inodes_per_group.get();
        let per_block = block_size / u32::from(facts.inode_size);
        let fits = inodes_per_group > 0 && inodes_per_group <= most && inodes_per_group.is_multiple_of(8);
        require("inodes of a group", inodes_per_group.into(), fits && inodes_per_group.is_multiple_of(per_block))?;
        let inodes = facts.inodes;
        require("the number of inodes", inodes.into(), inodes_per_group.checked_mul(groups) == Some(inodes))?;
        let descriptor_size = if features.bit64 { superblock.s_desc_size.get() } else { 32 };
        let fits = !features.bit64 || descriptor_size >= 64 && descriptor_size.is_power_of_two() && descriptor_size <= 1024;
        require("bytes of a descriptor", descriptor_size.into(), fits)?;
        let first_inode = superblock.s_first_ino.get();
        require("the first inode", first_inode.into(), (11..=inodes).contains(&first_inode))?;
        let reserved = u32::from(superblock.s_reserved_gdt_blocks.get());
        let reserved_fits = reserved <= block_size / 4 && (reserved == 0 || features.resize_inode);
        require("blocks reserved for descriptors", reserved.into(), reserved_fits)?;
        let size = blocks.saturating_mul(block_size.into());
        if size > image.source.length() {
            return Err(Ext4ReadError::Cut { length: image.source.length(), size });
        }
        let of_uuid = Checksum::new().with(&superblock.s_uuid);
        let value_checksum = if features.checksum_seed { Checksum::from_value(superblock.s_checksum_seed.get()) } else { of_uuid };
        let checksum = if features.checksums { value_checksum } else { Checksum::none() };
        let volume = Self {
            image,
            features,
            block_size,
            blocks,
            first_block,
            groups,
            blocks_per_group: per_group,
            inodes_per_group,
            inode_size,
            first_inode,
            descriptor_size: usize::from(descriptor_size),
            reserved_descriptor_blocks: reserved,
            checksum,
            value_checksum,
        };
        let own = u64::from(volume.descriptor_blocks()) + u64::from(reserved) + 1;
        require("blocks of descriptors", own, own < per_group.into() && own < blocks - first_block)?;
        Ok(volume)
    }

    pub(super) fn superblock(&self) -> &'a Superblock {
        &self.image.superblock
    }

    /// The blocks of one group; the last may have fewer.
    pub(super) fn group(&self, group: u32) -> Range<u64> {
        let start = self.first_block + u64::from(group) * u64::from(self.blocks_per_group);
        start..(start + u64::from(self.blocks_per_group)).min(self.blocks)
    }

    /// Blocks of one group's inode table.
    pub(super) fn table_blocks(&self) -> u64 {
        (u64::from(self.inodes_per_group) * self.inode_size as u64).div_ceil(self.block_size.into())
    }

    /// Blocks of the descriptors of all groups.
    pub(super) fn descriptor_blocks(&self) -> u32 {
        let per_block = self.block_size as usize / self.descriptor_size;
        self.groups.div_ceil(u32::try_from(per_block).unwrap_or(1).max(1))
    }

    /// Whether the group keeps a superblock and descriptors.
    pub(super) fn has_superblock(&self, group: u32) -> bool {
        !self.features.sparse_super || crate::ext4::layout::has_superblock(group)
    }

    /// Whether a block is one that anything can be in.
    pub(super) fn has_block(&self, block: u64) -> bool {
        block > self.first_block && block < self.blocks || block == self.first_block && self.first_block == 1
    }

    /// # Errors
    /// When it can't be read.
    pub(super) fn block(&self, block: u64) -> Result<Vec<u8>, Ext4ReadError> {
        let mut bytes = vec![0; self.block_size as usize];
        self.read(block, &mut bytes)?;
        Ok(bytes)
    }

    /// Reads from a block on.
    pub(super) fn read(&self, block: u64, buffer: &mut [u8]) -> Result<(), Ext4ReadError> {
        Ok(self.image.source.read_exact_at(block * u64::from(self.block_size), buffer)?)
    }

    /// The descriptor of a group as the copy of all descriptors has it that begins with this block, and whether its checksum is right.
    pub(super) fn descriptor(&self, table: u64, group: u32) -> Result<(GroupDesc, bool), Ext4ReadError> {
        let mut bytes = vec![0; self.descriptor_size];
        let offset = table * u64::from(self.block_size) + u64::from(group) * self.descriptor_size as u64;
        self.image.source.read_exact_at(offset, &mut bytes)?;
        let mut descriptor = GroupDesc::new_zeroed();
        let known = bytes.len().min(size_of::<GroupDesc>());
        descriptor.as_mut_bytes()[..known].copy_from_slice(&bytes[..known]);
        let at = std::mem::offset_of!(GroupDesc, bg_checksum);
        let said = descriptor.bg_checksum.get();
        let (before, rest) = bytes.split_at_mut(at);
        let (field, after) = rest.split_at_mut(2);
        let is_right = if self.features.checksums {
            field.fill(0);
            said == self.checksum.with(&group.to_le_bytes()).with(&bytes).low()
        } else if self.features.group_checksums {
            let sum = crc16(crc16(!0, &self.superblock().s_uuid), &group.to_le_bytes());
            let sum = crc16(sum, before);
            said == if self.features.bit64 { crc16(sum, after) } else { sum }
        } else {
            true
        };
        Ok((descriptor, is_right))
    }

    /// The superblock that the group keeps.
    pub(super) fn backup(&self, group: u32) -> Result<Superblock, Ext4ReadError> {
        let block = self.block(self.group(group).start)?;
        let (superblock, _) = Superblock::read_from_prefix(&block).map_err(|_short| Ext4ReadError::NotExt4)?;
        Ok(superblock)
    }

    /// Whether bitmaps and tables may be unwritten as far as they are free.
    pub(super) fn may_be_uninitialised(&self) -> bool {
        self.features.checksums || self.features.group_checksums
    }
}

/// Two halves of a number.
pub(super) fn join(low: u32, high: u32) -> u64 {
    u64::from(high) << 32 | u64::from(low)
}

pub(super) fn is_checksum_right(superblock: &Superblock) -> bool {
    let bytes = superblock.as_bytes();
    Checksum::new().with(&bytes[..bytes.len() - 4]).value() == superblock.s_checksum.get()
}

/// That of `lib/crc16.c`, which `uninit_bg` has for descriptors.
fn crc16(start: u16, bytes: &[u8]) -> u16 {
    bytes
        .iter()
        .fold(start, |sum, byte| (0..8).fold(sum ^ u16::from(*byte), |sum, _| if sum & 1 == 1 { sum >> 1 ^ 0xA001 } else { sum >> 1 }))
}
