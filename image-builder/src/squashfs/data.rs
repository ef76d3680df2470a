use super::SquashfsError;
use super::compress::Codec;
use super::format::{BLOCK_UNCOMPRESSED, FragmentEntry};
use super::plan::{Job, Plan, end_of};
use crate::census::Census;
use crate::contents::{Contents, is_zero};
use crate::pipeline::in_order;
use crate::sink::Image;

/// Results that may wait for those before them, for each thread: enough that one block which takes long holds up nobody.
const WINDOW: usize = 6;

/// Contents on their way into the image.
#[derive(Debug)]
pub(super) struct Data<'a> {
    pub(super) census: &'a Census,
    pub(super) plan: &'a Plan,
    pub(super) codec: &'a Codec,
    pub(super) contents: &'a Contents<'a>,
    pub(super) image: &'a Image<'a>,
    pub(super) block_size: u32,
}

/// Where contents are.
#[derive(Debug, Default)]
pub(super) struct Stored {
    /// Of files with blocks, by number less one.
    pub(super) files: Vec<StoredFile>,
    /// Of all blocks, in the order of the files.
    pub(super) sizes: Vec<u32>,
    pub(super) fragments: Vec<FragmentEntry>,
    /// Where what follows may begin.
    pub(super) end: u64,
}

/// A file's blocks.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct StoredFile {
    /// Where the first begins.
    pub(super) start: u64,
    /// Its place among the sizes.
    pub(super) first: usize,
    /// Bytes in blocks of zeros.
    pub(super) sparse: u64,
}

/// What became of a job.
struct Compressed {
    bytes: Vec<u8>,
    /// Of each block; 0 for zeros.
    sizes: Vec<u32>,
    /// Bytes that were zeros, and that were not.
    sparse: u64,
    dense: u64,
}

impl Data<'_> {
    /// Writes all contents from `start` on.
    pub(super) fn write(&self, start: u64) -> Result<Stored, SquashfsError> {
        let mut stored = Stored { end: start, files: vec![StoredFile::default(); self.plan.files.len()], ..Stored::default() };
        let jobs = &self.plan.jobs;
        let window = rayon::current_num_threads() * WINDOW;
        let work = |buffer: &mut Vec<u8>, index: usize| {
            self.image.check_cancelled()?;
            match &jobs[index] {
                Job::Blocks { number, first, count } => self.compress_blocks(buffer, *number, *first, *count),
                Job::Fragment(members) => self.compress_fragment(buffer, members),
            }
        };
        let mut place = jobs.iter();
        let emit = |compressed: Compressed| {
            self.image.data(stored.end, &compressed.bytes)?;
            self.image.advance(compressed.dense);
            if let Some(job) = place.next() {
                stored.add(job, &compressed);
            }
            Ok(())
        };
        in_order(jobs.len(), window, Vec::new, work, emit)?;
        Ok(stored)
    }

    fn compress_blocks(&self, buffer: &mut Vec<u8>, number: u32, first: u64, count: u32) -> Result<Compressed, SquashfsError> {
        let block_size = u64::from(self.block_size);
        let (start, end) = (first * block_size, (first + u64::from(count)) * block_size);
        let bytes = self.contents.read(buffer, self.census.inode(number).node, start, end)?;
        let mut compressed = Compressed { bytes: Vec::new(), sizes: Vec::with_capacity(count as usize), sparse: 0, dense: 0 };
        for block in bytes.chunks(self.block_size as usize) {
            if is_zero(block) {
                compressed.sizes.push(0);
                compressed.sparse += block.len() as u64;
            } else {
                self.put(block, &mut compressed)?;
            }
        }
        Ok(compressed)
    }

    fn compress_fragment(&self, buffer: &mut Vec<u8>, members: &[u32]) -> Result<Compressed, SquashfsError> {
        let mut block = Vec::with_capacity(self.block_size as usize);
        for number in members {
            let length = self.length(*number);
            let end = u64::from(end_of(length, self.block_size));
            block.extend_from_slice(self.contents.read(buffer, self.census.inode(*number).node, length - end, length)?);
        }
        let mut compressed = Compressed { bytes: Vec::new(), sizes: Vec::with_capacity(1), sparse: 0, dense: 0 };
        self.put(&block, &mut compressed)?;
        Ok(compressed)
    }

    fn put(&self, block: &[u8], compressed: &mut Compressed) -> Result<(), SquashfsError> {
        let start = compressed.bytes.len();
        let shorter = self.codec.put(block, &mut compressed.bytes)?;
        // At most a block, which is less than the bit.
        let size = u32::try_from(compressed.bytes.len() - start).unwrap_or(BLOCK_UNCOMPRESSED - 1);
        compressed.sizes.push(if shorter { size } else { size | BLOCK_UNCOMPRESSED });
        compressed.dense += block.len() as u64;
        Ok(())
    }

    fn length(&self, number: u32) -> u64 {
        self.contents.tree.file(self.census.inode(number).node).map_or(0, |file| file.length)
    }
}

impl Stored {
    fn add(&mut self, job: &Job, compressed: &Compressed) {
        match job {
            Job::Blocks { number, first, .. } => {
                let file = &mut self.files[*number as usize - 1];
                if *first == 0 {
                    *file = StoredFile { start: self.end, first: self.sizes.len(), sparse: 0 };
                }
                file.sparse += compressed.sparse;
                self.sizes.extend_from_slice(&compressed.sizes);
            }
            Job::Fragment(_) => {
                let size = compressed.sizes.first().copied().unwrap_or(0);
                self.fragments.push(FragmentEntry { start_block: self.end.into(), size: size.into(), unused: 0.into() });
            }
        }
        self.end += compressed.bytes.len() as u64;
    }
}
