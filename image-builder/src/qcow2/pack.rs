//! Clusters at their final places in the file.

use rayon::prelude::*;

use super::format::{CLUSTER, COMPRESSED, COPIED, SECTOR};
use super::layout::Data;
use crate::image_file::ImageFile;
use crate::progress::Progress;
use crate::sink::{Sink, SinkError};

/// Clusters that are compressed together.
const BATCH: usize = 256;
/// Bits of a compressed cluster's offset; above them is how many more sectors it takes: 62 - (cluster_bits - 8).
const OFFSET_BITS: u64 = 54;

/// Puts as many clusters behind the header as there are: those that lie further back are moved into the gaps, in their order. What lies in front of a disk is
/// mostly data, so few are.
pub(super) fn move_together(file: &ImageFile, clusters: &[u64], progress: &dyn Progress) -> Result<Data, SinkError> {
    let count = clusters.len() as u64;
    let staying = clusters.partition_point(|cluster| *cluster < count);
    let (stay, moved) = clusters.split_at(staying);
    let mut data = Data { counts: vec![1; clusters.len() + 1], ..Data::default() };
    let mut buffer = vec![0; usize::try_from(CLUSTER).unwrap_or(0)];
    let mut there = stay.iter().peekable();
    let gaps = (0..count).filter(|place| there.next_if_eq(&place).is_none());
    for (cluster, gap) in moved.iter().zip(gaps) {
        check_cancelled(progress)?;
        file.read_back((1 + cluster) * CLUSTER, &mut buffer)?;
        file.data((1 + gap) * CLUSTER, &buffer)?;
        data.entries.insert(*cluster, ((1 + gap) * CLUSTER) | COPIED);
    }
    data.entries.extend(stay.iter().map(|cluster| (*cluster, ((1 + cluster) * CLUSTER) | COPIED)));
    Ok(data)
}

/// Compresses clusters one after another to the front of the file. What was read never lies in front of what is written: each takes a cluster at most, and
/// there are never more behind than in front.
pub(super) fn compress(file: &ImageFile, clusters: &[u64], level: u32, progress: &dyn Progress) -> Result<Data, SinkError> {
    let level = i32::try_from(level).unwrap_or(i32::MAX);
    let mut packed = Packed { file, position: CLUSTER, data: Data { counts: vec![1], ..Data::default() }, pending: Vec::new() };
    for batch in clusters.chunks(BATCH) {
        check_cancelled(progress)?;
        let all: Vec<Option<Stored>> = batch
            .par_iter()
            .map_init(|| zstd::bulk::Compressor::new(level), |compressor, cluster| store(file, *cluster, compressor))
            .collect::<Result<_, _>>()?;
        for (cluster, stored) in batch.iter().zip(all) {
            if let Some(stored) = stored {
                packed.add(*cluster, &stored);
            }
        }
        packed.write()?;
    }
    packed.fill_cluster();
    packed.write()?;
    Ok(packed.data)
}

fn check_cancelled(progress: &dyn Progress) -> Result<(), SinkError> {
    if progress.cancelled() { Err(SinkError::Cancelled) } else { Ok(()) }
}

/// A cluster as it is stored.
enum Stored {
    Compressed(Vec<u8>),
    Plain(Vec<u8>),
}

/// Nothing for zeros.
fn store(
    file: &ImageFile,
    cluster: u64,
    compressor: &mut std::io::Result<zstd::bulk::Compressor<'_>>,
) -> Result<Option<Stored>, SinkError> {
    let mut bytes = vec![0; usize::try_from(CLUSTER).unwrap_or(0)];
    file.read_back((1 + cluster) * CLUSTER, &mut bytes)?;
    if bytes.iter().all(|byte| *byte == 0) {
        return Ok(None);
    }
    let compressor = compressor.as_mut().map_err(|error| SinkError::Write(std::io::Error::new(error.kind(), error.to_string())))?;
    let compressed = compressor.compress(&bytes).map_err(SinkError::Write)?;
    Ok(Some(if compressed.len() < bytes.len() { Stored::Compressed(compressed) } else { Stored::Plain(bytes) }))
}

struct Packed<'a> {
    file: &'a ImageFile,
    /// Where the next cluster goes, with what is pending.
    position: u64,
    data: Data,
    /// Not written yet; ends at the position.
    pending: Vec<u8>,
}

impl Packed<'_> {
    fn add(&mut self, cluster: u64, stored: &Stored) {
        let entry = match stored {
            Stored::Plain(bytes) => {
                self.fill_cluster();
                let at = self.position;
                self.push(bytes);
                self.count(at, CLUSTER);
                at | COPIED
            }
            Stored::Compressed(bytes) => {
                let at = self.position;
                self.push(bytes);
                let more = (self.position - 1) / SECTOR - at / SECTOR;
                let start = at / SECTOR * SECTOR;
                self.count(start, (more + 1) * SECTOR);
                COMPRESSED | more << OFFSET_BITS | at
            }
        };
        self.data.entries.insert(cluster, entry);
    }

    fn push(&mut self, bytes: &[u8]) {
        self.pending.extend_from_slice(bytes);
        self.position += bytes.len() as u64;
    }

    /// Zeros to the end of a cluster: what was there before the clusters were compressed is no part of the image.
    fn fill_cluster(&mut self) {
        let missing = self.position.next_multiple_of(CLUSTER) - self.position;
        self.push(&vec![0; usize::try_from(missing).unwrap_or(0)]);
    }

    /// One more reference to all clusters of the file that a stretch lies in.
    fn count(&mut self, start: u64, length: u64) {
        for number in start / CLUSTER..=(start + length - 1) / CLUSTER {
            let Ok(number) = usize::try_from(number) else { return };
            if number >= self.data.counts.len() {
                self.data.counts.resize(number + 1, 0);
            }
            self.data.counts[number] = self.data.counts[number].saturating_add(1);
        }
    }

    fn write(&mut self) -> Result<(), SinkError> {
        let start = self.position - self.pending.len() as u64;
        self.file.data(start, &self.pending)?;
        self.pending.clear();
        Ok(())
    }
}
