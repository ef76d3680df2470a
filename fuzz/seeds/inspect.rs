//! Where the search for images that break the readers begins: small and sound ones. Nothing but the standard library is used, since the tests of the
//! image crate, which look at all of them, include this file too.

const SECTOR: usize = 512;
/// As small as a disk with two tables of 128 entries and something between them can be.
const DISK: usize = 80;

/// Images by name.
pub(crate) fn seeds() -> Vec<(&'static str, Vec<u8>)> {
    vec![("mbr", mbr()), ("gpt", gpt()), ("dax", dax()), ("fat", fat()), ("cpio", cpio()), ("tar", tar()), ("gzip", gzip(&tar()))]
}

fn put(bytes: &mut [u8], at: usize, what: &[u8]) {
    bytes[at..at + what.len()].copy_from_slice(what);
}

fn record(entries: &[(u8, u32, u32)]) -> Vec<u8> {
    let mut bytes = vec![0; SECTOR];
    put(&mut bytes, 440, b"\x12\x34\x56\x78");
    for (index, (kind, start, length)) in entries.iter().enumerate() {
        let at = 446 + 16 * index;
        bytes[at + 4] = *kind;
        put(&mut bytes, at + 8, &start.to_le_bytes());
        put(&mut bytes, at + 12, &length.to_le_bytes());
    }
    put(&mut bytes, 510, &[0x55, 0xAA]);
    bytes
}

/// With a logical partition too.
fn mbr() -> Vec<u8> {
    let mut disk = record(&[(0x83, 8, 8), (0x05, 16, 16)]);
    disk.resize(64 * SECTOR, 0);
    put(&mut disk, 16 * SECTOR, &record(&[(0x83, 1, 4)]));
    disk
}

fn gpt() -> Vec<u8> {
    let last = DISK - 1;
    let mut disk = record(&[(0xEE, 1, 79)]);
    disk.resize(DISK * SECTOR, 0);
    let mut entries = vec![0; 32 * SECTOR];
    put(&mut entries, 0, &[0xAF; 32]);
    put(&mut entries, 32, &34_u64.to_le_bytes());
    put(&mut entries, 40, &40_u64.to_le_bytes());
    put(&mut entries, 56, b"r\0o\0o\0t\0");
    for (own, other, table) in [(1, last, 2), (last, 1, last - 32)] {
        let mut header = vec![0; 92];
        put(&mut header, 0, b"EFI PART\0\0\x01\0\x5C\0\0\0");
        for (at, number) in [(24, own), (32, other), (40, 34), (48, last - 33), (72, table)] {
            put(&mut header, at, &(number as u64).to_le_bytes());
        }
        put(&mut header, 56, &[0xDA; 16]);
        put(&mut header, 80, &128_u32.to_le_bytes());
        put(&mut header, 84, &128_u32.to_le_bytes());
        put(&mut header, 88, &crc32(&entries).to_le_bytes());
        let sum = crc32(&header).to_le_bytes();
        put(&mut header, 16, &sum);
        put(&mut disk, own * SECTOR, &header);
        put(&mut disk, table * SECTOR, &entries);
    }
    disk
}

fn dax() -> Vec<u8> {
    let mut disk = record(&[(0x83, 4097, 8)]);
    disk.resize(4105 * SECTOR, 0);
    let mut block = vec![0; 4096];
    put(&mut block, 0, b"NVDIMM_PFN_INFO\0");
    block[54] = 2;
    put(&mut block, 56, &(2_u64 << 20).to_le_bytes());
    block[72] = 1;
    put(&mut block, 84, &(2_u32 << 20).to_le_bytes());
    let (mut low, mut high) = (0_u32, 0_u64);
    for word in block.chunks(4) {
        low = low.wrapping_add(u32::from_le_bytes([word[0], word[1], word[2], word[3]]));
        high = high.wrapping_add(u64::from(low));
    }
    put(&mut block, 4088, &(high << 32 | u64::from(low)).to_le_bytes());
    put(&mut disk, 4096, &block);
    put(&mut disk, 2 << 20, &record(&[(0x83, 1, 8)]));
    disk
}

/// FAT12 with two tables of a sector.
fn fat() -> Vec<u8> {
    let mut disk = vec![0; 64 * SECTOR];
    put(&mut disk, 0, &[0xEB, 0x3C, 0x90]);
    put(&mut disk, 11, &[0, 2, 1, 1, 0, 2, 16, 0, 64, 0, 0xF8, 1, 0]);
    disk[38] = 0x29;
    put(&mut disk, 43, b"SEED       FAT12   ");
    put(&mut disk, 510, &[0x55, 0xAA]);
    for table in [SECTOR, 2 * SECTOR] {
        put(&mut disk, table, &[0xF8, 0xFF, 0xFF]);
    }
    disk
}

fn cpio() -> Vec<u8> {
    let mut bytes = Vec::new();
    for (name, content) in [("file", "content"), ("TRAILER!!!", "")] {
        let sum: u32 = content.bytes().map(u32::from).sum();
        let mode = if content.is_empty() { 0 } else { 0o100_644 };
        let numbers = [1, mode, 0, 0, 1, 0, content.len(), 0, 0, 0, 0, name.len() + 1, sum as usize];
        bytes.extend_from_slice(b"070702");
        numbers.iter().for_each(|number| bytes.extend(format!("{number:08x}").into_bytes()));
        for part in [format!("{name}\0"), content.to_owned()] {
            bytes.extend(part.into_bytes());
            bytes.resize(bytes.len().next_multiple_of(4), 0);
        }
    }
    bytes
}

fn tar() -> Vec<u8> {
    let entry = |kind: u8, content: &str| {
        let mut header = vec![0; 512];
        put(&mut header, 0, b"file");
        put(&mut header, 124, format!("{:011o}", content.len()).as_bytes());
        put(&mut header, 148, b"        ");
        header[156] = kind;
        let sum: u32 = header.iter().map(|byte| u32::from(*byte)).sum();
        put(&mut header, 148, format!("{sum:06o}\0 ").as_bytes());
        header.extend_from_slice(content.as_bytes());
        header.resize(header.len().next_multiple_of(512), 0);
        header
    };
    [entry(b'x', "9 size=7\n"), entry(b'0', "content"), vec![0; 1024]].concat()
}

/// Stored, not deflated.
fn gzip(content: &[u8]) -> Vec<u8> {
    let length = u16::try_from(content.len()).unwrap_or(0);
    let mut bytes = vec![0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3, 1];
    bytes.extend(length.to_le_bytes());
    bytes.extend((!length).to_le_bytes());
    bytes.extend_from_slice(content);
    bytes.extend(crc32(content).to_le_bytes());
    bytes.extend(u32::from(length).to_le_bytes());
    bytes
}

fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(!0, |sum: u32, byte| {
        (0..8).fold(sum ^ u32::from(*byte), |sum, _| if sum & 1 == 1 { sum >> 1 ^ 0xEDB8_8320 } else { sum >> 1 })
    })
}
