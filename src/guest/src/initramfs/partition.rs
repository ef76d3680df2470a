use fs_err::File;
use std::os::unix::fs::FileExt;
use std::path::Path;

/// What `PARTUUID=` calls the partition of this name: as the kernel does, the id in a GPT, or an MBR's disk id and the partition's number.
pub(super) fn id(name: &str) -> Option<String> {
    let place = fs_err::canonicalize(Path::new("/sys/class/block").join(name)).ok()?;
    let number: u32 = fs_err::read_to_string(place.join("partition")).ok()?.trim().parse().ok()?;
    let disk = place.parent()?.file_name()?.to_str()?;
    let sector = fs_err::read_to_string(place.parent()?.join("queue/logical_block_size")).ok()?.trim().parse().ok()?;
    let file = File::open(Path::new("/dev").join(disk)).ok()?;
    find(&|offset, buffer| file.file().read_exact_at(buffer, offset).ok(), number, sector)
}

/// Reads at an offset of a disk, whole or not at all.
type Read<'a> = &'a dyn Fn(u64, &mut [u8]) -> Option<()>;

fn find(read: Read<'_>, number: u32, sector: u64) -> Option<String> {
    let mut first = [0; 512];
    read(0, &mut first)?;
    if first[510..] != [0x55, 0xaa] {
        return None;
    }
    // One partition of type 0xee stands before a GPT.
    if (0..4).any(|slot| first[446 + 16 * slot + 4] == 0xee) {
        return find_in_gpt(read, number, sector);
    }
    let [a, b, c, d] = [first[440], first[441], first[442], first[443]];
    Some(format!("{:08x}-{number:02x}", u32::from_le_bytes([a, b, c, d])))
}

/// By the UEFI specification's table 5-5 and 5-6: where the entries begin, how large one is, and an entry's own id.
fn find_in_gpt(read: Read<'_>, number: u32, sector: u64) -> Option<String> {
    let mut header = [0; 92];
    read(sector, &mut header)?;
    if &header[..8] != b"EFI PART" {
        return None;
    }
    let (_, entries) = header.split_at(72);
    let (start, rest) = entries.split_first_chunk::<8>()?;
    let (_count, rest) = rest.split_first_chunk::<4>()?;
    let (size, _) = rest.split_first_chunk::<4>()?;
    let place = u64::from_le_bytes(*start).checked_mul(sector)?;
    let index = u64::from(number).checked_sub(1)?.checked_mul(u64::from(u32::from_le_bytes(*size)))?;
    let mut id = [0; 16];
    read(place.checked_add(index)?.checked_add(16)?, &mut id)?;
    // The first three fields are numbers in little endian.
    let order = [3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15];
    let digits: Vec<String> = order.iter().map(|place| format!("{:02x}", id[*place])).collect();
    let fields = [&digits[..4], &digits[4..6], &digits[6..8], &digits[8..10], &digits[10..]];
    Some(fields.map(<[String]>::concat).join("-"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id_on(disk: &[u8], number: u32) -> Option<String> {
        let read = |offset: u64, buffer: &mut [u8]| {
            let offset = usize::try_from(offset).ok()?;
            buffer.copy_from_slice(disk.get(offset..offset.checked_add(buffer.len())?)?);
            Some(())
        };
        find(&read, number, 512)
    }

    fn mbr(kind: u8) -> Vec<u8> {
        let mut disk = vec![0; 4096];
        disk[440..444].copy_from_slice(&[0xef, 0xbe, 0xad, 0xde]);
        disk[450] = kind;
        disk[510..512].copy_from_slice(&[0x55, 0xaa]);
        disk
    }

    #[test]
    fn an_mbr_has_a_number_for_the_disk() {
        assert_eq!(id_on(&mbr(0x83), 1).as_deref(), Some("deadbeef-01"));
        assert_eq!(id_on(&[0; 512], 1), None);
        assert_eq!(id_on(&[0; 10], 1), None);
    }

    #[test]
    fn a_gpt_has_an_id_for_each() {
        let mut disk = mbr(0xee);
        assert_eq!(id_on(&disk, 1), None);
        disk[512..520].copy_from_slice(b"EFI PART");
        disk[512 + 72] = 2;
        disk[512 + 84] = 128;
        for (slot, byte) in disk[1024 + 128 + 16..].iter_mut().take(16).zip(0..) {
            *slot = byte;
        }
        assert_eq!(id_on(&disk, 2).as_deref(), Some("03020100-0504-0706-0809-0a0b0c0d0e0f"));
        disk[512 + 72..512 + 80].fill(0xff);
        assert_eq!(id_on(&disk, 2), None);
    }
}
