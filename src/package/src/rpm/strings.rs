//! Texts that occur again and again, each kept once.

use std::hash::{BuildHasher, RandomState};

use super::fault::TooMany;

/// Which text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub(super) struct StringId(pub(super) u32);

impl StringId {
    /// The empty text, which is always there.
    pub(super) const EMPTY: Self = Self(0);

    pub(super) fn index(self) -> usize {
        index(self.0)
    }
}

/// A number that counts things in memory, as an index.
pub(super) fn index(number: u32) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

/// An index as the number that is stored.
pub(super) fn number(index: usize) -> Result<u32, TooMany> {
    u32::try_from(index).map_err(|_too_large| TooMany)
}

/// All texts, one behind the other, and a table of where they begin.
///
/// The table is open addressing with a keyed hash: nobody can choose names that collide.
#[derive(Debug)]
pub(super) struct Strings {
    text: String,
    /// Where each text ends.
    ends: Vec<u32>,
    /// A text's number and 1, or 0.
    slots: Vec<u32>,
    hasher: RandomState,
}

impl Strings {
    pub(super) fn new() -> Self {
        let mut strings = Self { text: String::new(), ends: Vec::new(), slots: vec![0; 1 << 12], hasher: RandomState::new() };
        strings.ends.push(0);
        let slot = strings.find("").1;
        strings.fill(slot, 0);
        strings
    }

    pub(super) fn len(&self) -> usize {
        self.ends.len()
    }

    pub(super) fn get(&self, id: StringId) -> &str {
        let end = self.ends.get(id.index()).copied().unwrap_or(0);
        let start = id.index().checked_sub(1).and_then(|before| self.ends.get(before)).copied().unwrap_or(0);
        self.text.get(index(start)..index(end)).unwrap_or_default()
    }

    /// The text's number, if it occurs.
    pub(super) fn lookup(&self, text: &str) -> Option<StringId> {
        self.find(text).0
    }

    pub(super) fn intern(&mut self, text: &str) -> Result<StringId, TooMany> {
        if text.is_empty() {
            return Ok(StringId::EMPTY);
        }
        let (found, slot) = self.find(text);
        if let Some(id) = found {
            return Ok(id);
        }
        let id = number(self.ends.len())?;
        let end = number(self.text.len() + text.len())?;
        self.text.push_str(text);
        self.ends.push(end);
        self.fill(slot, id);
        if self.ends.len() * 2 > self.slots.len() {
            self.grow();
        }
        Ok(StringId(id))
    }

    fn find(&self, text: &str) -> (Option<StringId>, usize) {
        let mask = self.slots.len() - 1;
        let mut slot = self.start(text);
        loop {
            match self.slots.get(slot).copied() {
                None | Some(0) => return (None, slot),
                Some(filled) if self.get(StringId(filled - 1)) == text => return (Some(StringId(filled - 1)), slot),
                Some(_) => slot = (slot + 1) & mask,
            }
        }
    }

    fn start(&self, text: &str) -> usize {
        let mask = self.slots.len() - 1;
        usize::try_from(self.hasher.hash_one(text) >> 8).unwrap_or(0) & mask
    }

    fn fill(&mut self, slot: usize, id: u32) {
        if let Some(slot) = self.slots.get_mut(slot) {
            *slot = id + 1;
        }
    }

    fn grow(&mut self) {
        self.slots = vec![0; self.slots.len() * 4];
        let mask = self.slots.len() - 1;
        for id in (0..).take(self.ends.len()) {
            let mut slot = self.start(self.get(StringId(id)));
            while self.slots.get(slot).is_some_and(|filled| *filled != 0) {
                slot = (slot + 1) & mask;
            }
            self.fill(slot, id);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_text_is_kept_once() {
        let mut strings = Strings::new();
        let ids: Vec<_> = (0..20_000).map(|number| strings.intern(&format!("text {number}")).unwrap()).collect();
        for (number, id) in ids.iter().enumerate() {
            let text = format!("text {number}");
            assert_eq!((strings.intern(&text), strings.lookup(&text), strings.get(*id)), (Ok(*id), Some(*id), text.as_str()));
        }
        assert_eq!((strings.len(), strings.lookup("another"), strings.lookup("")), (20_001, None, Some(StringId::EMPTY)));
    }
}
