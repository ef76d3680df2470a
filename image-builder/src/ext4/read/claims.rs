use std::collections::BTreeMap;
use std::ops::Range;

/// Blocks that belong to something, as ranges that don't touch.
#[derive(Debug, Clone, Default)]
pub(super) struct Claims {
    /// Ends by starts.
    ranges: BTreeMap<u64, u64>,
}

impl Claims {
    /// Adds blocks. Gives the first of them that was there already.
    pub(super) fn claim(&mut self, wanted: Range<u64>) -> Option<u64> {
        if wanted.is_empty() {
            return None;
        }
        let mut range = wanted.clone();
        let mut taken = None;
        if let Some((start, end)) = self.ranges.range(..=wanted.start).next_back().map(|(start, end)| (*start, *end))
            && end >= wanted.start
        {
            taken = (end > wanted.start).then_some(wanted.start);
            range = start..end.max(range.end);
        }
        while let Some((start, end)) = self.ranges.range(range.start + 1..=range.end).next().map(|(start, end)| (*start, *end)) {
            if start < wanted.end && taken.is_none() {
                taken = Some(start);
            }
            range.end = range.end.max(end);
            self.ranges.remove(&start);
        }
        self.ranges.insert(range.start, range.end);
        taken
    }

    /// What of these blocks there is.
    pub(super) fn within(&self, blocks: Range<u64>) -> impl Iterator<Item = Range<u64>> + '_ {
        let before = self.ranges.range(..blocks.start).next_back();
        let rest = self.ranges.range(blocks.start..blocks.end);
        let cut = move |(start, end): (&u64, &u64)| (*start).max(blocks.start)..(*end).min(blocks.end);
        before.into_iter().chain(rest).map(cut).filter(|range| !range.is_empty())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_there_already_is_told() {
        let mut claims = Claims::default();
        for (range, taken) in [
            (10..20, None),
            (20..30, None),
            (40..50, None),
            (5..10, None),
            (29..30, Some(29)),
            (30..41, Some(40)),
            (0..100, Some(5)),
            (100..100, None),
            (99..101, Some(99)),
        ] {
            assert_eq!(claims.claim(range.clone()), taken, "{range:?}");
        }
        assert_eq!(claims.within(50..60).next(), Some(50..60));
        assert_eq!(claims.within(90..200).next(), Some(90..101));
        assert_eq!(claims.within(101..200).count(), 0);
    }
}
