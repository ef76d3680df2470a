//! A GPT on a disk that is larger than the one it was made for (UEFI specification 2.10, section 5.3).

/// Bytes of a sector.
const SECTOR: usize = 512;
/// Sectors at a disk's start: the protective MBR, the header, and 128 entries of 128 bytes.
const FRONT: usize = 34;
/// Sectors at its end: the entries, and the header.
const BACK: usize = 33;
const HEADER: usize = 92;

/// Changes the tables at a disk's start to those of a disk of so many bytes; gives the backup, which ends the disk. Nothing where there is no GPT as it is
/// written here, or the disk is no whole number of sectors.
#[must_use]
pub fn spread_gpt(front: &mut [u8], size: u64) -> Option<Vec<u8>> {
    let last = (size / SECTOR as u64).checked_sub(1).filter(|_| size.is_multiple_of(SECTOR as u64))?;
    let front = front.get_mut(..FRONT * SECTOR)?;
    let (record, rest) = front.split_at_mut(SECTOR);
    let (header, entries) = rest.split_at_mut(SECTOR);
    let number = |header: &[u8], at: usize| header.get(at..at + 8).and_then(|bytes| bytes.try_into().ok()).map(u64::from_le_bytes);
    let is_ours = header.starts_with(b"EFI PART") && number(header, 24)? == 1 && number(header, 72)? == 2;
    let counts = header.get(80..88)?;
    if !is_ours || counts != [128, 0, 0, 0, 128, 0, 0, 0] || last < (FRONT + BACK) as u64 {
        return None;
    }
    // The protective partition is all of the disk, or as much as can be told.
    let protected = u32::try_from(last).unwrap_or(u32::MAX);
    record.get_mut(446 + 12..446 + 16)?.copy_from_slice(&protected.to_le_bytes());
    header[32..40].copy_from_slice(&last.to_le_bytes());
    header[48..56].copy_from_slice(&(last - BACK as u64).to_le_bytes());
    seal(header);
    let mut backup = [&*entries, &*header].concat();
    let copy = backup.get_mut((BACK - 1) * SECTOR..)?;
    copy[24..32].copy_from_slice(&last.to_le_bytes());
    copy[32..40].copy_from_slice(&1_u64.to_le_bytes());
    copy[72..80].copy_from_slice(&(last - BACK as u64 + 1).to_le_bytes());
    seal(copy);
    Some(backup)
}

/// Puts the header's own checksum into it.
fn seal(header: &mut [u8]) {
    header[16..20].fill(0);
    let mut sum = flate2::Crc::new();
    sum.update(&header[..HEADER]);
    header[16..20].copy_from_slice(&sum.sum().to_le_bytes());
}
