//! Debian version numbers, ordered as dpkg orders them (deb-version(7)).

use std::cmp::Ordering;
use std::fmt;

/// A version number taken apart: `epoch:upstream-revision`.
///
/// Two versions are equal when neither is newer, so `1.0` equals `1.0-0` and `0:1.00`.
#[derive(Debug, Clone, Copy)]
pub struct Version<'a> {
    epoch: u32,
    upstream: &'a str,
    revision: &'a str,
}

/// A text that is no version number.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not a version: {fault}")]
pub struct VersionError {
    /// What was read.
    pub text: String,
    /// Which rule it breaks.
    pub fault: VersionFault,
}

/// The rule of deb-version(7) that a text breaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum VersionFault {
    /// Nothing but white space.
    #[error("it is empty")]
    Empty,
    /// White space inside.
    #[error("it contains white space")]
    Space,
    /// The part before the first colon is no number, or one above 2³¹-1.
    #[error("its epoch is not a number that dpkg takes")]
    Epoch,
    /// Nothing between epoch and revision.
    #[error("its upstream part is empty")]
    Upstream,
    /// The upstream part starts with something else than a digit.
    #[error("its upstream part does not start with a digit")]
    Start,
    /// A hyphen at the end.
    #[error("its revision is empty")]
    Revision,
    /// A character that isn't allowed where it stands.
    #[error("`{0}` is not allowed there")]
    Character(char),
}

impl<'a> Version<'a> {
    /// Takes a version apart; white space around it is ignored, everything else that dpkg warns about is an error.
    pub fn parse(text: &'a str) -> Result<Self, VersionError> {
        let trimmed = text.trim_matches(is_space);
        Self::check(trimmed).map_err(|fault| VersionError { text: text.to_owned(), fault })
    }

    /// Takes a version apart and never refuses: what is wrong in an archive still has a place in the order.
    #[must_use]
    pub fn parse_lossy(text: &'a str) -> Self {
        let text = text.trim_matches(is_space);
        let (epoch, rest) = match text.split_once(':') {
            Some((epoch, rest)) => epoch.parse().map_or((0, text), |epoch| (epoch, rest)),
            None => (0, text),
        };
        let (upstream, revision) = rest.rsplit_once('-').unwrap_or((rest, ""));
        Self { epoch, upstream, revision }
    }

    fn check(text: &'a str) -> Result<Self, VersionFault> {
        if text.is_empty() {
            return Err(VersionFault::Empty);
        }
        if text.contains(is_space) {
            return Err(VersionFault::Space);
        }
        let (epoch, rest) = match text.split_once(':') {
            Some((epoch, rest)) => (parse_epoch(epoch)?, rest),
            None => (0, text),
        };
        let (upstream, revision) = match rest.rsplit_once('-') {
            Some((_, "")) => return Err(VersionFault::Revision),
            Some(parts) => parts,
            None => (rest, ""),
        };
        match upstream.bytes().next() {
            None => return Err(VersionFault::Upstream),
            Some(first) if !first.is_ascii_digit() => return Err(VersionFault::Start),
            Some(_) => {}
        }
        let strange = |part: &str, allowed: &str| part.chars().find(|c| !c.is_ascii_alphanumeric() && !allowed.contains(*c));
        match strange(upstream, "-+.~:").or_else(|| strange(revision, "+.~")) {
            Some(character) => Err(VersionFault::Character(character)),
            None => Ok(Self { epoch, upstream, revision }),
        }
    }

    /// The number before the colon; 0 when there is none.
    #[must_use]
    pub fn epoch(&self) -> u32 {
        self.epoch
    }

    /// The part between epoch and revision.
    #[must_use]
    pub fn upstream(&self) -> &'a str {
        self.upstream
    }

    /// The part after the last hyphen; empty when there is none.
    #[must_use]
    pub fn revision(&self) -> &'a str {
        self.revision
    }
}

impl Ord for Version<'_> {
    fn cmp(&self, other: &Self) -> Ordering {
        self.epoch
            .cmp(&other.epoch)
            .then_with(|| compare_part(self.upstream.as_bytes(), other.upstream.as_bytes()))
            .then_with(|| compare_part(self.revision.as_bytes(), other.revision.as_bytes()))
    }
}

impl PartialOrd for Version<'_> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Version<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Version<'_> {}

impl fmt::Display for Version<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.epoch != 0 {
            write!(f, "{}:", self.epoch)?;
        }
        f.write_str(self.upstream)?;
        if !self.revision.is_empty() {
            write!(f, "-{}", self.revision)?;
        }
        Ok(())
    }
}

/// Orders two version numbers as dpkg does, whatever they look like.
#[must_use]
pub fn compare(left: &str, right: &str) -> Ordering {
    if left == right {
        return Ordering::Equal;
    }
    Version::parse_lossy(left).cmp(&Version::parse_lossy(right))
}

fn is_space(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\n' | '\r' | '\x0b' | '\x0c')
}

fn parse_epoch(text: &str) -> Result<u32, VersionFault> {
    if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(VersionFault::Epoch);
    }
    match text.parse::<u32>() {
        Ok(epoch) if i32::try_from(epoch).is_ok() => Ok(epoch),
        _ => Err(VersionFault::Epoch),
    }
}

/// Runs of other characters and runs of digits in turn: the first by weight, the second by value.
fn compare_part(mut left: &[u8], mut right: &[u8]) -> Ordering {
    while !left.is_empty() || !right.is_empty() {
        loop {
            let (l, r) = (weight(left.first()), weight(right.first()));
            if l != r {
                return l.cmp(&r);
            }
            // Equal weights of 0 are two digits, or a digit and the end.
            if l == 0 {
                break;
            }
            (left, right) = (rest(left), rest(right));
        }
        let (left_number, right_number) = (take_number(&mut left), take_number(&mut right));
        let order = left_number.len().cmp(&right_number.len()).then_with(|| left_number.cmp(right_number));
        if order != Ordering::Equal {
            return order;
        }
    }
    Ordering::Equal
}

/// `~` sorts before the end, letters before everything else; a digit weighs as much as the end.
fn weight(byte: Option<&u8>) -> i32 {
    match byte {
        None => 0,
        Some(byte) if byte.is_ascii_digit() => 0,
        Some(b'~') => -1,
        Some(byte) if byte.is_ascii_alphabetic() => i32::from(*byte),
        Some(byte) => i32::from(*byte) + 256,
    }
}

fn rest(text: &[u8]) -> &[u8] {
    text.get(1..).unwrap_or_default()
}

/// Takes the digits at the start, without leading zeros.
fn take_number<'a>(text: &mut &'a [u8]) -> &'a [u8] {
    let end = text.iter().position(|byte| !byte.is_ascii_digit()).unwrap_or(text.len());
    let (digits, rest) = text.split_at(end);
    *text = rest;
    let zeros = digits.iter().take_while(|byte| **byte == b'0').count();
    &digits[zeros..]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn upstream_pairs_are_ordered_as_dpkg_and_apt_order_them() {
        let mut seen = 0;
        for line in include_str!("../../tests/data/versions.txt").lines() {
            let words: Vec<_> = line.split(' ').collect();
            let [left, sign, right] = words[..] else { continue };
            let order = match sign {
                "<" => Ordering::Less,
                "=" => Ordering::Equal,
                ">" => Ordering::Greater,
                _ => continue,
            };
            assert_eq!(compare(left, right), order, "{line}");
            assert_eq!(compare(right, left), order.reverse(), "{line}, turned round");
            let strict = |text| Version::parse(text).unwrap_or_else(|error| panic!("{error}"));
            assert_eq!(strict(left).cmp(&strict(right)), order, "{line}, parsed strictly");
            seen += 1;
        }
        assert_eq!(seen, 129);
    }

    /// Texts and parts from dpkg's t-version.c.
    #[test]
    fn versions_come_apart_at_the_first_colon_and_the_last_hyphen() {
        for (text, epoch, upstream, revision) in [
            ("0", 0, "0", ""),
            ("0:0", 0, "0", ""),
            ("0:0-0", 0, "0", "0"),
            ("0:0.0-0.0", 0, "0.0", "0.0"),
            ("1:0", 1, "0", ""),
            ("5:1", 5, "1", ""),
            ("0:0-0-0", 0, "0-0", "0"),
            ("0:0-0-0-0", 0, "0-0-0", "0"),
            ("0:0:0-0", 0, "0:0", "0"),
            ("0:0:0:0-0", 0, "0:0:0", "0"),
            ("0:0:0-0-0", 0, "0:0-0", "0"),
            ("0:0-0:0-0", 0, "0-0:0", "0"),
            ("0:09azAZ.-+~:-0", 0, "09azAZ.-+~:", "0"),
            ("0:0-azAZ09.+~", 0, "0", "azAZ09.+~"),
            ("  \t0:0-1", 0, "0", "1"),
            ("0:0-1\t  ", 0, "0", "1"),
            ("\t  0:0-1  \t", 0, "0", "1"),
        ] {
            let version = Version::parse(text).unwrap();
            assert_eq!((version.epoch(), version.upstream(), version.revision()), (epoch, upstream, revision), "{text}");
        }
    }

    /// Texts that dpkg's t-version.c and Dpkg_Version.t refuse.
    #[test]
    fn what_dpkg_refuses_or_warns_about_is_refused() {
        use VersionFault::{Character, Empty, Epoch, Revision, Space, Start, Upstream};
        for (text, fault) in [
            ("", Empty),
            ("  ", Empty),
            ("0:", Upstream),
            (":1.0", Epoch),
            ("1.0-", Revision),
            ("0:0 0-1", Space),
            ("-1:0-1", Epoch),
            ("999999999999999999999999:0-1", Epoch),
            ("2147483648:0", Epoch),
            ("a:0-0", Epoch),
            ("A:0-0", Epoch),
            ("10a:5.2", Epoch),
            ("-0", Upstream),
            ("0:-0", Upstream),
            ("0:abc3-0", Start),
            ("foo5.2", Start),
            ("0:foo5.2", Start),
            ("5.2@3-2", Character('@')),
            ("0:0-0:0", Character(':')),
        ] {
            assert_eq!(Version::parse(text).map_err(|error| error.fault), Err(fault), "{text}");
        }
        for character in "!#@$%&/|\\<>()[]{};,_=*^'".chars() {
            assert!(Version::parse(&format!("0:0{character}-0")).is_err(), "{character} upstream");
            assert!(Version::parse(&format!("0:0-0{character}")).is_err(), "{character} in the revision");
        }
    }
}
