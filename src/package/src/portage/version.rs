//! Versions as Gentoo orders them: `1.2.3b_rc1_p2-r4`.
//!
//! The syntax and the order are those of the Package Manager Specification, chapters 3.2 and 3.3, as portage 3.0.83 reads it.

use std::cmp::Ordering;
use std::fmt;

/// A version with its revision. The text may be owned or borrowed.
///
/// Two versions may be alike ([`Version::compare`]) and yet not be written alike (`1.0` and `1.00`, `1` and `1-r0`); `==` is about how they are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Version<T = String> {
    text: T,
    parts: Parts,
}

/// Where the parts of a version begin.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Parts {
    /// Where the letter would be: behind the numbers.
    letter: usize,
    suffixes: usize,
    /// With its `-r`.
    revision: usize,
}

/// A text that is no version.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{}` is not a version", text.escape_debug())]
pub struct VersionError {
    /// What it was.
    pub text: String,
}

/// The suffixes that mean something, longest first where one begins another, with their places in the order; none at all is as `_p` there.
const SUFFIXES: [(&str, i8); 5] = [("alpha", -4), ("beta", -3), ("pre", -2), ("rc", -1), ("p", 0)];

impl<T: AsRef<str>> Version<T> {
    /// Reads `NUMBERS[LETTER][_SUFFIX[NUMBER]]…[-rNUMBER]`.
    ///
    /// # Errors
    /// When it is something else.
    pub fn parse(text: T) -> Result<Self, VersionError> {
        match find_parts(text.as_ref()) {
            Some(parts) => Ok(Self { text, parts }),
            None => Err(VersionError { text: text.as_ref().to_owned() }),
        }
    }

    /// A version that was read before.
    pub(super) fn from_parts(text: T, parts: Parts) -> Self {
        Self { text, parts }
    }

    pub(super) fn parts(&self) -> Parts {
        self.parts
    }

    /// As it was written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.text.as_ref()
    }

    /// Without the revision.
    #[must_use]
    pub fn without_revision(&self) -> &str {
        self.part(0, self.parts.revision)
    }

    /// The digits of the revision; empty if none is written, which is as 0.
    #[must_use]
    pub fn revision(&self) -> &str {
        self.part(self.parts.revision, usize::MAX).strip_prefix("-r").unwrap_or_default()
    }

    /// The same, borrowed.
    #[must_use]
    pub fn borrowed(&self) -> Version<&str> {
        Version { text: self.text.as_ref(), parts: self.parts }
    }

    /// The same, owned.
    #[must_use]
    pub fn owned(&self) -> Version {
        Version { text: self.text.as_ref().to_owned(), parts: self.parts }
    }

    /// Which of the two is newer.
    #[must_use]
    pub fn compare<U: AsRef<str>>(&self, other: &Version<U>) -> Ordering {
        self.compare_base(other).then_with(|| compare_numbers(self.revision(), other.revision()))
    }

    /// As [`Version::compare`], but for the revisions, as `~` compares.
    #[must_use]
    pub fn compare_base<U: AsRef<str>>(&self, other: &Version<U>) -> Ordering {
        compare_components(self.part(0, self.parts.letter), other.part(0, other.parts.letter))
            .then_with(|| self.part(self.parts.letter, self.parts.suffixes).cmp(other.part(other.parts.letter, other.parts.suffixes)))
            .then_with(|| {
                compare_suffixes(
                    self.part(self.parts.suffixes, self.parts.revision),
                    other.part(other.parts.suffixes, other.parts.revision),
                )
            })
    }

    fn part(&self, start: usize, end: usize) -> &str {
        let text = self.text.as_ref();
        text.get(start..end.min(text.len())).unwrap_or_default()
    }
}

impl<T: AsRef<str>> fmt::Display for Version<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl std::str::FromStr for Version {
    type Err = VersionError;

    fn from_str(text: &str) -> Result<Self, VersionError> {
        Self::parse(text.to_owned())
    }
}

fn find_parts(text: &str) -> Option<Parts> {
    let mut rest = text;
    take_digits(&mut rest).filter(|digits| !digits.is_empty())?;
    while let Some(after) = rest.strip_prefix('.') {
        rest = after;
        take_digits(&mut rest).filter(|digits| !digits.is_empty())?;
    }
    let letter = text.len() - rest.len();
    rest = rest.strip_prefix(|letter: char| letter.is_ascii_lowercase()).unwrap_or(rest);
    let suffixes = text.len() - rest.len();
    while let Some(after) = rest.strip_prefix('_') {
        rest = SUFFIXES.iter().find_map(|(name, _)| after.strip_prefix(name))?;
        take_digits(&mut rest);
    }
    let revision = text.len() - rest.len();
    if let Some(after) = rest.strip_prefix("-r") {
        rest = after;
        take_digits(&mut rest).filter(|digits| !digits.is_empty())?;
    }
    rest.is_empty().then_some(Parts { letter, suffixes, revision })
}

fn take_digits<'a>(rest: &mut &'a str) -> Option<&'a str> {
    let length = rest.bytes().take_while(u8::is_ascii_digit).count();
    let (digits, after) = rest.split_at_checked(length)?;
    *rest = after;
    Some(digits)
}

/// Numbers between dots: the first ones as numbers; of the others, where one begins with a zero, both as fractions.
fn compare_components(left: &str, right: &str) -> Ordering {
    let (mut left, mut right) = (left.split('.'), right.split('.'));
    let first = compare_numbers(left.next().unwrap_or_default(), right.next().unwrap_or_default());
    if first.is_ne() {
        return first;
    }
    loop {
        let order = match (left.next(), right.next()) {
            (None, None) => return Ordering::Equal,
            (None, Some(_)) => Ordering::Less,
            (Some(_), None) => Ordering::Greater,
            (Some(left), Some(right)) if left.starts_with('0') || right.starts_with('0') => {
                left.trim_end_matches('0').cmp(right.trim_end_matches('0'))
            }
            (Some(left), Some(right)) => compare_numbers(left, right),
        };
        if order.is_ne() {
            return order;
        }
    }
}

/// `_rc1_p2`: one after the other; the end is less than `_p` and more than what comes before a release.
fn compare_suffixes(left: &str, right: &str) -> Ordering {
    // Both begin with `_`, so that there is an empty piece before the first.
    let (mut left, mut right) = (left.split('_').skip(1), right.split('_').skip(1));
    loop {
        let order = match (left.next().map(suffix), right.next().map(suffix)) {
            (None, None) => return Ordering::Equal,
            (None, Some((place, _))) => 0.cmp(&place).then(Ordering::Less),
            (Some((place, _)), None) => place.cmp(&0).then(Ordering::Greater),
            (Some(left), Some(right)) => left.0.cmp(&right.0).then_with(|| compare_numbers(left.1, right.1)),
        };
        if order.is_ne() {
            return order;
        }
    }
}

/// A suffix's place in the order and its number.
fn suffix(text: &str) -> (i8, &str) {
    SUFFIXES.iter().find_map(|(name, place)| Some((*place, text.strip_prefix(name)?))).unwrap_or((0, text))
}

/// Numbers of any length; none is as 0.
fn compare_numbers(left: &str, right: &str) -> Ordering {
    let (left, right) = (left.trim_start_matches('0'), right.trim_start_matches('0'));
    left.len().cmp(&right.len()).then_with(|| left.cmp(right))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_told_apart() {
        let version = Version::parse("1.2b_rc1_p-r04").unwrap();
        assert_eq!((version.without_revision(), version.revision()), ("1.2b_rc1_p", "04"));
        assert_eq!(Version::parse("1").unwrap().revision(), "");
        assert_eq!(version.owned().borrowed(), version);
    }

    #[test]
    fn what_is_none_is_refused() {
        for bad in ["", "a", "1.", ".1", "1..2", "1ab", "1_foo", "1_p1a", "1-r", "1-1", "1-r1.2", "1_p_", "1B", " 1", "1\n", "٣", "1_prex"]
        {
            assert!(Version::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn alike_is_not_the_same() {
        for (left, right) in [("1.0", "1.00"), ("1", "1-r0"), ("01", "1"), ("1_p", "1_p0"), ("1.010", "1.01")] {
            let (left, right) = (Version::parse(left).unwrap(), Version::parse(right).unwrap());
            assert_eq!((left.compare(&right), left == right), (Ordering::Equal, false), "{left} {right}");
        }
    }
}
