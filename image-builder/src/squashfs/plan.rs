use rootfs_tree::Tree;

use super::SquashfsOptions;
use crate::census::Census;
use crate::duplicates::Duplicates;

/// Bytes of a file that are read and compressed by one thread at once, unless a block has more.
const STRETCH: u32 = 512 << 10;

/// What is compressed together, in the order of the image. It follows from the lengths of files alone.
#[derive(Debug, Default)]
pub(super) struct Plan {
    pub(super) jobs: Vec<Job>,
    /// By number less one; empty for what is no file, and for a duplicate of another.
    pub(super) files: Vec<Planned>,
    /// How many fragments there are.
    pub(super) fragments: u32,
}

/// What one thread compresses.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Job {
    /// Blocks of a file.
    Blocks {
        /// The file's number.
        number: u32,
        /// The first block of these in the file.
        first: u64,
        /// How many.
        count: u32,
    },
    /// The ends of files, one after another: their numbers.
    Fragment(Vec<u32>),
}

/// Where a content will be.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Planned {
    /// Blocks of its own.
    pub(super) blocks: u64,
    /// The fragment its end is in, and where in it.
    pub(super) fragment: Option<(u32, u32)>,
}

impl Plan {
    /// Plans for every file that is no duplicate. Lengths are checked before.
    pub(super) fn of(tree: &Tree, census: &Census, duplicates: &Duplicates, options: &SquashfsOptions) -> Self {
        let mut plan = Self::default();
        let mut open = Vec::new();
        let mut used = 0;
        let block_size = options.block_size;
        for (number, inode) in census.inodes() {
            plan.files.push(Planned::default());
            let Some(file) = tree.file(inode.node).filter(|_| duplicates.first(number).is_none()) else { continue };
            let end = end_of(file.length, block_size);
            let whole = file.length / u64::from(block_size);
            let in_fragment = options.fragments && end > 0 && (whole == 0 || options.tail_fragments);
            let mut planned = Planned { blocks: whole + u64::from(end > 0 && !in_fragment), fragment: None };
            plan.push_blocks(number, planned.blocks, (STRETCH / block_size).max(1));
            if in_fragment {
                if used + end > block_size {
                    plan.close(&mut open);
                    used = 0;
                }
                planned.fragment = Some((plan.fragments, used));
                open.push(number);
                used += end;
            }
            plan.files[number as usize - 1] = planned;
        }
        plan.close(&mut open);
        plan
    }

    fn push_blocks(&mut self, number: u32, blocks: u64, together: u32) {
        let mut first = 0;
        while first < blocks {
            let count = u32::try_from(blocks - first).unwrap_or(u32::MAX).min(together);
            self.jobs.push(Job::Blocks { number, first, count });
            first += u64::from(count);
        }
    }

    fn close(&mut self, open: &mut Vec<u32>) {
        if !open.is_empty() {
            self.jobs.push(Job::Fragment(std::mem::take(open)));
            self.fragments += 1;
        }
    }
}

/// Bytes of a file after its last whole block.
pub(super) fn end_of(length: u64, block_size: u32) -> u32 {
    u32::try_from(length % u64::from(block_size)).unwrap_or(0)
}
