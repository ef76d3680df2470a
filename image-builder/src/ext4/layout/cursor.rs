use std::ops::Range;

/// Hands out free blocks in ascending order.
#[derive(Debug)]
pub(crate) struct Cursor<'a> {
    /// In ascending order, none behind `next`.
    taken: &'a [Range<u64>],
    next: u64,
}

/// Blocks that follow each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Run {
    pub(crate) start: u64,
    pub(crate) length: u32,
}

impl<'a> Cursor<'a> {
    /// From a block on, around what is taken.
    pub(crate) fn new(taken: &'a [Range<u64>], start: u64) -> Self {
        Self { taken, next: start }
    }

    /// The next free blocks: at most so many, all in one run.
    pub(crate) fn take(&mut self, most: u32) -> Run {
        while let Some(range) = self.taken.first()
            && range.start <= self.next
        {
            self.next = self.next.max(range.end);
            self.taken = &self.taken[1..];
        }
        let room = self.taken.first().map_or(u64::MAX, |range| range.start - self.next);
        let length = u32::try_from(room).unwrap_or(u32::MAX).min(most);
        let run = Run { start: self.next, length };
        self.next += u64::from(length);
        run
    }

    /// Passes over so many free blocks.
    pub(crate) fn skip(&mut self, blocks: u64) {
        let mut left = blocks;
        while left > 0 {
            left -= u64::from(self.take(u32::try_from(left).unwrap_or(u32::MAX)).length);
        }
    }

    /// The block after the last one handed out.
    pub(crate) fn position(&self) -> u64 {
        self.next
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn goes_around_what_is_taken() {
        let taken = [0..3, 5..6, 6..8];
        let mut cursor = Cursor::new(&taken, 0);
        assert_eq!(cursor.take(10), Run { start: 3, length: 2 });
        assert_eq!(cursor.position(), 5);
        assert_eq!(cursor.take(1), Run { start: 8, length: 1 });
        cursor.skip(u64::from(u32::MAX) + 1);
        assert_eq!(cursor.take(7), Run { start: 9 + (1 << 32), length: 7 });
    }
}
