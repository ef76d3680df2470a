use std::io::Cursor;

use mbrman::{BOOT_ACTIVE, BOOT_INACTIVE, CHS, MBRHeader, MBRPartitionEntry};

/// Bytes of a sector, and of the whole record.
pub(crate) const SECTOR: u64 = 512;
/// Bytes of a boot loader's code at the start of the record.
pub(crate) const BOOT_CODE: usize = 440;
/// The most bytes that the table's 32 bits can tell apart.
pub(crate) const MOST: u64 = SECTOR * 0xFFFF_FFFF;
/// A partition of any Linux filesystem, or of its hashes.
pub(crate) const LINUX: u8 = 0x83;
/// The EFI system partition.
pub(crate) const ESP: u8 = 0xEF;
/// Cylinder, head and sector of what lies beyond their reach, as every tool writes it today.
const BEYOND: CHS = CHS { cylinder: 1023, head: 254, sector: 63 };

/// A partition.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Entry {
    pub(crate) kind: u8,
    /// Whether it is the one to boot from.
    pub(crate) boot: bool,
    /// Bytes, whole sectors.
    pub(crate) start: u64,
    /// Bytes, whole sectors.
    pub(crate) length: u64,
}

/// A disk's first sector: at most four partitions, and no code unless it is given.
///
/// Nothing when a number of sectors doesn't fit into 32 bits.
pub(crate) fn boot_record(signature: [u8; 4], entries: &[Entry], code: Option<&[u8; BOOT_CODE]>) -> Option<Vec<u8>> {
    let mut header = MBRHeader::new(signature);
    if let Some(code) = code {
        header.bootstrap_code = *code;
    }
    for (number, entry) in (1..).zip(entries) {
        *header.get_mut(number)? = MBRPartitionEntry {
            boot: if entry.boot { BOOT_ACTIVE } else { BOOT_INACTIVE },
            first_chs: BEYOND,
            sys: entry.kind,
            last_chs: BEYOND,
            starting_lba: u32::try_from(entry.start / SECTOR).ok()?,
            sectors: u32::try_from(entry.length / SECTOR).ok()?,
        };
    }
    let mut bytes = Cursor::new(Vec::new());
    // Writing to memory doesn't fail.
    header.write_into(&mut bytes).ok()?;
    Some(bytes.into_inner())
}
