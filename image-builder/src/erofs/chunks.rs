//! Contents in chunks of one size: those that are the same are stored once, and zeros nowhere.
//!
//! A file becomes chunks where that makes the image smaller; else its blocks follow each other, and what others find in them is theirs too.

use std::collections::BTreeMap;

use rootfs_tree::Digest;
use sha2::{Digest as _, Sha256};

use super::ErofsError;
use super::data::{Data, Form, Job, Stored, StoredFile, Stretch};
use super::format::{BLOCK, NULL_ADDR};
use crate::contents::is_zero;
use crate::pipeline::in_order;

/// Blocks of the largest chunk, as a power of two: 1 GiB, which 32-bit kernels can still count.
const BITS_MAX: u32 = 18;
/// Results that may wait for those before them, for each thread.
const WINDOW: usize = 8;

/// Blocks of a content that follow each other in the image, or are nowhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Run {
    /// The first block of the content.
    at: u64,
    /// The first block of the image; none for zeros.
    place: Option<u64>,
}

/// What a content has next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Found {
    /// So many blocks of zeros.
    Zeros(u64),
    /// A chunk of so many blocks.
    Chunk(Digest, u64),
}

impl Found {
    fn blocks(self) -> u64 {
        match self {
            Self::Zeros(blocks) | Self::Chunk(_, blocks) => blocks,
        }
    }
}

impl Data<'_> {
    /// Gives every file its blocks. Reads all files that have some.
    pub(super) fn place_chunks(&self, chunk_size: usize) -> Result<Stored, ErofsError> {
        let jobs = self.jobs();
        let mut places = Places { data: self, stored: Stored::of(self.sizes.count()), known: BTreeMap::new() };
        for number in self.sizes.stored_files() {
            places.stored.files[number as usize - 1].start = places.stored.end;
        }
        let work = |buffer: &mut Vec<u8>, index: usize| self.look(&jobs[index], chunk_size, buffer);
        let mut next = jobs.iter();
        let mut file = Vec::new();
        let emit = |found: Vec<Found>| {
            let Some(job) = next.next() else { return Ok(()) };
            file.extend(found);
            if job.end == self.sizes.length(job.number) {
                places.take(job.number, &file);
                file.clear();
            }
            Ok::<(), ErofsError>(())
        };
        in_order(jobs.len(), rayon::current_num_threads() * WINDOW, Vec::new, work, emit)?;
        let mut stored = places.stored;
        self.share(&mut stored);
        Ok(stored)
    }

    /// What is in a piece of a content, which begins where a chunk does.
    fn look(&self, job: &Job, chunk_size: usize, buffer: &mut Vec<u8>) -> Result<Vec<Found>, ErofsError> {
        const PADDING: [u8; 4096] = [0; 4096];
        let bytes = self.contents.read(buffer, self.census.inode(job.number).node, job.start, job.end)?;
        let mut all: Vec<Found> = Vec::new();
        for chunk in bytes.chunks(chunk_size) {
            let blocks = (chunk.len() as u64).div_ceil(BLOCK);
            if is_zero(chunk) {
                match all.last_mut() {
                    Some(Found::Zeros(before)) => *before += blocks,
                    _ => all.push(Found::Zeros(blocks)),
                }
                continue;
            }
            // The end of a content is as if zeros filled its block.
            let padding = chunk.len().next_multiple_of(PADDING.len()) - chunk.len();
            let hash = Sha256::new().chain_update(chunk).chain_update(&PADDING[..padding]).finalize();
            all.push(Found::Chunk(Digest(hash.into()), blocks));
        }
        Ok(all)
    }
}

/// Files get their places one after another.
struct Places<'a> {
    data: &'a Data<'a>,
    stored: Stored,
    /// Chunks, and where they are.
    known: BTreeMap<Digest, u64>,
}

impl Places<'_> {
    fn take(&mut self, number: u32, found: &[Found]) {
        let sizes = self.data.sizes;
        let mut cut = Cut { runs: Vec::new(), own: BTreeMap::new(), stretches: Vec::new(), blocks: 0, end: self.stored.end };
        found.iter().for_each(|found| cut.push(number, *found, &self.known));
        let index = entries(&cut.runs, cut.blocks) * 4;
        let flat = sizes.flat_blocks(number) * BLOCK + sizes.flat_tail(number);
        if (cut.end - self.stored.end) * BLOCK + index >= flat {
            return self.take_flat(number, found);
        }
        self.known.append(&mut cut.own);
        let form = Form::Chunks { first: self.stored.runs.len(), count: cut.runs.len() };
        self.stored.files[number as usize - 1] = StoredFile { start: self.stored.end, blocks: cut.blocks, form };
        self.stored.runs.append(&mut cut.runs);
        self.stored.stretches.append(&mut cut.stretches);
        self.stored.end = cut.end;
    }

    /// The blocks follow each other, and others may have some of them.
    fn take_flat(&mut self, number: u32, found: &[Found]) {
        let blocks = self.data.sizes.flat_blocks(number);
        let mut at = 0;
        for found in found {
            if let Found::Chunk(digest, count) = found
                && at + count <= blocks
            {
                self.known.entry(*digest).or_insert(self.stored.end + at);
            }
            at += found.blocks();
        }
        self.stored.add_flat(number, blocks);
    }
}

/// A content in chunks.
struct Cut {
    runs: Vec<Run>,
    /// Chunks that are new, and where they will be.
    own: BTreeMap<Digest, u64>,
    stretches: Vec<Stretch>,
    /// Of the content, up to here.
    blocks: u64,
    /// Of the image.
    end: u64,
}

impl Cut {
    fn push(&mut self, number: u32, found: Found, known: &BTreeMap<Digest, u64>) {
        let at = self.blocks;
        self.blocks += found.blocks();
        let place = match found {
            Found::Zeros(_) => None,
            Found::Chunk(digest, count) => {
                let before = known.get(&digest).or_else(|| self.own.get(&digest)).copied();
                Some(before.unwrap_or_else(|| self.store(number, digest, at, count)))
            }
        };
        // What goes on where the last run ends is a part of it.
        let goes_on = self.runs.last().is_some_and(|run| run.place.map(|start| start + (at - run.at)) == place);
        if !goes_on {
            self.runs.push(Run { at, place });
        }
    }

    fn store(&mut self, number: u32, digest: Digest, at: u64, blocks: u64) -> u64 {
        let place = self.end;
        self.end += blocks;
        self.own.insert(digest, place);
        match self.stretches.last_mut() {
            Some(last) if last.at + last.blocks == at => last.blocks += blocks,
            _ => self.stretches.push(Stretch { number, at, blocks, place }),
        }
        place
    }
}

/// How many blocks a chunk has, as a power of two: the most with which each chunk is in one run.
fn bits(runs: &[Run], blocks: u64) -> u32 {
    let whole = blocks.next_power_of_two().trailing_zeros();
    runs.iter().skip(1).map(|run| run.at.trailing_zeros()).fold(whole.min(BITS_MAX), u32::min)
}

/// How many chunks a content has.
fn entries(runs: &[Run], blocks: u64) -> u64 {
    blocks.div_ceil(1 << bits(runs, blocks))
}

/// Bytes of an inode with `head` bytes in front of the places of its chunks.
pub(super) fn inode_size(head: u64, runs: &[Run], blocks: u64) -> u64 {
    head.next_multiple_of(4) + entries(runs, blocks) * 4
}

/// `i_u` of an inode: how large its chunks are.
pub(super) fn format(runs: &[Run], blocks: u64) -> u32 {
    bits(runs, blocks)
}

/// The places of all chunks, with what is in front of them up to `head` bytes.
pub(super) fn encode(head: u64, runs: &[Run], blocks: u64) -> Vec<u8> {
    let padding = head.next_multiple_of(4) - head;
    let mut bytes: Vec<u8> = (0..padding).map(|_| 0).collect();
    let mut rest = runs;
    for at in (0..blocks).step_by(1 << bits(runs, blocks)) {
        while let [_, next, ..] = rest
            && next.at <= at
        {
            rest = &rest[1..];
        }
        // Less than 2³²: the layout is checked.
        let place = rest.first().and_then(|run| Some(run.place? + (at - run.at)));
        bytes.extend(place.and_then(|place| u32::try_from(place).ok()).unwrap_or(NULL_ADDR).to_le_bytes());
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    const ZEROS: Option<u64> = None;

    fn runs(all: &[(u64, Option<u64>)]) -> Vec<Run> {
        all.iter().map(|(at, place)| Run { at: *at, place: *place }).collect()
    }

    fn places(runs: &[Run], blocks: u64) -> (u32, Vec<u32>) {
        let bytes = encode(0, runs, blocks);
        let places: Vec<u32> = bytes.chunks(4).map(|place| u32::from_le_bytes(place.try_into().unwrap())).collect();
        assert_eq!((places.len() as u64, bytes.len() as u64), (entries(runs, blocks), inode_size(0, runs, blocks)));
        (format(runs, blocks), places)
    }

    #[test]
    fn chunks_are_as_large_as_they_can_be() {
        assert_eq!(places(&runs(&[(0, ZEROS)]), 1), (0, vec![NULL_ADDR]));
        assert_eq!(places(&runs(&[(0, ZEROS)]), 5), (3, vec![NULL_ADDR]));
        assert_eq!(places(&runs(&[(0, Some(7))]), 1000), (10, vec![7]));
        assert_eq!(places(&runs(&[(0, ZEROS), (4, Some(100)), (6, Some(9))]), 7), (1, vec![NULL_ADDR, NULL_ADDR, 100, 9]));
        assert_eq!(places(&runs(&[(0, Some(3)), (1, ZEROS), (2, Some(5))]), 4), (0, vec![3, NULL_ADDR, 5, 6]));
        // One more run than a chunk has room for at its end.
        assert_eq!(places(&runs(&[(0, ZEROS), (1 << 19, Some(1))]), (1 << 19) + 1), (18, vec![NULL_ADDR, NULL_ADDR, 1]));
    }
}
