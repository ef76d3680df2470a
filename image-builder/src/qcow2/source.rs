use std::collections::{BTreeMap, VecDeque};
use std::io;
use std::sync::{Arc, Mutex, PoisonError};

use zerocopy::{FromZeros, IntoBytes};

use super::error::Qcow2Error;
use super::format::{
    CLUSTER_BITS_READ, COMPRESSED, COMPRESSION_TYPE, CORRUPT, DATA_FILE, DEFLATE, DIRTY, Header, MAGIC, OFFSET, OLD_HEADER, SECTOR, ZERO,
    ZSTD,
};
use crate::source::ImageSource;

/// Longest first table, as QEMU has it, in bytes.
const FIRST_MOST: u64 = 32 << 20;
/// Longest table of counts, as QEMU has it, in bytes.
const COUNTS_MOST: u64 = 8 << 20;
/// Second tables and unpacked clusters that are kept.
const KEPT: usize = 16;

/// What the header says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Qcow2Facts {
    /// 2 or 3.
    pub version: u32,
    /// Bytes of the disk.
    pub size: u64,
    /// Bytes of a cluster.
    pub cluster: u64,
    /// `zstd` or `zlib`: how clusters are compressed that are.
    pub compression: &'static str,
    /// Snapshots inside.
    pub snapshots: u32,
    /// Whether somebody has it open, or didn't close it.
    pub is_dirty: bool,
    /// Whether QEMU has found its tables to be damaged.
    pub is_corrupt: bool,
}

/// The disk in a qcow2.
pub struct Qcow2Image<'a> {
    pub(super) source: &'a dyn ImageSource,
    pub(super) header: Header,
    facts: Qcow2Facts,
    pub(super) first: Vec<u64>,
    kept: Mutex<Kept>,
}

#[derive(Default)]
struct Kept {
    tables: BTreeMap<u64, Arc<[u64]>>,
    clusters: BTreeMap<u64, Arc<[u8]>>,
    /// In the order in which they came.
    order: VecDeque<(bool, u64)>,
}

impl std::fmt::Debug for Qcow2Image<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Qcow2Image").field("facts", &self.facts).finish_non_exhaustive()
    }
}

impl<'a> Qcow2Image<'a> {
    /// Reads the header and the first table.
    ///
    /// # Errors
    /// When there is none, it can't be true, or the disk is not all in this file.
    pub fn open(source: &'a dyn ImageSource) -> Result<Self, Qcow2Error> {
        let header = read_header(source)?;
        let bits = header.cluster_bits.get();
        let require = |field, value: u64, holds: bool| if holds { Ok(value) } else { Err(Qcow2Error::Header { field, value }) };
        require("logarithm of clusters", bits.into(), CLUSTER_BITS_READ.contains(&bits))?;
        let cluster = 1_u64 << bits;
        let size = require("size", header.size.get(), header.size.get() <= i64::MAX.unsigned_abs())?;
        require("encryption", header.crypt_method.get().into(), header.crypt_method == 0)?;
        if header.backing_file_offset != 0 {
            return Err(Qcow2Error::Elsewhere { what: "it has a backing file" });
        }
        let features = header.incompatible_features.get();
        if features & DATA_FILE != 0 {
            return Err(Qcow2Error::Elsewhere { what: "its data are in a file of their own" });
        }
        let unknown = features & !(DIRTY | CORRUPT | COMPRESSION_TYPE);
        if unknown != 0 {
            return Err(Qcow2Error::Features { features: unknown });
        }
        let compression = match header.compression_type {
            DEFLATE => "zlib",
            ZSTD if features & COMPRESSION_TYPE != 0 => "zstd",
            other => return Err(Qcow2Error::Header { field: "compression", value: other.into() }),
        };
        require("logarithm of counts", header.refcount_order.get().into(), header.refcount_order.get() <= 6)?;
        let counts = u64::from(header.refcount_table_clusters.get()).saturating_mul(cluster);
        require("length of the table of counts", counts, counts <= COUNTS_MOST)?;
        let needed = size.div_ceil(cluster).div_ceil(cluster / 8);
        let entries = u64::from(header.l1_size.get());
        require("length of the first table", entries, entries >= needed && entries * 8 <= FIRST_MOST)?;
        let first = read_table(source, "first table", header.l1_table_offset.get(), entries)?;
        let facts = Qcow2Facts {
            version: header.version.get(),
            size,
            cluster,
            compression,
            snapshots: header.nb_snapshots.get(),
            is_dirty: features & DIRTY != 0,
            is_corrupt: features & CORRUPT != 0,
        };
        Ok(Self { source, header, facts, first, kept: Mutex::default() })
    }

    /// What the header says.
    #[must_use]
    pub fn facts(&self) -> &Qcow2Facts {
        &self.facts
    }

    /// The entry of a cluster; 0 where there is none.
    fn entry(&self, cluster: u64) -> Result<u64, Qcow2Error> {
        let entries = self.facts.cluster / 8;
        let first = usize::try_from(cluster / entries).ok().and_then(|slot| self.first.get(slot)).copied().unwrap_or(0) & OFFSET;
        if first == 0 {
            return Ok(0);
        }
        let known = self.lock().tables.get(&first).map(Arc::clone);
        let table = match known {
            Some(table) => table,
            None => {
                let table: Arc<[u64]> = self.second(first)?.into();
                self.lock().keep(false, first, |kept| kept.tables.insert(first, Arc::clone(&table)).is_none());
                table
            }
        };
        Ok(usize::try_from(cluster % entries).ok().and_then(|slot| table.get(slot)).copied().unwrap_or(0))
    }

    /// A second table.
    pub(super) fn second(&self, offset: u64) -> Result<Vec<u64>, Qcow2Error> {
        read_table(self.source, "second table", offset, self.facts.cluster / 8)
    }

    /// Where a compressed cluster is: its first byte, and the most that it can take.
    pub(super) fn compressed(&self, entry: u64) -> (u64, u64) {
        let bits = 62 - (self.facts.cluster.ilog2() - 8);
        let offset = entry & ((1 << bits) - 1);
        let more = (entry & (COMPRESSED - 1)) >> bits;
        (offset, (more + 1) * SECTOR - offset % SECTOR)
    }

    fn unpack(&self, number: u64, entry: u64) -> Result<Arc<[u8]>, Qcow2Error> {
        if let Some(known) = self.lock().clusters.get(&entry).map(Arc::clone) {
            return Ok(known);
        }
        let damaged = || Qcow2Error::Packed { offset: number * self.facts.cluster };
        let (offset, length) = self.compressed(entry);
        let length = length.min(self.source.length().saturating_sub(offset));
        let mut packed = vec![0; usize::try_from(length).unwrap_or(0)];
        self.source.read_exact_at(offset, &mut packed)?;
        let mut bytes = vec![0; usize::try_from(self.facts.cluster).unwrap_or(0)];
        let is_whole = if self.facts.compression == "zstd" { unzstd(&packed, &mut bytes) } else { inflate(&packed, &mut bytes) };
        if !is_whole {
            return Err(damaged());
        }
        let bytes: Arc<[u8]> = bytes.into();
        self.lock().keep(true, entry, |kept| kept.clusters.insert(entry, Arc::clone(&bytes)).is_none());
        Ok(bytes)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn read(&self, offset: u64, buffer: &mut [u8]) -> Result<usize, Qcow2Error> {
        let cluster = self.facts.cluster;
        let rest = self.facts.size.saturating_sub(offset).min(cluster - offset % cluster);
        let count = usize::try_from(rest).unwrap_or(usize::MAX).min(buffer.len());
        let buffer = &mut buffer[..count];
        if count == 0 {
            return Ok(0);
        }
        let entry = self.entry(offset / cluster)?;
        if entry & COMPRESSED != 0 {
            let bytes = self.unpack(offset / cluster, entry)?;
            let start = usize::try_from(offset % cluster).unwrap_or(0);
            buffer.copy_from_slice(bytes.get(start..start + count).unwrap_or_default());
            return Ok(count);
        }
        let is_zero = self.facts.version > 2 && entry & ZERO != 0;
        if entry & OFFSET == 0 || is_zero {
            buffer.fill(0);
            return Ok(count);
        }
        let at = (entry & OFFSET) + offset % cluster;
        let there = usize::try_from(self.source.length().saturating_sub(at)).unwrap_or(usize::MAX).min(count);
        // As QEMU, which takes what is behind the end of the file for zeros.
        self.source.read_exact_at(at, &mut buffer[..there])?;
        buffer[there..].fill(0);
        Ok(count)
    }
}

impl Kept {
    /// Keeps one more, and the oldest no longer.
    fn keep(&mut self, is_cluster: bool, key: u64, insert: impl FnOnce(&mut Self) -> bool) {
        if insert(self) {
            self.order.push_back((is_cluster, key));
        }
        if self.order.len() > KEPT
            && let Some((is_cluster, key)) = self.order.pop_front()
        {
            if is_cluster {
                self.clusters.remove(&key);
            } else {
                self.tables.remove(&key);
            }
        }
    }
}

impl ImageSource for Qcow2Image<'_> {
    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        self.read(offset, buffer).map_err(|error| match error {
            Qcow2Error::Read(error) => error,
            other => io::Error::new(io::ErrorKind::InvalidData, other),
        })
    }

    fn length(&self) -> u64 {
        self.facts.size
    }
}

fn read_header(source: &dyn ImageSource) -> Result<Header, Qcow2Error> {
    let mut header = Header::new_zeroed();
    if source.length() < OLD_HEADER as u64 {
        return Err(Qcow2Error::Magic);
    }
    source.read_exact_at(0, &mut header.as_mut_bytes()[..OLD_HEADER])?;
    if header.magic != MAGIC {
        return Err(Qcow2Error::Magic);
    }
    match header.version.get() {
        2 => header.refcount_order = 4.into(),
        3 => {
            let known = size_of::<Header>();
            if source.length() < known as u64 {
                return Err(Qcow2Error::Cut { length: source.length() });
            }
            let mut more = vec![0; known - OLD_HEADER];
            source.read_exact_at(OLD_HEADER as u64, &mut more)?;
            header.as_mut_bytes()[OLD_HEADER..].copy_from_slice(&more);
            let length = usize::try_from(header.header_length.get()).unwrap_or(usize::MAX);
            if length < known - 8 {
                return Err(Qcow2Error::Header { field: "length", value: length as u64 });
            }
            if length < known {
                header.compression_type = DEFLATE;
            }
        }
        other => return Err(Qcow2Error::Header { field: "version", value: other.into() }),
    }
    Ok(header)
}

/// A table, which must be in the file.
pub(super) fn read_table(source: &dyn ImageSource, table: &'static str, offset: u64, entries: u64) -> Result<Vec<u64>, Qcow2Error> {
    let end = offset.checked_add(entries * 8).filter(|end| *end <= source.length() && offset.is_multiple_of(SECTOR) && offset > 0);
    if end.is_none() && entries > 0 {
        return Err(Qcow2Error::Table { table, offset });
    }
    let mut bytes = vec![0; usize::try_from(entries * 8).unwrap_or(0)];
    source.read_exact_at(offset, &mut bytes)?;
    Ok(bytes.as_chunks::<8>().0.iter().map(|entry| u64::from_be_bytes(*entry)).collect())
}

/// A raw stream of deflate; what is behind it is no part of it.
fn inflate(packed: &[u8], bytes: &mut [u8]) -> bool {
    let mut stream = flate2::Decompress::new(false);
    let wanted = bytes.len() as u64;
    stream.decompress(packed, bytes, flate2::FlushDecompress::Finish).is_ok() && stream.total_out() == wanted
}

fn unzstd(packed: &[u8], bytes: &mut [u8]) -> bool {
    use io::Read as _;
    let Ok(decoder) = zstd::Decoder::with_buffer(packed) else { return false };
    decoder.single_frame().read_exact(bytes).is_ok()
}
