//! The indexes of a compressed file.

use zerocopy::FromBytes;

use super::{ErofsInode, ErofsReadError, ErofsReader};
use crate::erofs::format::{
    BLOCK_BITS, D0_CBLKCNT, FRAGMENT_INODE, FULL_INDEX_GAP, FullIndex, MapHeader, PARTIAL_REF, advise, cluster, layout,
};
use crate::erofs::index::Widths;

/// Most a pack of indexes has.
const PACK_MAX: usize = 16;

/// A cluster as the indexes have it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Head {
    /// Where it begins in the content, in bytes.
    pub(super) start: u64,
    /// One of [`cluster`].
    pub(super) kind: u8,
    pub(super) block: u32,
    /// Blocks of the image.
    pub(super) blocks: u16,
    pub(super) is_partial: bool,
}

/// All that is in front of a compressed content.
#[derive(Debug)]
pub(super) struct Map {
    pub(super) advise: u16,
    pub(super) algorithms: [u8; 2],
    /// Bytes of the last cluster, when it stands behind the indexes.
    pub(super) inline_size: u16,
    /// Where the end of the content is in the packed inode.
    pub(super) fragment: u64,
    /// Whether that is all of it.
    pub(super) is_fragment: bool,
    /// Bytes of the content for each index.
    pub(super) cluster_bits: u8,
    /// Where the indexes end.
    pub(super) end: u64,
    pub(super) heads: Vec<Head>,
}

impl ErofsReader<'_> {
    /// Reads what is in front of a compressed content. What is read is as long as what is in the image.
    pub(super) fn map(&self, inode: &ErofsInode) -> Result<Map, ErofsReadError> {
        let start = inode.body.next_multiple_of(8);
        let bytes = self.read_vec(start, size_of::<MapHeader>() as u64)?;
        let damaged = |reason| ErofsReadError::Content { nid: inode.nid, reason };
        let Ok(header) = MapHeader::read_from_bytes(&bytes) else { return Err(damaged("its header is short")) };
        let advise = header.h_advise.get();
        let offset = u64::from(header.h_reserved1.get()) | u64::from(header.h_idata_size.get()) << 16;
        let mut map = Map {
            advise,
            algorithms: [header.h_algorithmtype & 0x0F, header.h_algorithmtype >> 4],
            inline_size: if advise & advise::INLINE_PCLUSTER == 0 { 0 } else { header.h_idata_size.get() },
            fragment: offset,
            is_fragment: header.h_clusterbits & FRAGMENT_INODE != 0,
            cluster_bits: self.geometry.block_bits + (header.h_clusterbits & 7),
            end: start + size_of::<MapHeader>() as u64,
            heads: Vec::new(),
        };
        if map.is_fragment {
            // The header is one number then, but for its highest bit.
            let mut number = [0; 8];
            number.copy_from_slice(&bytes);
            map.fragment = u64::from_le_bytes(number) & !(1 << 63);
            return Ok(map);
        }
        let count = inode.size.div_ceil(1 << map.cluster_bits);
        match inode.layout {
            layout::COMPRESSED_FULL => self.read_full(inode, &mut map, count)?,
            _ => self.read_compact(inode, &mut map, count)?,
        }
        let is_sorted = map.heads.is_sorted_by(|one, next| one.start < next.start);
        if map.heads.first().is_none_or(|head| head.start != 0) || !is_sorted {
            return Err(damaged("its clusters do not follow each other"));
        }
        Ok(map)
    }

    fn read_full(&self, inode: &ErofsInode, map: &mut Map, count: u64) -> Result<(), ErofsReadError> {
        let damaged = |reason| ErofsReadError::Content { nid: inode.nid, reason };
        let start = map.end + FULL_INDEX_GAP;
        let length = count.checked_mul(size_of::<FullIndex>() as u64).ok_or_else(|| damaged("it is too long"))?;
        let bytes = self.read_vec(start, length)?;
        let (indexes, _) = <[FullIndex]>::ref_from_prefix_with_elems(&bytes, usize::try_from(count).unwrap_or(0))
            .or(Err(damaged("its indexes are short")))?;
        let mut sequence = Sequence::new(map.cluster_bits, map.advise);
        for index in indexes {
            let value = index.di_advise.get();
            let kind = (value & 3).to_le_bytes()[0];
            let address = index.di_u.get();
            let low = if kind == cluster::NONHEAD { (address & 0xFFFF).try_into().unwrap_or(0) } else { index.di_clusterofs.get() };
            sequence.push(kind, low, address, value & PARTIAL_REF != 0).map_err(damaged)?;
        }
        // The high half of where a fragment is stands where a block would.
        if map.advise & advise::FRAGMENT_PCLUSTER != 0 {
            let last = sequence.heads.iter().rev().find(|head| head.start < inode.size);
            map.fragment |= u64::from(last.map_or(0, |head| head.block)) << 32;
        }
        map.heads = sequence.heads;
        map.end = start + length;
        Ok(())
    }

    fn read_compact(&self, inode: &ErofsInode, map: &mut Map, count: u64) -> Result<(), ErofsReadError> {
        let damaged = |reason| ErofsReadError::Content { nid: inode.nid, reason };
        if map.cluster_bits > 14 {
            return Err(damaged("its indexes are too small for their clusters"));
        }
        let is_narrow = map.advise & advise::COMPACTED_2B != 0 && map.cluster_bits == BLOCK_BITS;
        let widths = if is_narrow { Widths::of(map.end, count) } else { Widths { first: 0, narrow: 0, last: count } };
        let start = map.end;
        let bytes = self.read_vec(start, widths.size())?;
        let mut sequence = Sequence::new(map.cluster_bits, map.advise);
        let mut rest = &bytes[..];
        for (indexes, together, size) in [(widths.first, 2, 8), (widths.narrow, PACK_MAX, 32), (widths.last, 2, 8)] {
            let mut left = indexes;
            while left > 0 {
                let (pack, later) = rest.split_at_checked(size).ok_or_else(|| damaged("its indexes are short"))?;
                let here = usize::try_from(left).unwrap_or(usize::MAX).min(together);
                sequence.push_pack(pack, together, here).map_err(damaged)?;
                (rest, left) = (later, left - here as u64);
            }
        }
        map.heads = sequence.heads;
        map.end = start + widths.size();
        Ok(())
    }
}

/// Indexes as they follow each other.
struct Sequence {
    cluster_bits: u8,
    is_big: [bool; 2],
    heads: Vec<Head>,
    /// Of the next index.
    number: u64,
    /// Of the last that a cluster begins in.
    last: u64,
}

impl Sequence {
    fn new(cluster_bits: u8, advise: u16) -> Self {
        let is_big = [advise & advise::BIG_PCLUSTER_1 != 0, advise & advise::BIG_PCLUSTER_2 != 0];
        Self { cluster_bits, is_big, heads: Vec::new(), number: 0, last: 0 }
    }

    fn push(&mut self, kind: u8, low: u16, block: u32, is_partial: bool) -> Result<(), &'static str> {
        let number = self.number;
        self.number += 1;
        if kind != cluster::NONHEAD {
            if u64::from(low) >= 1 << self.cluster_bits {
                return Err("a cluster begins outside its block");
            }
            self.last = number;
            let blocks = 1;
            self.heads.push(Head { start: (number << self.cluster_bits) + u64::from(low), kind, block, blocks, is_partial });
            return Ok(());
        }
        let Some(head) = self.heads.last_mut() else { return Err("it begins in the middle of a cluster") };
        let back = number - self.last;
        if low & D0_CBLKCNT != 0 {
            let is_big = self.is_big[usize::from(head.kind == cluster::HEAD2)];
            head.blocks = low & !D0_CBLKCNT;
            return if back == 1 && is_big && head.blocks > 0 { Ok(()) } else { Err("a cluster has a wrong number of blocks") };
        }
        if u64::from(low) == back.min(u64::from(D0_CBLKCNT) - 1) { Ok(()) } else { Err("a block leads to no cluster") }
    }

    /// A pack for `together` indexes, of which `here` are in use.
    fn push_pack(&mut self, pack: &[u8], together: usize, here: usize) -> Result<(), &'static str> {
        let (packed, base) = pack.split_at(pack.len() - 4);
        let mut number = [0; 4];
        number.copy_from_slice(base);
        let base = u32::from_le_bytes(number);
        let bits = packed.len() * 8 / together;
        // Blocks of the clusters before, within the pack.
        let mut before: u32 = 0;
        for place in 0..here {
            let value = bits_at(packed, place * bits) & ((1 << bits) - 1);
            let low = u16::try_from(value & ((1 << self.cluster_bits) - 1)).unwrap_or(0);
            let kind = (value >> self.cluster_bits & 3).to_le_bytes()[0];
            if kind != cluster::NONHEAD {
                let first = if self.is_big[0] { 0 } else { 1 };
                self.push(kind, low, base.wrapping_add(before).wrapping_add(first), false)?;
                before += 1;
                continue;
            }
            if low & D0_CBLKCNT != 0 {
                // Its cluster was counted as one block, unless it begins before the pack.
                before += u32::from(low & !D0_CBLKCNT) - u32::from(place > 0 && low & !D0_CBLKCNT > 0);
            }
            // The last of a pack says how far the next cluster is.
            let back = u16::try_from((self.number - self.last).min(u64::from(D0_CBLKCNT) - 1)).unwrap_or(0);
            let is_ahead = place + 1 == together && low & D0_CBLKCNT == 0;
            self.push(kind, if is_ahead { back } else { low }, 0, false)?;
        }
        Ok(())
    }
}

/// The bits from one on, as many as fit.
fn bits_at(bytes: &[u8], at: usize) -> u32 {
    let mut word = [0; 4];
    let from = bytes.get(at / 8..).unwrap_or_default();
    let count = from.len().min(4);
    word[..count].copy_from_slice(&from[..count]);
    u32::from_le_bytes(word) >> (at % 8)
}
