use rayon::prelude::*;
use zerocopy::IntoBytes;

use super::format::Superblock;
use super::hasher::Hasher;
use super::levels::{first_block, levels};
use super::sink::Leaves;
use super::{BLOCK, DIGEST, RootHash, VerityError, VeritySink};
use crate::sink::Image;

/// Blocks of hashes that are written at once.
const BATCH: u64 = 256;

impl VeritySink<'_> {
    /// Writes the hashes of the first `length` bytes, which are counted in whole blocks; [`super::hash_area_size`] tells how many bytes at the
    /// start of `hashes` they take. With a superblock when an identity is given for it.
    ///
    /// # Errors
    /// When blocks can't be read back or the hashes not be written, and for no data at all.
    pub fn finish(self, length: u64, hashes: &Image<'_>, superblock: Option<[u8; 16]>) -> Result<RootHash, VerityError> {
        let blocks = length.div_ceil(BLOCK as u64);
        if blocks == 0 {
            return Err(VerityError::NoData);
        }
        let (salt, hasher) = (self.salt.clone(), self.hasher.clone());
        if let Some(uuid) = superblock {
            hashes.data(0, Superblock::new(uuid, &salt, blocks).as_bytes())?;
        }
        let start = if superblock.is_some() { BLOCK as u64 } else { 0 };
        let leaves = self.leaves(blocks)?;
        let root = write_levels(&leaves, &hasher, &hashes.from(start))?;
        Ok(RootHash::new(root, &salt, blocks, superblock.is_some()))
    }
}

/// Writes all levels; gives the root hash.
fn write_levels(leaves: &Leaves, hasher: &Hasher, hashes: &Image<'_>) -> Result<[u8; DIGEST], VerityError> {
    let levels = levels(leaves.blocks());
    let mut below: Vec<[u8; DIGEST]> = Vec::new();
    for (level, count) in levels.iter().copied().enumerate() {
        let first = first_block(&levels, level);
        let block = |index: u64| if level == 0 { leaves.block(index) } else { block_of(&below, index) };
        let digests: Vec<Vec<[u8; DIGEST]>> = (0..count.div_ceil(BATCH))
            .into_par_iter()
            .map(|batch| {
                hashes.check_cancelled()?;
                let blocks: Vec<_> = (batch * BATCH..count.min((batch + 1) * BATCH)).map(block).collect();
                hashes.data((first + batch * BATCH) * BLOCK as u64, blocks.as_flattened())?;
                Ok(blocks.iter().map(|block| hasher.hash(block)).collect())
            })
            .collect::<Result<_, VerityError>>()?;
        below = digests.concat();
    }
    Ok(below.first().copied().unwrap_or_else(|| leaves.first()))
}

/// A block of a level, from the hashes of the blocks below.
fn block_of(below: &[[u8; DIGEST]], index: u64) -> [u8; BLOCK] {
    let mut block = [0; BLOCK];
    let here = usize::try_from(index).ok().and_then(|index| below.chunks(super::HASHES).nth(index)).unwrap_or_default();
    block[..here.len() * DIGEST].copy_from_slice(here.as_flattened());
    block
}
