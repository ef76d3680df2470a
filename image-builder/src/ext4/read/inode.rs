use zerocopy::{FromZeros, IntoBytes};

use super::Ext4ReadError;
use super::check::{Check, Known, Value};
use super::groups::Places;
use super::problem::Ext4Flaw;
use super::volume::join;
use crate::ext4::checksum::Checksum;
use crate::ext4::format::{BG_INODE_UNINIT, EA_INODE_FL, Inode};
use crate::ext4::layout::ROOT_INODE;

/// Bytes of an inode that all revisions have.
const OLD_SIZE: usize = 128;
/// `i_flags`: `i_blocks` counts blocks, not sectors.
const HUGE_FILE_FL: u32 = 0x4_0000;
/// `i_flags` of features that [`super::feature`] doesn't know: encrypted, AFS, verity, inline data, casefold.
const UNKNOWN_FLAGS: u32 = 0x800 | 0x2000 | 0x10_0000 | 0x1000_0000 | 0x4000_0000;
/// The type in `i_mode`.
const TYPE: u16 = 0xF000;

/// An inode as it lies in its table.
#[derive(Debug)]
pub(super) struct RawInode<'a> {
    pub(super) number: u32,
    pub(super) bytes: &'a [u8],
    /// Zeros where an inode of less bytes has none.
    pub(super) fields: Inode,
}

impl<'a> RawInode<'a> {
    pub(super) fn new(number: u32, bytes: &'a [u8]) -> Self {
        let mut fields = Inode::new_zeroed();
        let known = bytes.len().min(size_of::<Inode>());
        fields.as_mut_bytes()[..known].copy_from_slice(&bytes[..known]);
        Self { number, bytes, fields }
    }

    pub(super) fn kind(&self) -> u16 {
        self.fields.i_mode.get() & TYPE
    }

    pub(super) fn size(&self) -> u64 {
        join(self.fields.i_size_lo.get(), self.fields.i_size_high.get())
    }

    pub(super) fn has(&self, flag: u32) -> bool {
        self.fields.i_flags.get() & flag != 0
    }

    /// Where the fields end.
    pub(super) fn fields_end(&self) -> usize {
        if self.bytes.len() > OLD_SIZE { OLD_SIZE + usize::from(self.fields.i_extra_isize.get()) } else { OLD_SIZE }
    }

    pub(super) fn checksum(&self, start: Checksum) -> Checksum {
        start.with(&self.number.to_le_bytes()).with(&self.fields.i_generation.get().to_le_bytes())
    }

    /// Of two halves, the upper of which only larger inodes have.
    pub(super) fn is_checksum_right(&self, start: Checksum) -> bool {
        let mut bytes = self.bytes.to_vec();
        let low = std::mem::offset_of!(Inode, i_checksum_lo);
        let high = std::mem::offset_of!(Inode, i_checksum_hi);
        bytes[low..low + 2].fill(0);
        let has_high = self.bytes.len() > OLD_SIZE && self.fields_end() >= high + 2;
        if has_high {
            bytes[high..high + 2].fill(0);
        }
        let sum = self.checksum(start).with(&bytes);
        sum.low() == self.fields.i_checksum_lo.get() && (!has_high || sum.high() == self.fields.i_checksum_hi.get())
    }
}

impl Check<'_> {
    /// All inode tables, as far as they are said to be in use.
    pub(super) fn check_inodes(&mut self) -> Result<(), Ext4ReadError> {
        let volume = self.volume;
        for group in 0..volume.groups {
            let descriptor = self.descriptor(group)?;
            let table = Places::of(&descriptor).inode_table;
            if !self.is_readable(table, volume.table_blocks()) {
                continue;
            }
            let mut used = volume.inodes_per_group;
            if volume.may_be_uninitialised() {
                let unused = join(descriptor.bg_itable_unused_lo.get().into(), 0) | u64::from(descriptor.bg_itable_unused_hi.get()) << 16;
                used = u32::try_from(u64::from(used).saturating_sub(unused)).unwrap_or(used);
                if descriptor.bg_flags.get() & BG_INODE_UNINIT != 0 {
                    used = 0;
                }
            }
            self.check_table(group, table, used)?;
        }
        Ok(())
    }

    fn check_table(&mut self, group: u32, table: u64, used: u32) -> Result<(), Ext4ReadError> {
        let volume = self.volume;
        let per_block = volume.block_size as usize / volume.inode_size;
        let mut number = group * volume.inodes_per_group;
        let end = number + used;
        let mut block = table;
        while number < end {
            let bytes = volume.block(block)?;
            for raw in bytes.chunks_exact(volume.inode_size).take(per_block) {
                number += 1;
                if number <= end {
                    self.check_inode(&RawInode::new(number, raw))?;
                }
            }
            block += 1;
        }
        Ok(())
    }

    fn check_inode(&mut self, raw: &RawInode<'_>) -> Result<(), Ext4ReadError> {
        let volume = self.volume;
        let fields = &raw.fields;
        let is_reserved = raw.number < volume.first_inode && raw.number != ROOT_INODE;
        if raw.bytes.iter().all(|byte| *byte == 0) {
            return Ok(());
        }
        let is_used = fields.i_links_count.get() > 0;
        if volume.features.checksums && !raw.is_checksum_right(volume.checksum) {
            self.blame(raw.number, Ext4Flaw::Checksum { what: "the inode" });
        }
        if !is_used && !is_reserved {
            if fields.i_dtime.get() == 0 && fields.i_mode.get() != 0 {
                self.blame_form(raw.number, "it is free and has no time when it was deleted");
            }
            return Ok(());
        }
        if fields.i_dtime.get() != 0 {
            self.blame_form(raw.number, "it is in use and has a time when it was deleted");
        }
        let unknown = fields.i_flags.get() & UNKNOWN_FLAGS;
        if unknown != 0 {
            self.blame(raw.number, Ext4Flaw::Range { what: "flags of features that the filesystem doesn't have", value: unknown.into() });
            return Ok(());
        }
        let extra = usize::from(fields.i_extra_isize.get());
        let has_room = raw.bytes.len() > OLD_SIZE;
        if has_room && (extra + OLD_SIZE > raw.bytes.len() || !extra.is_multiple_of(4)) {
            self.blame(raw.number, Ext4Flaw::Range { what: "the length of the fields", value: extra as u64 });
        }
        if fields.i_obso_faddr.get() != 0 {
            self.blame(raw.number, Ext4Flaw::Range { what: "the address of a fragment", value: fields.i_obso_faddr.get().into() });
        }
        let mut blocks = self.check_content(raw, is_reserved)?;
        blocks += self.check_attributes(raw)?;
        self.check_block_count(raw, blocks);
        let value = raw.has(EA_INODE_FL).then(|| Value {
            size: raw.size(),
            references: join(fields.i_version.get(), fields.i_ctime.get()),
            hash: fields.i_atime.get(),
        });
        let known = Known { kind: raw.kind(), links: fields.i_links_count.get(), value, ..Known::default() };
        self.inodes.insert(raw.number, known);
        Ok(())
    }

    fn check_block_count(&mut self, raw: &RawInode<'_>, blocks: u64) {
        let volume = self.volume;
        let high = if volume.features.huge_file { raw.fields.i_blocks_high.get() } else { 0 };
        let said = join(raw.fields.i_blocks_lo.get(), high.into());
        let counts_blocks = volume.features.huge_file && raw.has(HUGE_FILE_FL);
        let found = if counts_blocks { blocks } else { blocks * u64::from(volume.block_size / 512) };
        if said != found {
            self.blame(raw.number, Ext4Flaw::Count { what: "the number of blocks or sectors", said, found });
        }
    }
}
