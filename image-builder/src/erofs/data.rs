//! Contents on their way into the image.

use rayon::prelude::*;

use super::ErofsError;
use super::compress::{Codec, PIECE, Packed};
use super::format::BLOCK;
use super::index::{Cluster, inode_size};
use super::layout::Sizes;
use crate::batch::Batch;
use crate::census::Census;
use crate::contents::{Contents, is_zero};
use crate::pipeline::in_order;
use crate::sink::Image;

/// Results that may wait for those before them, for each thread.
const WINDOW: usize = 4;
/// Bytes that one thread copies at once.
const JOB: u64 = 8 << 20;
/// Longer stretches are read and written at once; shorter ones are gathered.
const LARGE: u64 = 256 << 10;
/// Bytes of a long one that are in memory.
const STRETCH: u64 = 1 << 20;

/// Where contents are.
#[derive(Debug, Default)]
pub(super) struct Stored {
    /// By number less one.
    pub(super) files: Vec<StoredFile>,
    /// Of all that are compressed.
    pub(super) clusters: Vec<Cluster>,
    /// The first block behind.
    pub(super) end: u64,
}

/// A file's content, without what stands beside its inode.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct StoredFile {
    /// The first block.
    pub(super) start: u64,
    /// How many there are.
    pub(super) blocks: u64,
    /// Where its clusters are among all, and how many, when it is compressed.
    pub(super) clusters: Option<(usize, usize)>,
}

/// The contents of a tree, and what is known of them.
#[derive(Debug)]
pub(super) struct Data<'a> {
    pub(super) census: &'a Census,
    pub(super) contents: &'a Contents<'a>,
    pub(super) sizes: &'a Sizes,
}

/// What one thread compresses.
struct Job {
    number: u32,
    start: u64,
    end: u64,
    /// Whether that is all of the file.
    is_whole: bool,
}

impl Data<'_> {
    /// Gives every file its blocks, when none is compressed.
    pub(super) fn place(&self) -> Stored {
        let mut stored = Stored { files: vec![StoredFile::default(); self.sizes.count()], end: 1, ..Stored::default() };
        for number in self.sizes.stored_files() {
            let blocks = self.sizes.flat_blocks(number);
            stored.files[number as usize - 1] = StoredFile { start: stored.end, blocks, clusters: None };
            stored.end += blocks;
        }
        self.share(&mut stored);
        stored
    }

    /// Files whose content is another's are where that is.
    fn share(&self, stored: &mut Stored) {
        for (later, first) in self.sizes.shared_files() {
            stored.files[later as usize - 1] = stored.files[first as usize - 1];
        }
    }

    /// Copies the blocks of all files to their places, by all threads.
    pub(super) fn copy(&self, stored: &Stored, image: &Image<'_>) -> Result<(), ErofsError> {
        let mut jobs: Vec<Vec<Job>> = vec![Vec::new()];
        let mut bytes = 0;
        for number in self.sizes.stored_files() {
            let end = (self.sizes.flat_blocks(number) * BLOCK).min(self.sizes.length(number));
            let mut start = 0;
            while start < end {
                let stop = (start + JOB).min(end);
                if bytes >= JOB || (start > 0 && bytes > 0) {
                    jobs.push(Vec::new());
                    bytes = 0;
                }
                bytes += stop - start;
                if let Some(job) = jobs.last_mut() {
                    job.push(Job { number, start, end: stop, is_whole: false });
                }
                start = stop;
            }
        }
        jobs.into_par_iter().try_for_each(|jobs| {
            let mut batch = Batch::new(image);
            let mut buffer = Vec::new();
            for job in jobs {
                image.check_cancelled()?;
                let offset = stored.files[job.number as usize - 1].start * BLOCK;
                self.copy_stretch(&job, offset, &mut batch, &mut buffer, image)?;
            }
            Ok(batch.flush()?)
        })
    }

    /// Copies a stretch of a file; blocks of zeros are left out. `offset` is where the file begins in the image.
    fn copy_stretch(
        &self,
        job: &Job,
        offset: u64,
        batch: &mut Batch<'_>,
        buffer: &mut Vec<u8>,
        image: &Image<'_>,
    ) -> Result<(), ErofsError> {
        let id = self.census.inode(job.number).node;
        let mut start = job.start;
        while start < job.end {
            let end = (start + STRETCH).min(job.end);
            let bytes = self.contents.read(buffer, id, start, end)?;
            let is_large = end - start >= LARGE;
            let mut place = offset + start;
            for run in bytes.chunk_by_blocks() {
                if !is_zero(&run[..run.len().min(4096)]) {
                    if is_large {
                        batch.flush()?;
                        image.data(place, run)?;
                    } else {
                        batch.room(place, run.len(), 4096)?.copy_from_slice(run);
                    }
                }
                place += run.len() as u64;
            }
            image.advance(end - start);
            start = end;
        }
        Ok(())
    }

    /// Compresses all files and writes them from block 1 on, one behind another.
    pub(super) fn compress(&self, codec: &Codec, image: &Image<'_>) -> Result<Stored, ErofsError> {
        let jobs = self.jobs();
        let mut stored = Stored { files: vec![StoredFile::default(); self.sizes.count()], end: 1, ..Stored::default() };
        let work = |(packer, buffer): &mut (_, Vec<u8>), index: usize| {
            image.check_cancelled()?;
            self.pack(&jobs[index], packer, buffer)
        };
        let mut next = jobs.iter();
        let emit = |(packed, is_packed): (Packed, bool)| {
            let Some(job) = next.next() else { return Ok(()) };
            if !packed.bytes.is_empty() {
                image.data(stored.end * BLOCK, &packed.bytes)?;
            }
            image.advance(job.end - job.start);
            stored.add(job, &packed, is_packed);
            Ok(())
        };
        let window = rayon::current_num_threads() * WINDOW;
        in_order(jobs.len(), window, || (codec.packer(), Vec::new()), work, emit)?;
        self.share(&mut stored);
        Ok(stored)
    }

    fn jobs(&self) -> Vec<Job> {
        let mut jobs = Vec::new();
        for number in self.sizes.stored_files() {
            let length = self.sizes.length(number);
            if self.sizes.flat_blocks(number) == 0 {
                continue;
            }
            let mut start = 0;
            while start < length {
                let end = (start + PIECE).min(length);
                jobs.push(Job { number, start, end, is_whole: start == 0 && end == length });
                start = end;
            }
        }
        jobs
    }

    /// Compresses a piece; says whether it is to be read as clusters. A whole file that gets no shorter becomes its blocks.
    fn pack(&self, job: &Job, packer: &mut super::compress::Packer, buffer: &mut Vec<u8>) -> Result<(Packed, bool), ErofsError> {
        let bytes = self.contents.read(buffer, self.census.inode(job.number).node, job.start, job.end)?;
        let packed = packer.pack(bytes)?;
        if !job.is_whole {
            return Ok((packed, true));
        }
        let head = self.sizes.head(job.number);
        let own = packed.bytes.len() as u64 + inode_size(head, job.end) - head;
        let blocks = self.sizes.flat_blocks(job.number) * BLOCK;
        if own < blocks + self.sizes.flat_tail(job.number) {
            return Ok((packed, true));
        }
        let mut flat = bytes[..usize::try_from(blocks.min(job.end)).unwrap_or(usize::MAX)].to_vec();
        flat.resize(flat.len().next_multiple_of(4096), 0);
        Ok((Packed { bytes: flat, clusters: Vec::new() }, false))
    }
}

impl Stored {
    fn add(&mut self, job: &Job, packed: &Packed, is_packed: bool) {
        let blocks = packed.bytes.len() as u64 / BLOCK;
        let file = &mut self.files[job.number as usize - 1];
        if job.start == 0 {
            *file = StoredFile { start: self.end, blocks: 0, clusters: is_packed.then_some((self.clusters.len(), 0)) };
        }
        file.blocks += blocks;
        if let Some((_, count)) = &mut file.clusters {
            *count += packed.clusters.len();
            self.clusters.extend_from_slice(&packed.clusters);
        }
        self.end += blocks;
    }
}

/// Bytes in runs of blocks that are all zeros, or none of which is.
trait ChunkByBlocks {
    fn chunk_by_blocks(&self) -> impl Iterator<Item = &[u8]>;
}

impl ChunkByBlocks for [u8] {
    fn chunk_by_blocks(&self) -> impl Iterator<Item = &[u8]> {
        let mut rest = self;
        std::iter::from_fn(move || {
            let first = is_zero(rest.chunks(4096).next()?);
            let count = rest.chunks(4096).take_while(|block| is_zero(block) == first).count();
            let (run, later) = rest.split_at((count * 4096).min(rest.len()));
            rest = later;
            Some(run)
        })
    }
}
