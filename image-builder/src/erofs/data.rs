//! Contents on their way into the image.

use rayon::prelude::*;

use super::ErofsError;
use super::chunks::Run;
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
#[derive(Debug)]
pub(super) struct Stored {
    /// By number less one.
    pub(super) files: Vec<StoredFile>,
    /// Of all that are compressed.
    pub(super) clusters: Vec<Cluster>,
    /// Of all that are in chunks.
    pub(super) runs: Vec<Run>,
    /// What is copied as it is, in the order of its places.
    pub(super) stretches: Vec<Stretch>,
    /// The first block behind.
    pub(super) end: u64,
}

/// A file's content, without what stands beside its inode.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct StoredFile {
    /// The first block.
    pub(super) start: u64,
    /// How many there are: of the image where it is compressed, else of the content.
    pub(super) blocks: u64,
    pub(super) form: Form,
}

/// How a content is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Form {
    /// Block after block.
    #[default]
    Flat,
    /// Compressed: which of all clusters are its own.
    Clusters { first: usize, count: usize },
    /// In chunks: which of all runs are its own.
    Chunks { first: usize, count: usize },
}

/// Blocks of a content that are copied to where no others are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Stretch {
    pub(super) number: u32,
    /// The first block of the content.
    pub(super) at: u64,
    pub(super) blocks: u64,
    /// The first block of the image.
    pub(super) place: u64,
}

/// The contents of a tree, and what is known of them.
#[derive(Debug)]
pub(super) struct Data<'a> {
    pub(super) census: &'a Census,
    pub(super) contents: &'a Contents<'a>,
    pub(super) sizes: &'a Sizes,
}

/// What one thread compresses or looks at.
pub(super) struct Job {
    pub(super) number: u32,
    pub(super) start: u64,
    pub(super) end: u64,
    /// Whether that is all of the file.
    is_whole: bool,
}

/// What one thread copies: bytes of a content, and where they go in the image.
struct Copy {
    number: u32,
    start: u64,
    end: u64,
    to: u64,
}

impl Data<'_> {
    /// Gives every file its blocks, when none is compressed: in chunks of a size, or each file as it is.
    pub(super) fn place(&self, chunk_size: Option<usize>) -> Result<Stored, ErofsError> {
        if let Some(size) = chunk_size {
            return self.place_chunks(size);
        }
        let mut stored = Stored::of(self.sizes.count());
        for number in self.sizes.stored_files() {
            stored.add_flat(number, self.sizes.flat_blocks(number));
        }
        self.share(&mut stored);
        Ok(stored)
    }

    /// Files whose content is another's are where that is.
    pub(super) fn share(&self, stored: &mut Stored) {
        for (later, first) in self.sizes.shared_files() {
            stored.files[later as usize - 1] = stored.files[first as usize - 1];
        }
    }

    /// Whether a file is read once for its blocks and its end, which stands beside its inode.
    pub(super) fn is_read_once(&self, number: u32, stored: &Stored) -> bool {
        let file = stored.files[number as usize - 1];
        let is_short = (1..=STRETCH / BLOCK).contains(&file.blocks);
        file.form == Form::Flat && is_short && self.sizes.flat_tail(number) > 0 && !self.sizes.is_shared(number)
    }

    /// Copies a file's blocks to their place, and gives its end; see [`Self::is_read_once`].
    pub(super) fn copy_whole<'b>(
        &'b self,
        number: u32,
        stored: &Stored,
        batch: &mut Batch<'_>,
        buffer: &'b mut Vec<u8>,
        image: &Image<'_>,
    ) -> Result<&'b [u8], ErofsError> {
        let file = stored.files[number as usize - 1];
        let bytes = self.contents.read(buffer, self.census.inode(number).node, 0, self.sizes.length(number))?;
        let (blocks, tail) = bytes.split_at(usize::try_from(file.blocks * BLOCK).unwrap_or(usize::MAX).min(bytes.len()));
        put(blocks, file.start * BLOCK, batch, image)?;
        image.advance(blocks.len() as u64);
        Ok(tail)
    }

    /// Copies the blocks of all files that are not read once to their places, by all threads.
    pub(super) fn copy(&self, stored: &Stored, image: &Image<'_>) -> Result<(), ErofsError> {
        let mut jobs: Vec<Vec<Copy>> = vec![Vec::new()];
        let mut bytes = 0;
        for stretch in stored.stretches.iter().filter(|stretch| !self.is_read_once(stretch.number, stored)) {
            let first = stretch.at * BLOCK;
            let end = (first + stretch.blocks * BLOCK).min(self.sizes.length(stretch.number));
            let mut start = first;
            while start < end {
                let stop = (start + JOB).min(end);
                if bytes >= JOB || (start > first && bytes > 0) {
                    jobs.push(Vec::new());
                    bytes = 0;
                }
                bytes += stop - start;
                if let Some(job) = jobs.last_mut() {
                    job.push(Copy { number: stretch.number, start, end: stop, to: stretch.place * BLOCK + (start - first) });
                }
                start = stop;
            }
        }
        jobs.into_par_iter().try_for_each(|jobs| {
            let mut batch = Batch::new(image);
            let mut buffer = Vec::new();
            for job in jobs {
                image.check_cancelled()?;
                self.copy_stretch(&job, &mut batch, &mut buffer, image)?;
            }
            Ok(batch.flush()?)
        })
    }

    /// Bytes of files in chunks that are not copied.
    pub(super) fn found_elsewhere(&self, stored: &Stored) -> u64 {
        let is_cut = |number: u32| matches!(stored.files[number as usize - 1].form, Form::Chunks { .. });
        let all: u64 = self.sizes.stored_files().filter(|number| is_cut(*number)).map(|number| self.sizes.length(number)).sum();
        let own = stored.stretches.iter().filter(|stretch| is_cut(stretch.number));
        all - own.map(|stretch| (stretch.blocks * BLOCK).min(self.sizes.length(stretch.number) - stretch.at * BLOCK)).sum::<u64>()
    }

    /// Copies a stretch of a file; blocks of zeros are left out.
    fn copy_stretch(&self, job: &Copy, batch: &mut Batch<'_>, buffer: &mut Vec<u8>, image: &Image<'_>) -> Result<(), ErofsError> {
        let id = self.census.inode(job.number).node;
        let mut start = job.start;
        while start < job.end {
            let end = (start + STRETCH).min(job.end);
            let bytes = self.contents.read(buffer, id, start, end)?;
            put(bytes, job.to + (start - job.start), batch, image)?;
            image.advance(end - start);
            start = end;
        }
        Ok(())
    }

    /// Compresses all files and writes them from block 1 on, one behind another.
    pub(super) fn compress(&self, codec: &Codec, image: &Image<'_>) -> Result<Stored, ErofsError> {
        let jobs = self.jobs();
        let mut stored = Stored::of(self.sizes.count());
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

    /// Files with whole blocks, in pieces.
    pub(super) fn jobs(&self) -> Vec<Job> {
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
    /// Nothing yet, for so many inodes. The first block is the superblock's.
    pub(super) fn of(inodes: usize) -> Self {
        Self { files: vec![StoredFile::default(); inodes], clusters: Vec::new(), runs: Vec::new(), stretches: Vec::new(), end: 1 }
    }

    /// What a file's clusters, or runs, are; nothing for one that has others.
    pub(super) fn clusters_of(&self, number: u32) -> &[Cluster] {
        match self.files[number as usize - 1].form {
            Form::Clusters { first, count } => self.clusters.get(first..first + count).unwrap_or_default(),
            Form::Flat | Form::Chunks { .. } => &[],
        }
    }

    /// See [`Self::clusters_of`].
    pub(super) fn runs_of(&self, number: u32) -> &[Run] {
        match self.files[number as usize - 1].form {
            Form::Chunks { first, count } => self.runs.get(first..first + count).unwrap_or_default(),
            Form::Flat | Form::Clusters { .. } => &[],
        }
    }

    /// How many files have a form.
    pub(super) fn count(&self, is_wanted: impl Fn(Form) -> bool) -> usize {
        self.files.iter().filter(|file| is_wanted(file.form)).count()
    }

    /// A file's blocks follow each other, behind all that are placed.
    pub(super) fn add_flat(&mut self, number: u32, blocks: u64) {
        self.files[number as usize - 1] = StoredFile { start: self.end, blocks, form: Form::Flat };
        self.stretches.push(Stretch { number, at: 0, blocks, place: self.end });
        self.end += blocks;
    }

    fn add(&mut self, job: &Job, packed: &Packed, is_packed: bool) {
        let blocks = packed.bytes.len() as u64 / BLOCK;
        let file = &mut self.files[job.number as usize - 1];
        if job.start == 0 {
            let form = if is_packed { Form::Clusters { first: self.clusters.len(), count: 0 } } else { Form::Flat };
            *file = StoredFile { start: self.end, blocks: 0, form };
        }
        file.blocks += blocks;
        if let Form::Clusters { count, .. } = &mut file.form {
            *count += packed.clusters.len();
            self.clusters.extend_from_slice(&packed.clusters);
        }
        self.end += blocks;
    }
}

/// Puts bytes that begin a block where they belong, but for blocks of zeros.
fn put(bytes: &[u8], mut place: u64, batch: &mut Batch<'_>, image: &Image<'_>) -> Result<(), ErofsError> {
    let is_large = bytes.len() as u64 >= LARGE;
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
    Ok(())
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
