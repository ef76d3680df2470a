//! Where compressed clusters begin: an index of four or two bytes for each block of a content.

use zerocopy::IntoBytes;

use super::format::{BLOCK, BLOCK_BITS, D0_CBLKCNT, MapHeader, advise, cluster};

/// A stretch of a content and how it is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Cluster {
    /// Bytes of the content.
    pub(super) length: u32,
    /// Blocks of the image.
    pub(super) blocks: u16,
    pub(super) is_plain: bool,
}

/// Blocks of a content with indexes of four bytes, of two, and of four again. Those of two come in packs of sixteen, which begin at multiples of 32 bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Widths {
    pub(crate) first: u64,
    pub(crate) narrow: u64,
    pub(crate) last: u64,
}

impl Widths {
    /// Of so many indexes that begin at a byte of the image, a multiple of eight.
    pub(crate) fn of(start: u64, count: u64) -> Self {
        let first = start.next_multiple_of(32) - start;
        let first = (first / 4).min(count);
        let narrow = (count - first) / 16 * 16;
        Self { first, narrow, last: count - first - narrow }
    }

    /// Bytes of them all; indexes of four bytes come in pairs.
    pub(crate) fn size(self) -> u64 {
        (self.first + self.last.next_multiple_of(2)).next_multiple_of(2) * 4 + self.narrow * 2
    }
}

/// Bytes in front of the indexes, from the inode on: it and its attributes, padded, and the header.
fn start_of(head: u64) -> u64 {
    head.next_multiple_of(8) + size_of::<MapHeader>() as u64
}

/// Bytes of an inode with `head` bytes before all this, whose content has so many bytes.
pub(super) fn inode_size(head: u64, length: u64) -> u64 {
    start_of(head) + Widths::of(start_of(head), length.div_ceil(BLOCK)).size()
}

/// How the clusters of an image are made.
#[derive(Debug, Clone, Copy)]
pub(super) struct Form {
    pub(super) algorithm: u8,
    /// Whether clusters may have several blocks.
    pub(super) is_big: bool,
}

/// What an index says of its block.
#[derive(Debug, Clone, Copy)]
struct Index {
    kind: u8,
    /// Offset of the cluster that begins here, or how far away the last one is, or its blocks.
    low: u16,
    /// Blocks to the next that begins.
    ahead: u16,
    /// Block of the image of the cluster that begins here.
    address: u32,
}

/// What follows the inode: padding, the header and all indexes. `start` is the first block of the image.
pub(super) fn encode(form: Form, head: u64, clusters: &[Cluster], start: u32) -> Vec<u8> {
    let indexes = indexes(form, clusters, start);
    let big = if form.is_big { advise::BIG_PCLUSTER_1 | advise::BIG_PCLUSTER_2 } else { 0 };
    let header = MapHeader {
        h_reserved1: 0.into(),
        h_idata_size: 0.into(),
        h_advise: (advise::COMPACTED_2B | big).into(),
        h_algorithmtype: form.algorithm,
        h_clusterbits: 0,
    };
    let padding = head.next_multiple_of(8) - head;
    let mut bytes: Vec<u8> = (0..padding).map(|_| 0).collect();
    bytes.extend_from_slice(header.as_bytes());
    let widths = Widths::of(start_of(head), indexes.len() as u64);
    let (first, rest) = indexes.split_at(usize::try_from(widths.first).unwrap_or(0));
    let (narrow, last) = rest.split_at(usize::try_from(widths.narrow).unwrap_or(0));
    first.chunks(2).for_each(|pack| put::<2>(form, pack, 16, &mut bytes));
    narrow.chunks(16).for_each(|pack| put::<16>(form, pack, 14, &mut bytes));
    last.chunks(2).for_each(|pack| put::<2>(form, pack, 16, &mut bytes));
    bytes
}

fn indexes(form: Form, clusters: &[Cluster], start: u32) -> Vec<Index> {
    let mut indexes: Vec<Index> = Vec::new();
    let (mut at, mut address) = (0_u64, start);
    let offset = |at: u64| u16::try_from(at % BLOCK).unwrap_or(0);
    for cluster in clusters {
        let end = at + u64::from(cluster.length);
        let kind = if cluster.is_plain { cluster::PLAIN } else { cluster::HEAD1 };
        indexes.push(Index { kind, low: offset(at), ahead: 0, address });
        // Blocks that begin within it, but for the one that another begins in.
        let first = at / BLOCK;
        let count = end / BLOCK - first;
        for back in 1..count {
            let distance = u16::try_from(back).unwrap_or(D0_CBLKCNT).min(D0_CBLKCNT - 1);
            let low = if form.is_big && back == 1 { D0_CBLKCNT | cluster.blocks } else { distance };
            let ahead = u16::try_from(count - back).unwrap_or(D0_CBLKCNT).min(D0_CBLKCNT - 1);
            indexes.push(Index { kind: cluster::NONHEAD, low, ahead, address });
        }
        address += u32::from(cluster.blocks);
        at = end;
    }
    // The end is told as if one that is not compressed began there.
    if (indexes.len() as u64) < at.div_ceil(BLOCK) {
        indexes.push(Index { kind: cluster::PLAIN, low: offset(at), ahead: 0, address });
    }
    indexes
}

/// Appends a pack of indexes, each with `bits` bits, and what their addresses count from.
fn put<const COUNT: usize>(form: Form, pack: &[Index], bits: usize, bytes: &mut Vec<u8>) {
    let mut packed = [0_u8; 28];
    for place in 0..COUNT {
        let value = match pack.get(place) {
            // No pack is longer than the content but for the last.
            None => u16::from(cluster::PLAIN) << BLOCK_BITS,
            Some(index) => {
                let is_last = place + 1 == COUNT && index.kind == cluster::NONHEAD && !(form.is_big && index.low & D0_CBLKCNT != 0);
                u16::from(index.kind) << BLOCK_BITS | if is_last { index.ahead } else { index.low }
            }
        };
        let shifted = u32::from(value) << (place * bits % 8);
        for (byte, part) in packed[place * bits / 8..].iter_mut().zip(shifted.to_le_bytes()) {
            *byte |= part;
        }
    }
    bytes.extend_from_slice(&packed[..COUNT * bits / 8]);
    bytes.extend_from_slice(&base(form, pack).to_le_bytes());
}

/// What the addresses of a pack's clusters count from: readers add the blocks of those that begin in it.
fn base(form: Form, pack: &[Index]) -> u32 {
    let Some(head) = pack.iter().find(|index| index.kind != cluster::NONHEAD) else {
        return pack.first().map_or(0, |index| index.address);
    };
    if !form.is_big {
        return head.address.wrapping_sub(1);
    }
    match pack.first() {
        // The blocks of the cluster that begins right before the pack are told in it.
        Some(first) if first.kind == cluster::NONHEAD && first.low & D0_CBLKCNT != 0 => {
            head.address.wrapping_sub(u32::from(first.low & !D0_CBLKCNT))
        }
        _ => head.address,
    }
}
