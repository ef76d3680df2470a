use std::collections::BTreeMap;
use std::os::fd::BorrowedFd;
use std::sync::{Mutex, PoisonError};

use rayon::prelude::*;

use super::hasher::Hasher;
use super::{BLOCK, DIGEST, HASHES, VerityError};
use crate::sink::{Image, Sink, SinkError, read_exact};

/// Bytes that one thread hashes before another may help.
const STRETCH: usize = 16 * BLOCK;
/// Bytes of a file that are hashed and written at once.
const COPY_BUFFER: u64 = 1 << 20;

/// Passes a filesystem on and hashes it on the way, so that it need not be read again.
///
/// Blocks that come whole are hashed when they come; those that come in pieces are read back from the sink behind at the end. What is never
/// written is zeros, whose hash is known. Contents of files are read here, so that what is hashed is what is written.
#[derive(Debug)]
pub struct VeritySink<'a> {
    image: Image<'a>,
    pub(super) hasher: Hasher,
    pub(super) salt: Vec<u8>,
    groups: Mutex<BTreeMap<u64, Box<Group>>>,
}

/// The hashes of 128 blocks of data.
#[derive(Debug, Clone)]
struct Group {
    digests: [[u8; DIGEST]; HASHES],
    /// Blocks that came in pieces, a bit each.
    pieces: u128,
}

impl<'a> VeritySink<'a> {
    /// Before what will begin at the start of `image`.
    ///
    /// # Errors
    /// [`VerityError::Salt`].
    pub fn new(image: Image<'a>, salt: &[u8]) -> Result<Self, VerityError> {
        Ok(Self { image, hasher: Hasher::new(salt)?, salt: salt.to_vec(), groups: Mutex::default() })
    }

    /// The hashes of `blocks` blocks, 4096 bytes for each 128 of them; those behind the last are zeros. What is behind it must not have been
    /// written.
    pub(super) fn leaves(self, blocks: u64) -> Result<Leaves, SinkError> {
        let nothing = Group { digests: [self.hasher.zeros(); HASHES], pieces: 0 };
        let groups = self.groups.into_inner().unwrap_or_else(PoisonError::into_inner);
        let groups = groups
            .into_par_iter()
            .map(|(number, mut group)| {
                let mut block = [0; BLOCK];
                for index in (0..HASHES).filter(|index| group.pieces >> index & 1 != 0) {
                    self.image.read_back((number * HASHES as u64 + index as u64) * BLOCK as u64, &mut block)?;
                    group.digests[index] = self.hasher.hash(&block);
                }
                Ok((number, group))
            })
            .collect::<Result<_, SinkError>>()?;
        Ok(Leaves { blocks, groups, nothing })
    }

    fn with_group(&self, number: u64, change: impl FnOnce(&mut Group)) {
        let mut groups = self.groups.lock().unwrap_or_else(PoisonError::into_inner);
        change(groups.entry(number).or_insert_with(|| Box::new(Group { digests: [self.hasher.zeros(); HASHES], pieces: 0 })));
    }

    fn note_piece(&self, offset: u64) {
        let (group, index) = place(offset);
        self.with_group(group, |group| group.pieces |= 1 << index);
    }

    /// Hashes blocks that lie one behind the other.
    fn note_blocks(&self, offset: u64, bytes: &[u8]) {
        bytes.par_chunks(STRETCH).enumerate().for_each(|(stretch, bytes)| {
            let digests: Vec<_> = bytes.chunks_exact(BLOCK).map(|block| self.hasher.hash(block)).collect();
            let mut offset = offset + (stretch * STRETCH) as u64;
            let mut rest = digests.as_slice();
            while !rest.is_empty() {
                let (group, index) = place(offset);
                let (here, further) = rest.split_at(rest.len().min(HASHES - index));
                self.with_group(group, |group| group.digests[index..index + here.len()].copy_from_slice(here));
                offset += (here.len() * BLOCK) as u64;
                rest = further;
            }
        });
    }
}

impl Sink for VeritySink<'_> {
    fn data(&self, offset: u64, bytes: &[u8]) -> Result<(), SinkError> {
        self.image.data(offset, bytes)?;
        let before = bytes.len().min(usize::try_from(offset.next_multiple_of(BLOCK as u64) - offset).unwrap_or(0));
        let (piece, rest) = bytes.split_at(before);
        let (blocks, last) = rest.split_at(rest.len() - rest.len() % BLOCK);
        if !piece.is_empty() {
            self.note_piece(offset);
        }
        self.note_blocks(offset + before as u64, blocks);
        if !last.is_empty() {
            self.note_piece(offset + (before + blocks.len()) as u64);
        }
        Ok(())
    }

    fn zeros(&self, offset: u64, length: u64) -> Result<(), SinkError> {
        self.image.zeros(offset, length)
    }

    fn copy(&self, offset: u64, from: BorrowedFd<'_>, at: u64, length: u64) -> Result<(), SinkError> {
        let mut buffer = vec![0; usize::try_from(length.min(COPY_BUFFER)).unwrap_or(0)];
        let mut done = 0;
        while done < length {
            // Whole blocks, after what is left of the first one.
            let up_to = (offset + done + 1).next_multiple_of(COPY_BUFFER) - offset - done;
            let wanted = usize::try_from(up_to.min(length - done)).unwrap_or(usize::MAX).min(buffer.len());
            read_exact(from, &mut buffer[..wanted], at + done)?;
            self.data(offset + done, &buffer[..wanted])?;
            done += wanted as u64;
        }
        Ok(())
    }

    fn read_back(&self, offset: u64, buffer: &mut [u8]) -> Result<(), SinkError> {
        self.image.read_back(offset, buffer)
    }
}

/// Where the hash of the block at an offset belongs.
fn place(offset: u64) -> (u64, usize) {
    let block = offset / BLOCK as u64;
    (block / HASHES as u64, usize::try_from(block % HASHES as u64).unwrap_or(0))
}

/// The lowest level of hashes.
#[derive(Debug)]
pub(super) struct Leaves {
    blocks: u64,
    groups: BTreeMap<u64, Box<Group>>,
    nothing: Group,
}

impl Leaves {
    /// Blocks of data.
    pub(super) fn blocks(&self) -> u64 {
        self.blocks
    }

    /// The first of these hashes.
    pub(super) fn first(&self) -> [u8; DIGEST] {
        self.group(0).digests[0]
    }

    /// A block of them.
    pub(super) fn block(&self, number: u64) -> [u8; BLOCK] {
        let mut block = [0; BLOCK];
        let rest = usize::try_from(self.blocks.saturating_sub(number * HASHES as u64)).unwrap_or(usize::MAX);
        let digests = &self.group(number).digests[..rest.min(HASHES)];
        block[..digests.len() * DIGEST].copy_from_slice(digests.as_flattened());
        block
    }

    fn group(&self, number: u64) -> &Group {
        self.groups.get(&number).map_or(&self.nothing, |group| group)
    }
}
