use std::io::Cursor;

use mbrman::{BOOT_ACTIVE, CHS, MBRHeader, MBRPartitionEntry};

/// Bytes of a sector, and of the whole record.
pub(crate) const SECTOR: u64 = 512;
/// A partition of any Linux filesystem.
const LINUX: u8 = 0x83;
/// Cylinder, head and sector of what lies beyond their reach, as every tool writes it today.
const BEYOND: CHS = CHS { cylinder: 1023, head: 254, sector: 63 };

/// A disk's first sector: one Linux partition to boot from, and no code.
///
/// Nothing when a number of sectors doesn't fit into 32 bits.
pub(crate) fn boot_record(signature: [u8; 4], start: u64, length: u64) -> Option<Vec<u8>> {
    let mut header = MBRHeader::new(signature);
    header.partition_1 = MBRPartitionEntry {
        boot: BOOT_ACTIVE,
        first_chs: BEYOND,
        sys: LINUX,
        last_chs: BEYOND,
        starting_lba: u32::try_from(start / SECTOR).ok()?,
        sectors: u32::try_from(length / SECTOR).ok()?,
    };
    let mut bytes = Cursor::new(Vec::new());
    // Writing to memory doesn't fail.
    header.write_into(&mut bytes).ok()?;
    Some(bytes.into_inner())
}
