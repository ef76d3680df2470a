use std::cmp::Ordering;
use std::iter::Peekable;

use crate::tree::{Entry, Tree, Walk};

/// A path of either tree, with what it is in each.
#[derive(Debug)]
pub(crate) enum Sides {
    /// In the old one only.
    Old(Entry),
    /// In the new one only.
    New(Entry),
    /// In both: old and new.
    Both(Entry, Entry),
}

/// Two trees walked together, in the order of [`Tree::walk`].
#[derive(Debug)]
pub(crate) struct Merge<'a> {
    old: Peekable<Walk<'a>>,
    new: Peekable<Walk<'a>>,
}

impl<'a> Merge<'a> {
    /// From the roots on.
    pub(crate) fn of(old: &'a Tree, new: &'a Tree) -> Self {
        Self { old: old.walk().peekable(), new: new.walk().peekable() }
    }
}

impl Iterator for Merge<'_> {
    type Item = Sides;

    fn next(&mut self) -> Option<Sides> {
        let order = match (self.old.peek(), self.new.peek()) {
            (None, None) => return None,
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (Some(old), Some(new)) => compare(&old.path, &new.path),
        };
        match order {
            Ordering::Less => self.old.next().map(Sides::Old),
            Ordering::Greater => self.new.next().map(Sides::New),
            Ordering::Equal => self.old.next().zip(self.new.next()).map(|(old, new)| Sides::Both(old, new)),
        }
    }
}

/// The order of a walk: by name, level by level, so that `/a/b` comes before `/a!`, although the slash is the greater byte.
fn compare(one: &[u8], other: &[u8]) -> Ordering {
    let names = |path| <[u8]>::split(path, |byte| *byte == b'/');
    names(one).cmp(names(other))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::node::Time;

    #[test]
    fn the_order_is_the_walks() {
        let mut tree = Tree::default();
        for path in ["/a/b/c", "/a!", "/a/b-", "/a0", "/b", "/\u{1}x/y"] {
            tree.make_directory(path.as_bytes(), Time::default()).unwrap();
        }
        let paths: Vec<_> = tree.walk().map(|entry| entry.path).collect();
        assert!(paths.is_sorted_by(|one, other| compare(one, other) == Ordering::Less), "{paths:?}");
        assert_eq!(Merge::of(&tree, &tree).filter(|sides| matches!(sides, Sides::Both(..))).count(), paths.len());
    }
}
