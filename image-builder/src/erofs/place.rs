use std::collections::{BTreeMap, BTreeSet};

use super::format::{BLOCK, INODE_SLOT};

/// Gives inodes their places. What is not longer than a block never lies in two; such are put where they leave the least room.
#[derive(Debug)]
pub(super) struct Places {
    /// Blocks with room at their end, by how many bytes that is.
    open: BTreeMap<u64, BTreeSet<u64>>,
    /// Blocks in use.
    blocks: u64,
}

impl Places {
    /// The first slot stays empty: an inode there would have the number 0, which programs take for none.
    pub(super) fn new() -> Self {
        Self { open: BTreeMap::from([(BLOCK - INODE_SLOT, BTreeSet::from([0]))]), blocks: 1 }
    }

    /// Where so many bytes begin, from the first block on.
    pub(super) fn take(&mut self, size: u64) -> u64 {
        let size = size.next_multiple_of(INODE_SLOT);
        let found = self.open.range(size..).find_map(|(room, blocks)| Some((*room, *blocks.first()?)));
        let Some((room, block)) = found else {
            let start = self.blocks * BLOCK;
            self.blocks += size.div_ceil(BLOCK);
            self.keep(self.blocks - 1, self.blocks * BLOCK - start - size);
            return start;
        };
        if let Some(blocks) = self.open.get_mut(&room) {
            blocks.remove(&block);
            if blocks.is_empty() {
                self.open.remove(&room);
            }
        }
        self.keep(block, room - size);
        (block + 1) * BLOCK - room
    }

    fn keep(&mut self, block: u64, room: u64) {
        if room > 0 {
            self.open.entry(room).or_default().insert(block);
        }
    }

    /// Blocks in use.
    pub(super) fn blocks(&self) -> u64 {
        self.blocks
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_are_filled_and_nothing_overlaps() {
        let mut places = Places::new();
        assert_eq!(places.take(32), 32);
        assert_eq!(places.take(4096), 4096);
        assert_eq!(places.take(4000), 64);
        assert_eq!(places.take(5000), 8192);
        assert_eq!(places.take(3000), 8192 + 5024);
        assert_eq!(places.take(33), 8192 + 5024 + 3008);
        assert_eq!(places.take(32), 4096 - 32);
        assert_eq!(places.blocks(), 4);
    }
}
