//! Where the search for disks of QEMU's that break the reader begins: small ones of both versions, with clusters that are there, are zeros, are compressed
//! and are missing. Nothing but the standard library is used, since the tests of the image crate, which look at all of them, include this file too.

/// As small as a cluster can be.
const CLUSTER: usize = 512;
/// Clusters of the disk.
const SIZE: usize = 16;
const COPIED: u64 = 1 << 63;
const COMPRESSED: u64 = 1 << 62;

/// Disks by name.
pub(crate) fn seeds() -> Vec<(&'static str, Vec<u8>)> {
    vec![("version-2", disk(2)), ("version-3", disk(3))]
}

/// Header, table of counts, counts, first table, second table, three clusters, and one that is compressed.
fn disk(version: u32) -> Vec<u8> {
    let mut disk = vec![0; 9 * CLUSTER];
    let mut put = |at: usize, what: &[u8]| disk[at..at + what.len()].copy_from_slice(what);
    put(0, b"QFI\xfb");
    for (at, word) in [(4, version), (20, 9), (36, 1), (56, 1), (96, 4), (100, 112)] {
        put(at, &word.to_be_bytes());
    }
    for (at, place) in [(24, SIZE * CLUSTER), (40, 3 * CLUSTER), (48, CLUSTER)] {
        put(at, &(place as u64).to_be_bytes());
    }
    put(CLUSTER, &(2 * CLUSTER as u64).to_be_bytes());
    (0..9).for_each(|cluster| put(2 * CLUSTER + 2 * cluster, &1_u16.to_be_bytes()));
    put(3 * CLUSTER, &((4 * CLUSTER as u64) | COPIED).to_be_bytes());
    let packed = stored(&[7; CLUSTER]);
    // Its offset, and how many sectors it takes besides the first; both fields meet at bit 61.
    let compressed = COMPRESSED | (7 * CLUSTER as u64) | (1 << 61);
    let clusters = [(0, (5 * CLUSTER as u64) | COPIED), (1, (6 * CLUSTER as u64) | COPIED), (3, 1), (5, compressed)];
    clusters.iter().for_each(|(at, entry)| put(4 * CLUSTER + 8 * at, &entry.to_be_bytes()));
    put(5 * CLUSTER, b"some content");
    put(5 * CLUSTER + 510, &[0x55, 0xAA]);
    put(6 * CLUSTER, &[9; CLUSTER]);
    put(7 * CLUSTER, &packed);
    if version == 2 {
        put(72, &[0; 40]);
        // The mark of zeros came with version 3.
        put(4 * CLUSTER + 8 * 3, &[0; 8]);
    }
    disk
}

/// A stream of deflate that is not compressed.
fn stored(bytes: &[u8]) -> Vec<u8> {
    let length = u16::try_from(bytes.len()).unwrap_or(0);
    [&[1], &length.to_le_bytes()[..], &(!length).to_le_bytes(), bytes].concat()
}
