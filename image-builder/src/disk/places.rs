use super::error::DiskError;
use super::options::{DiskOptions, RootFilesystem, Table};
use crate::dax;
use crate::ext4::{Ext4Options, Size};
use crate::gpt;
use crate::mbr::{MOST, SECTOR};
use crate::verity::{BLOCK, hash_area_size};

/// Where partitions begin: what disks, their caches and boot loaders all agree with.
const UNIT: u64 = 1 << 20;

/// A stretch of a disk, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Stretch {
    pub(super) start: u64,
    pub(super) length: u64,
}

impl Stretch {
    pub(super) fn end(self) -> u64 {
        self.start + self.length
    }
}

/// Where everything is but what follows from the root filesystem's size. Offsets count from the start of the disk as its partition table tells
/// it: behind the DAX header, if there is one.
#[derive(Debug, Clone)]
pub(super) struct Frame {
    table: Table,
    /// Bytes in front of the disk.
    pub(super) header: u64,
    /// Of the hashes, and whether with a superblock.
    verity: Option<bool>,
    /// What a size that follows from the contents is a multiple of.
    align: u64,
    /// What one that is asked for has to be a multiple of.
    multiple: u64,
    /// The size of header and disk, if it was asked for.
    fixed: Option<u64>,
    pub(super) bios: Option<Stretch>,
    pub(super) esp: Option<Stretch>,
    /// Where the root filesystem begins.
    pub(super) root: u64,
}

/// Where everything is.
#[derive(Debug, Clone)]
pub(super) struct Places {
    pub(super) root: Stretch,
    pub(super) verity: Option<Stretch>,
    /// Bytes of header and disk.
    pub(super) size: u64,
}

impl Frame {
    /// For a core image and an ESP of so many bytes.
    pub(super) fn new(options: &DiskOptions, core: Option<u64>, esp: Option<u64>) -> Result<Self, DiskError> {
        let (own, because) = match options.table {
            _ if options.dax => (dax::HEADER, "a DAX header"),
            Table::None => (BLOCK as u64, "an alignment"),
            _ => (UNIT, "an alignment"),
        };
        if let Some(size) = options.align.filter(|align| *align == 0 || align % own != 0) {
            return Err(DiskError::Unaligned { size, multiple: own, because });
        }
        let fixed = match &options.root {
            RootFilesystem::Ext4(Ext4Options { size: Size::Fixed(size), .. }) => Some(*size),
            _ => None,
        };
        let multiple = match options.align {
            Some(align) => align,
            None if options.dax => own,
            None if options.table == Table::Gpt => SECTOR,
            None => 1,
        };
        let because = if options.align.is_none() && options.table == Table::Gpt { "a GPT" } else { because };
        if let Some(size) = fixed.filter(|size| size % multiple != 0) {
            return Err(DiskError::Unaligned { size, multiple, because });
        }
        let bare = options.table == Table::None;
        let mut next = if bare { 0 } else { UNIT };
        let mut take = |length: u64| {
            let stretch = Stretch { start: next, length };
            next = stretch.end().next_multiple_of(UNIT);
            stretch
        };
        let bios = match (core, options.table) {
            (Some(length), Table::Gpt) => Some(take(length.next_multiple_of(UNIT))),
            (Some(length), _) if length > UNIT - SECTOR => {
                return Err(DiskError::CoreImageTooLarge { length, limit: UNIT - SECTOR });
            }
            (Some(length), _) => Some(Stretch { start: SECTOR, length }),
            (None, _) => None,
        };
        Ok(Self {
            table: options.table,
            header: if options.dax { dax::HEADER } else { 0 },
            verity: options.verity.as_ref().map(|verity| verity.superblock),
            align: options.align.unwrap_or(if bare { 1 } else { own }),
            multiple,
            fixed,
            bios,
            esp: esp.map(|length| take(if options.table == Table::Gpt { length.next_multiple_of(UNIT) } else { length })),
            root: next,
        })
    }

    /// Where everything is around a root filesystem of so many bytes.
    pub(super) fn places(&self, length: u64) -> Result<Places, DiskError> {
        let (root, verity) = self.behind(length);
        let size = self.fixed.unwrap_or_else(|| self.least(length).next_multiple_of(self.align));
        if self.table == Table::Mbr && size > MOST {
            return Err(DiskError::TooLarge { size, limit: MOST });
        }
        Ok(Places { root, verity, size })
    }

    /// The most bytes that a root filesystem can have on a disk of so many.
    pub(super) fn capacity(&self, size: u64) -> u64 {
        if self.verity.is_none() && self.table != Table::Gpt {
            return size.saturating_sub(self.least(0));
        }
        // The larger it is, the larger is what lies behind it.
        let (mut fits, mut too_many) = (0, size / BLOCK as u64 + 1);
        while too_many - fits > 1 {
            let middle = fits + (too_many - fits) / 2;
            if self.least(middle * BLOCK as u64) <= size { fits = middle } else { too_many = middle }
        }
        fits * BLOCK as u64
    }

    /// The size of a disk, if sizes are asked for, whose root filesystem needs so many bytes.
    pub(super) fn needed(&self, length: u64) -> u64 {
        self.least(length).next_multiple_of(self.multiple)
    }

    /// Header and disk without anything at the end that need not be.
    fn least(&self, length: u64) -> u64 {
        let (root, verity) = self.behind(length);
        let tail = if self.table == Table::Gpt { gpt::TAIL } else { 0 };
        self.header + verity.unwrap_or(root).end() + tail
    }

    /// The root filesystem's partition, and that of its hashes.
    fn behind(&self, length: u64) -> (Stretch, Option<Stretch>) {
        // Partitions of a GPT end where another could begin: some tools complain about others.
        let unit = if self.table == Table::Gpt { UNIT } else { BLOCK as u64 };
        let length = if self.table == Table::Gpt || self.verity.is_some() { length.next_multiple_of(unit) } else { length };
        let root = Stretch { start: self.root, length };
        let verity = self.verity.map(|superblock| {
            let hashes = hash_area_size(length, superblock).max(BLOCK as u64);
            Stretch { start: root.end().next_multiple_of(UNIT), length: hashes.next_multiple_of(unit) }
        });
        (root, verity)
    }
}
