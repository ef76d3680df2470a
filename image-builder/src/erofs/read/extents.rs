use super::indexes::{Head, Map};
use super::{ErofsInode, ErofsKind, ErofsReadError, ErofsReader};
use crate::erofs::format::{CHUNK_BITS_MASK, CHUNK_INDEXES, CLUSTER_MAX, Incompat, NULL_ADDR, UNPACKED_MAX, advise, cluster, layout};

/// A stretch of a content.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Extent {
    /// Where it begins in the content, and how long it is, in bytes.
    pub(super) start: u64,
    pub(super) length: u64,
    pub(super) place: Place,
}

/// Where a stretch is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// Nowhere: it is zeros.
    Zeros,
    /// At a byte of the image.
    At(u64),
    /// In a block of the image, turned so that it begins at this byte of it.
    Turned { block: u64, by: u64 },
    /// Compressed.
    Packed(Packed),
    /// In the inode that has the ends of files, at this byte.
    Fragment(u64),
}

/// What is compressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Packed {
    /// In the image, with the zeros in front of it.
    pub(super) offset: u64,
    pub(super) size: u32,
    /// Bytes that come out.
    pub(super) length: u64,
    pub(super) algorithm: u8,
    /// Whether more would come out.
    pub(super) is_partial: bool,
}

impl ErofsReader<'_> {
    /// Where the content of a file, a directory or a link is: stretches that follow each other, each within the image. There are no more of them than
    /// there is room for in the image.
    pub(super) fn extents(&self, inode: &ErofsInode) -> Result<Vec<Extent>, ErofsReadError> {
        if inode.size == 0 || !matches!(inode.kind, ErofsKind::File | ErofsKind::Directory | ErofsKind::Symlink) {
            return Ok(Vec::new());
        }
        match inode.layout {
            layout::FLAT_PLAIN | layout::FLAT_INLINE => self.flat(inode),
            layout::CHUNK_BASED => self.chunks(inode),
            _ => self.clusters(inode),
        }
    }

    /// Whether bytes are within the image.
    fn within(&self, inode: &ErofsInode, offset: u64, length: u64) -> Result<u64, ErofsReadError> {
        let end = offset.checked_add(length);
        let is_within = end.is_some_and(|end| end <= self.geometry.end);
        if is_within { Ok(offset) } else { Err(ErofsReadError::Content { nid: inode.nid, reason: "it is not in the image" }) }
    }

    fn flat(&self, inode: &ErofsInode) -> Result<Vec<Extent>, ErofsReadError> {
        let block_size = self.geometry.block_size();
        let tail = if inode.layout == layout::FLAT_INLINE { (inode.size - 1) % block_size + 1 } else { 0 };
        let whole = inode.size - tail;
        let mut extents = Vec::new();
        if whole > 0 {
            let place = Place::At(self.within(inode, self.geometry.block(inode.own), whole)?);
            extents.push(Extent { start: 0, length: whole, place });
        }
        if tail > 0 {
            if inode.body % block_size + tail > block_size {
                return Err(ErofsReadError::Content { nid: inode.nid, reason: "its end is in two blocks" });
            }
            extents.push(Extent { start: whole, length: tail, place: Place::At(self.within(inode, inode.body, tail)?) });
        }
        Ok(extents)
    }

    fn chunks(&self, inode: &ErofsInode) -> Result<Vec<Extent>, ErofsReadError> {
        let damaged = |reason| ErofsReadError::Content { nid: inode.nid, reason };
        let format = u16::try_from(inode.own & 0xFFFF).unwrap_or(0);
        if format & !(CHUNK_BITS_MASK | CHUNK_INDEXES) != 0 || inode.own >> 16 != 0 {
            return Err(damaged("its chunks are of no form that is known"));
        }
        let bits = u32::from(self.geometry.block_bits) + u32::from(format & CHUNK_BITS_MASK);
        let chunk = 1_u64 << bits;
        let (entry, place_at) = if format & CHUNK_INDEXES == 0 { (4, 0) } else { (8, 4) };
        let count = inode.size.div_ceil(chunk);
        let length = count.checked_mul(entry).ok_or_else(|| damaged("it is too long"))?;
        let bytes = self.read_vec(inode.body.next_multiple_of(entry), length)?;
        let mut extents = Vec::new();
        let mut start = 0;
        for index in bytes.chunks_exact(usize::try_from(entry).unwrap_or(8)) {
            let length = chunk.min(inode.size - start);
            let mut number = [0; 4];
            number.copy_from_slice(&index[place_at..place_at + 4]);
            let place = match u32::from_le_bytes(number) {
                NULL_ADDR => Place::Zeros,
                _ if place_at > 0 && index[2..4] != [0, 0] => return Err(damaged("it is on another device")),
                block => Place::At(self.within(inode, self.geometry.block(block), length)?),
            };
            extents.push(Extent { start, length, place });
            start += length;
        }
        Ok(extents)
    }

    fn clusters(&self, inode: &ErofsInode) -> Result<Vec<Extent>, ErofsReadError> {
        if !self.geometry.features.has(Incompat::ZERO_PADDING) {
            return Err(ErofsReadError::Unsupported { what: "compressed clusters with zeros behind them" });
        }
        let map = self.map(inode)?;
        if map.is_fragment {
            let place = Place::Fragment(map.fragment);
            return Ok(vec![Extent { start: 0, length: inode.size, place }]);
        }
        let heads: Vec<&Head> = map.heads.iter().filter(|head| head.start < inode.size).collect();
        let mut extents = Vec::with_capacity(heads.len());
        for (index, head) in heads.iter().enumerate() {
            let end = heads.get(index + 1).map_or(inode.size, |next| next.start);
            let is_last = index + 1 == heads.len();
            let place = self.cluster(inode, &map, head, end, is_last)?;
            extents.push(Extent { start: head.start, length: end - head.start, place });
        }
        Ok(extents)
    }

    fn cluster(&self, inode: &ErofsInode, map: &Map, head: &Head, end: u64, is_last: bool) -> Result<Place, ErofsReadError> {
        let damaged = |reason| ErofsReadError::Content { nid: inode.nid, reason };
        let block_size = self.geometry.block_size();
        let length = end - head.start;
        if is_last && map.advise & advise::FRAGMENT_PCLUSTER != 0 {
            return Ok(Place::Fragment(map.fragment));
        }
        let (offset, size) = if is_last && map.inline_size > 0 {
            let size = u64::from(map.inline_size);
            if map.end % block_size + size > block_size {
                return Err(damaged("its end is in two blocks"));
            }
            (map.end, size)
        } else if head.kind == cluster::PLAIN || head.blocks == 1 {
            // One that is a cluster of several blocks says so.
            (self.geometry.block(head.block), 1_u64 << map.cluster_bits)
        } else {
            (self.geometry.block(head.block), u64::from(head.blocks) * block_size)
        };
        let offset = self.within(inode, offset, size)?;
        if head.kind == cluster::PLAIN {
            if length > size {
                return Err(damaged("a cluster is longer than its block"));
            }
            let is_turned = map.advise & advise::INTERLACED_PCLUSTER != 0 && !(is_last && map.inline_size > 0);
            let by = head.start % block_size;
            return Ok(if is_turned { Place::Turned { block: offset, by } } else { Place::At(offset) });
        }
        let algorithm = map.algorithms[usize::from(head.kind == cluster::HEAD2)];
        if self.geometry.algorithms >> algorithm & 1 == 0 {
            return Err(damaged("a cluster is compressed in a way that the superblock does not know"));
        }
        let size = u32::try_from(size).ok().filter(|size| *size <= CLUSTER_MAX);
        match size {
            Some(size) if length <= UNPACKED_MAX => {
                Ok(Place::Packed(Packed { offset, size, length, algorithm, is_partial: head.is_partial }))
            }
            _ => Err(damaged("a cluster is too long")),
        }
    }
}
