use rayon::prelude::*;

use super::hasher::Hasher;
use super::levels::{first_block, levels};
use super::{BLOCK, DIGEST, HASHES, RootHash, VerityError};
use crate::source::ImageSource;

/// Checks data against their hashes, and the hashes against the root hash. The hashes begin at [`RootHash::hash_start`] blocks of `hashes`.
///
/// # Errors
/// The first thing that is wrong, from the root down: [`VerityError::Root`], [`VerityError::HashBlock`], [`VerityError::DataBlock`]; or that
/// something can't be read, or is not there.
pub fn verify(data: &dyn ImageSource, hashes: &dyn ImageSource, root: &RootHash) -> Result<(), VerityError> {
    for size in [root.data_block_size, root.hash_block_size] {
        if size as usize != BLOCK {
            return Err(VerityError::BlockSize { size });
        }
    }
    let hasher = Hasher::new(&root.salt)?;
    let levels = levels(root.data_blocks);
    let blocks = levels.iter().sum::<u64>().saturating_add(root.hash_start);
    check_length("data", data, root.data_blocks)?;
    check_length("hashes", hashes, blocks)?;
    let check = Check { data, hashes, root, hasher, levels };
    check.root()?;
    (0..check.levels.len()).rev().try_for_each(|level| check.level(level))
}

fn check_length(what: &'static str, source: &dyn ImageSource, blocks: u64) -> Result<(), VerityError> {
    let (length, needed) = (source.length(), blocks.saturating_mul(BLOCK as u64));
    if length < needed { Err(VerityError::TooShort { what, length, needed }) } else { Ok(()) }
}

struct Check<'a> {
    data: &'a dyn ImageSource,
    hashes: &'a dyn ImageSource,
    root: &'a RootHash,
    hasher: Hasher,
    levels: Vec<u64>,
}

impl Check<'_> {
    fn root(&self) -> Result<(), VerityError> {
        let block = if self.levels.is_empty() { read(self.data, 0)? } else { read(self.hashes, self.root.hash_start)? };
        let found = self.hasher.hash(&block);
        if found == self.root.root_hash {
            return Ok(());
        }
        let found = RootHash { root_hash: found, ..self.root.clone() }.hex();
        Err(VerityError::Root { found, expected: self.root.hex() })
    }

    /// Checks what is below the blocks of a level.
    fn level(&self, level: usize) -> Result<(), VerityError> {
        let first = self.first(level);
        let below = if level == 0 { self.root.data_blocks } else { self.levels[level - 1] };
        let wrong = (0..self.levels[level]).into_par_iter().map(|index| {
            let digests = read(self.hashes, first + index)?;
            let start = index * HASHES as u64;
            let count = usize::try_from(below - start).unwrap_or(usize::MAX).min(HASHES);
            let (source, first_below) = if level == 0 { (self.data, 0) } else { (self.hashes, self.first(level - 1)) };
            self.compare(source, first_below, start, &digests[..count * DIGEST]).and_then(|wrong| match wrong {
                None => Ok(()),
                Some(block) if level == 0 => Err(VerityError::DataBlock { block }),
                Some(index) => Err(VerityError::HashBlock { block: first_below + index, level: level - 1, index }),
            })
        });
        // The first in order, however many threads there are.
        wrong.find_map_first(Result::err).map_or(Ok(()), Err)
    }

    /// The first of the blocks from `start` on whose hash is another.
    fn compare(&self, source: &dyn ImageSource, first: u64, start: u64, digests: &[u8]) -> Result<Option<u64>, VerityError> {
        let mut blocks = vec![0; digests.len() / DIGEST * BLOCK];
        read_at(source, first + start, &mut blocks)?;
        let mut pairs = (start..).zip(blocks.chunks(BLOCK).zip(digests.chunks(DIGEST)));
        Ok(pairs.find(|(_, (block, digest))| self.hasher.hash(block) != **digest).map(|(number, _)| number))
    }

    /// The first block of a level.
    fn first(&self, level: usize) -> u64 {
        self.root.hash_start + first_block(&self.levels, level)
    }
}

fn read(source: &dyn ImageSource, block: u64) -> Result<[u8; BLOCK], VerityError> {
    let mut bytes = [0; BLOCK];
    read_at(source, block, &mut bytes)?;
    Ok(bytes)
}

fn read_at(source: &dyn ImageSource, block: u64, buffer: &mut [u8]) -> Result<(), VerityError> {
    let offset = block.saturating_mul(BLOCK as u64);
    source.read_exact_at(offset, buffer).map_err(|source| VerityError::Read { offset, source })
}
