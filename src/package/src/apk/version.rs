//! Versions as apk orders them: `1.2.3b_rc1_p2-r4`, after Gentoo's.

use std::cmp::Ordering;
use std::fmt;

/// A package's version, as it is written. The order of two versions is [`Version::compare`]'s; it is none for `Ord`, since versions that are
/// malformed may be ordered in circles.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Version(Box<str>);

impl Version {
    /// Any text; see [`Version::is_valid`].
    #[must_use]
    pub fn new(text: &str) -> Self {
        Self(text.into())
    }

    /// As it was written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether all of it means something to apk.
    #[must_use]
    pub fn is_valid(&self) -> bool {
        let mut parts = Parts::of(&self.0);
        while !matches!(parts.next, Part::End | Part::Invalid) {
            parts.take();
        }
        parts.next == Part::End
    }

    /// Which of the two is newer.
    #[must_use]
    pub fn compare(&self, other: &Self) -> Ordering {
        self.compare_parts(other, false)
    }

    /// As [`Version::compare`], but two versions are equal when one begins with the other, as for `~`.
    #[must_use]
    pub fn compare_fuzzy(&self, other: &Self) -> Ordering {
        self.compare_parts(other, true)
    }

    fn compare_parts(&self, other: &Self, fuzzy: bool) -> Ordering {
        let (mut left, mut right) = (Parts::of(&self.0), Parts::of(&other.0));
        while left.next == right.next && !matches!(left.next, Part::End | Part::Invalid) {
            let order = left.take().cmp(&right.take());
            if order.is_ne() {
                return order;
            }
        }
        if left.next == right.next || fuzzy {
            return Ordering::Equal;
        }
        // What goes on is newer, unless it goes on as a pre-release.
        if left.is_before_release() {
            return Ordering::Less;
        }
        if right.is_before_release() {
            return Ordering::Greater;
        }
        right.next.cmp(&left.next)
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What comes next in a version, in the order in which parts may follow each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Part {
    Invalid,
    /// A number behind a dot, whose leading zeros count.
    Fraction,
    Number,
    Letter,
    Suffix,
    SuffixNumber,
    Revision,
    End,
}

/// Suffixes of what comes before a release, and of what comes after it, each in their order.
const BEFORE: [&str; 4] = ["alpha", "beta", "pre", "rc"];
const AFTER: [&str; 5] = ["cvs", "svn", "git", "hg", "p"];

/// More digits than these don't fit a 64-bit number for sure.
const MOST_DIGITS: usize = 17;

/// A version read part by part.
#[derive(Debug, Clone, Copy)]
struct Parts<'a> {
    rest: &'a str,
    next: Part,
}

impl<'a> Parts<'a> {
    fn of(version: &'a str) -> Self {
        Self { rest: version, next: Part::Number }
    }

    /// The value of the next part; the part behind it is the next one then.
    fn take(&mut self) -> i64 {
        if self.rest.is_empty() {
            self.next = Part::End;
            return 0;
        }
        let taken = match self.next {
            Part::Fraction if self.rest.starts_with('0') => return self.take_zeros(),
            Part::Fraction | Part::Number | Part::SuffixNumber | Part::Revision => self.take_number(),
            Part::Letter => self.rest.bytes().next().map(|letter| (i64::from(letter), 1)),
            Part::Suffix => suffix(self.rest),
            Part::Invalid | Part::End => None,
        };
        let Some((value, rest)) = taken.and_then(|(value, length)| Some((value, self.rest.get(length..)?))) else {
            self.next = Part::Invalid;
            return -1;
        };
        self.rest = rest;
        self.find_next();
        value
    }

    /// `.001` is less than `.01`: each zero before the last one is a step down, and the number behind them is compared on its own.
    fn take_zeros(&mut self) -> i64 {
        let zeros = self.rest.bytes().take_while(|byte| *byte == b'0').count() - 1;
        self.rest = self.rest.get(zeros..).unwrap_or_default();
        self.next = Part::Number;
        i64::try_from(zeros).map_or(i64::MIN, |zeros| -zeros)
    }

    fn take_number(&self) -> Option<(i64, usize)> {
        let length = self.rest.bytes().take_while(u8::is_ascii_digit).count();
        if length > MOST_DIGITS {
            return None;
        }
        // No digits at all are a zero.
        let digits = self.rest.bytes().take(length);
        Some((digits.fold(0, |value, digit| value * 10 + i64::from(digit - b'0')), length))
    }

    fn find_next(&mut self) {
        let before = self.next;
        let Some(first) = self.rest.bytes().next() else {
            self.next = Part::End;
            return;
        };
        let (next, skipped) = match (before, first) {
            (Part::Fraction | Part::Number, b'a'..=b'z') => (Part::Letter, 0),
            (Part::Letter, b'0'..=b'9') => (Part::Number, 0),
            (Part::Suffix, b'0'..=b'9') => (Part::SuffixNumber, 0),
            (_, b'.') => (Part::Fraction, 1),
            (_, b'_') => (Part::Suffix, 1),
            (_, b'-') if self.rest.starts_with("-r") => (Part::Revision, 2),
            _ => (Part::Invalid, 0),
        };
        let goes_back =
            matches!((before, next), (Part::Number, Part::Fraction) | (Part::SuffixNumber, Part::Suffix) | (Part::Letter, Part::Number));
        self.rest = self.rest.get(skipped..).unwrap_or_default();
        self.next = if next < before && !goes_back { Part::Invalid } else { next };
    }

    fn is_before_release(mut self) -> bool {
        self.next == Part::Suffix && self.take() < 0
    }
}

/// A suffix's place in the order, negative before a release, and its length.
fn suffix(text: &str) -> Option<(i64, usize)> {
    let position = |suffixes: &[&str]| suffixes.iter().position(|suffix| text.starts_with(suffix));
    if let Some(at) = position(&BEFORE) {
        let value = i64::try_from(at).ok()? - i64::try_from(BEFORE.len()).ok()?;
        return Some((value, BEFORE.get(at)?.len()));
    }
    let at = position(&AFTER)?;
    Some((i64::try_from(at).ok()?, AFTER.get(at)?.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every case of apk-tools' own list: `left sign right`.
    #[test]
    fn apks_own_cases() {
        let cases = include_str!("../../tests/data/apk-versions.txt");
        let mut count = 0;
        for line in cases.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
            let [left, sign, right] = line.split(' ').collect::<Vec<_>>()[..] else { panic!("{line}") };
            let order = Version::new(left).compare(&Version::new(right));
            let found = match order {
                Ordering::Less => "<",
                Ordering::Equal => "=",
                Ordering::Greater => ">",
            };
            assert_eq!(found, sign, "{line}");
            count += 1;
        }
        assert!(count > 700, "{count} cases");
    }

    #[test]
    fn validity_is_apks() {
        for valid in ["1", "1.2.3b_rc1_p2-r4", "0", "1.", "1-r", "1a2", "20240705-r0", "1.2.3_git20230424", "12345678901234567"] {
            assert!(Version::new(valid).is_valid(), "{valid}");
        }
        for invalid in ["xy", "1_foo", "1-1", "1-r1.2", "1.0bc", "1~2", "123456789012345678", "1.2 3", "1_p1a"] {
            assert!(!Version::new(invalid).is_valid(), "{invalid}");
        }
    }

    #[test]
    fn a_beginning_is_fuzzily_equal() {
        for (left, right, order) in [
            ("1.2.3-r0", "1.2", Ordering::Equal),
            ("1.2-r0", "1.2.3", Ordering::Equal),
            ("1.20", "1.2", Ordering::Greater),
            ("1.1.9", "1.2", Ordering::Less),
        ] {
            assert_eq!(Version::new(left).compare_fuzzy(&Version::new(right)), order, "{left} {right}");
        }
    }
}
