//! Where the tables of a disk are, and what they say.

use std::collections::BTreeMap;

use zerocopy::IntoBytes;

use super::format::{CLUSTER, CLUSTER_BITS, COMPRESSION_TYPE, COPIED, DEFLATE, Header, MAGIC, REFCOUNT_ORDER, VERSION, ZSTD, extensions};

/// Entries of a table of one cluster.
const ENTRIES: u64 = CLUSTER / 8;
/// Counts of one cluster.
const COUNTS: u64 = CLUSTER / 2;

/// What a file has in front of its tables.
#[derive(Debug, Default)]
pub(super) struct Data {
    /// Entries of clusters by their numbers in the disk, as the second tables have them.
    pub(super) entries: BTreeMap<u64, u64>,
    /// References to clusters of the file, the first of which is the header's.
    pub(super) counts: Vec<u16>,
}

/// The places of all tables, as numbers of clusters in the file.
#[derive(Debug)]
struct Places {
    second: u64,
    first: u64,
    refcount_blocks: u64,
    refcount_table: u64,
    end: u64,
}

/// The tables of a disk of so many bytes, each with its place in the file; all of them fill clusters. The last number is where the file ends.
pub(super) fn tables(data: &Data, size: u64, is_zstd: bool) -> (Vec<(u64, Vec<u8>)>, u64) {
    let mut second: BTreeMap<u64, Vec<(u64, u64)>> = BTreeMap::new();
    for (cluster, entry) in &data.entries {
        second.entry(cluster / ENTRIES).or_default().push((cluster % ENTRIES, *entry));
    }
    let first_entries = size.div_ceil(CLUSTER * ENTRIES);
    let first_clusters = first_entries.div_ceil(ENTRIES).max(1);
    let places = places(data.counts.len() as u64, second.len() as u64, first_clusters);
    let mut parts = Vec::new();
    let mut first = table(first_clusters);
    for (index, (number, entries)) in (0..).zip(&second) {
        let at = (places.second + index) * CLUSTER;
        set(&mut first, *number, at | COPIED);
        let mut bytes = table(1);
        entries.iter().for_each(|(slot, entry)| set(&mut bytes, *slot, *entry));
        parts.push((at, bytes));
    }
    parts.push((places.first * CLUSTER, first));
    parts.extend(refcounts(data, &places));
    let header = header(size, first_entries, &places, is_zstd);
    parts.push((0, [header.as_bytes(), &extensions()].concat()));
    (parts, places.end * CLUSTER)
}

/// The counts count themselves: as many as it takes.
fn places(data: u64, second: u64, first: u64) -> Places {
    let fixed = data + second + first;
    let mut blocks = 1_u64;
    loop {
        let table = blocks.div_ceil(ENTRIES);
        let end = fixed + blocks + table;
        if end <= blocks * COUNTS {
            let refcount_blocks = data + second + first;
            return Places { second: data, first: data + second, refcount_blocks, refcount_table: refcount_blocks + blocks, end };
        }
        blocks += 1;
    }
}

fn refcounts(data: &Data, places: &Places) -> Vec<(u64, Vec<u8>)> {
    let blocks = places.refcount_table - places.refcount_blocks;
    let mut counts = table(blocks);
    for (number, slot) in (0..places.end).zip(counts.as_chunks_mut::<2>().0) {
        let count = usize::try_from(number).ok().and_then(|number| data.counts.get(number)).copied().unwrap_or(1);
        *slot = count.to_be_bytes();
    }
    let mut list = table(places.end - places.refcount_table);
    (0..blocks).for_each(|block| set(&mut list, block, (places.refcount_blocks + block) * CLUSTER));
    vec![(places.refcount_blocks * CLUSTER, counts), (places.refcount_table * CLUSTER, list)]
}

fn header(size: u64, first_entries: u64, places: &Places, is_zstd: bool) -> Header {
    let short = |number: u64| u32::try_from(number).unwrap_or(u32::MAX).into();
    Header {
        magic: MAGIC.into(),
        version: VERSION.into(),
        backing_file_offset: 0.into(),
        backing_file_size: 0.into(),
        cluster_bits: CLUSTER_BITS.into(),
        size: size.into(),
        crypt_method: 0.into(),
        l1_size: short(first_entries),
        l1_table_offset: (places.first * CLUSTER).into(),
        refcount_table_offset: (places.refcount_table * CLUSTER).into(),
        refcount_table_clusters: short(places.end - places.refcount_table),
        nb_snapshots: 0.into(),
        snapshots_offset: 0.into(),
        incompatible_features: if is_zstd { COMPRESSION_TYPE } else { 0 }.into(),
        compatible_features: 0.into(),
        autoclear_features: 0.into(),
        refcount_order: REFCOUNT_ORDER.into(),
        header_length: u32::try_from(size_of::<Header>()).unwrap_or(0).into(),
        compression_type: if is_zstd { ZSTD } else { DEFLATE },
        padding: [0; 7],
    }
}

fn table(clusters: u64) -> Vec<u8> {
    vec![0; usize::try_from(clusters * CLUSTER).unwrap_or(0)]
}

fn set(table: &mut [u8], slot: u64, entry: u64) {
    if let Some(place) = usize::try_from(slot).ok().and_then(|slot| table.as_chunks_mut::<8>().0.get_mut(slot)) {
        *place = entry.to_be_bytes();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_count_themselves() {
        for data in [1, COUNTS - 4, COUNTS - 3, COUNTS - 2, COUNTS, COUNTS * 3, ENTRIES * COUNTS] {
            let places = places(data, 1, 1);
            let (blocks, table) = (places.refcount_table - places.refcount_blocks, places.end - places.refcount_table);
            assert_eq!(places.end, data + 2 + blocks + table);
            assert!(blocks * COUNTS >= places.end && table * ENTRIES >= blocks, "{data}");
            assert!((blocks - 1) * COUNTS < places.end + 1, "{data}: not more than are needed");
        }
    }
}
