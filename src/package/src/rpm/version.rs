//! Versions as rpm compares them: `[EPOCH:]VERSION[-RELEASE]`, with `~` for what comes before and `^` for what comes after.
//!
//! The order is that of rpm's `rpmvercmp`; its own cases (tests/rpmvercmp.at) are the ones of `tests/rpm/versions.rs`.

use std::cmp::Ordering;
use std::fmt;

/// A package's epoch, version and release.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Evr {
    /// 0 where none is written.
    pub epoch: u32,
    /// Without the epoch.
    pub version: String,
    /// Empty only for what has none, such as a public key in rpm's database.
    pub release: String,
}

/// A package's full name: `NAME-[EPOCH:]VERSION-RELEASE.ARCHITECTURE`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Nevra {
    /// `bash`
    pub name: String,
    /// `5.2.26-3.fc40`
    pub evr: Evr,
    /// `x86_64`, `noarch`, …
    pub architecture: String,
}

impl Evr {
    /// Reads `[EPOCH:]VERSION[-RELEASE]`; an epoch that is no number is part of the version.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        let parts = Parts::of(text);
        let epoch = parts.epoch.and_then(|epoch| epoch.parse().ok());
        let version = if parts.epoch.is_some() && epoch.is_none() { without_release(text) } else { parts.version };
        Self { epoch: epoch.unwrap_or(0), version: version.to_owned(), release: parts.release.unwrap_or_default().to_owned() }
    }
}

impl fmt::Display for Evr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.epoch != 0 {
            write!(f, "{}:", self.epoch)?;
        }
        f.write_str(&self.version)?;
        if self.release.is_empty() { Ok(()) } else { write!(f, "-{}", self.release) }
    }
}

impl Ord for Evr {
    fn cmp(&self, other: &Self) -> Ordering {
        self.epoch
            .cmp(&other.epoch)
            .then_with(|| compare_versions(&self.version, &other.version))
            .then_with(|| compare_versions(&self.release, &other.release))
            // `1.0` and `1_0` are the same version to rpm, and yet not the same text.
            .then_with(|| (&self.version, &self.release).cmp(&(&other.version, &other.release)))
    }
}

impl PartialOrd for Evr {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl fmt::Display for Nevra {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}.{}", self.name, self.evr, self.architecture)
    }
}

/// The parts of `[EPOCH:]VERSION[-RELEASE]`; an epoch is digits only.
#[derive(Debug, Clone, Copy)]
struct Parts<'a> {
    epoch: Option<&'a str>,
    version: &'a str,
    release: Option<&'a str>,
}

impl<'a> Parts<'a> {
    fn of(text: &'a str) -> Self {
        let digits = text.bytes().take_while(u8::is_ascii_digit).count();
        let (epoch, rest) = match text.split_at_checked(digits) {
            Some((epoch, rest)) if !epoch.is_empty() && rest.starts_with(':') => (Some(epoch), rest.get(1..).unwrap_or_default()),
            _ => (None, text),
        };
        let (version, release) = rest.rsplit_once('-').map_or((rest, None), |(version, release)| (version, Some(release)));
        Self { epoch, version, release }
    }
}

fn without_release(text: &str) -> &str {
    text.rsplit_once('-').map_or(text, |(version, _)| version)
}

/// How two texts of `[EPOCH:]VERSION[-RELEASE]` stand to each other when packages are compared: a missing release is less than any.
#[must_use]
pub fn compare_evr(left: &str, right: &str) -> Ordering {
    if left == right {
        return Ordering::Equal;
    }
    let (left, right) = (Parts::of(left), Parts::of(right));
    compare_epochs(left.epoch, right.epoch).then_with(|| compare_versions(left.version, right.version)).then_with(|| {
        match (left.release, right.release) {
            (Some(left), Some(right)) => compare_versions(left, right),
            (left, right) => left.is_some().cmp(&right.is_some()),
        }
    })
}

/// How they stand to each other when a provided one is held against a required one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Match {
    Ordered(Ordering),
    /// Equal, but only the right one has a release.
    LeftIsWider,
    /// Equal, but only the left one has a release.
    RightIsWider,
}

/// As dependencies compare: what has no release means every release.
pub(super) fn match_evr(left: &str, right: &str) -> Match {
    if left == right {
        return Match::Ordered(Ordering::Equal);
    }
    let (left, right) = (Parts::of(left), Parts::of(right));
    let ordering = compare_epochs(left.epoch, right.epoch).then_with(|| compare_versions(left.version, right.version));
    if ordering != Ordering::Equal {
        return Match::Ordered(ordering);
    }
    match (left.release.filter(|text| !text.is_empty()), right.release.filter(|text| !text.is_empty())) {
        (Some(left), Some(right)) => Match::Ordered(compare_versions(left, right)),
        (None, None) => Match::Ordered(Ordering::Equal),
        (None, Some(_)) => Match::LeftIsWider,
        (Some(_), None) => Match::RightIsWider,
    }
}

fn compare_epochs(left: Option<&str>, right: Option<&str>) -> Ordering {
    compare_numbers(left.unwrap_or_default().as_bytes(), right.unwrap_or_default().as_bytes())
}

/// rpm's `rpmvercmp`: runs of digits and runs of letters, each against its counterpart; everything else only separates them.
#[must_use]
pub fn compare_versions(left: &str, right: &str) -> Ordering {
    let (mut left, mut right) = (left.as_bytes(), right.as_bytes());
    loop {
        left = skip_separators(left);
        right = skip_separators(right);
        match (left.first(), right.first()) {
            (Some(b'~'), Some(b'~')) | (Some(b'^'), Some(b'^')) => {
                left = left.get(1..).unwrap_or_default();
                right = right.get(1..).unwrap_or_default();
                continue;
            }
            (Some(b'~'), _) => return Ordering::Less,
            (_, Some(b'~')) => return Ordering::Greater,
            // It is more than where the other ends, and less than where the other goes on.
            (Some(b'^'), other) => return if other.is_some() { Ordering::Less } else { Ordering::Greater },
            (other, Some(b'^')) => return if other.is_some() { Ordering::Greater } else { Ordering::Less },
            (None, None) => return Ordering::Equal,
            (None, Some(_)) => return Ordering::Less,
            (Some(_), None) => return Ordering::Greater,
            (Some(first), Some(second)) => match (first.is_ascii_digit(), second.is_ascii_digit()) {
                (true, false) => return Ordering::Greater,
                (false, true) => return Ordering::Less,
                (is_number, _) => {
                    let (one, rest) = take_run(left, is_number);
                    let (two, other_rest) = take_run(right, is_number);
                    let ordering = if is_number { compare_numbers(one, two) } else { one.cmp(two) };
                    if ordering != Ordering::Equal {
                        return ordering;
                    }
                    left = rest;
                    right = other_rest;
                }
            },
        }
    }
}

fn skip_separators(text: &[u8]) -> &[u8] {
    let start = text.iter().position(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'~' | b'^'));
    text.get(start.unwrap_or(text.len())..).unwrap_or_default()
}

fn take_run(text: &[u8], is_number: bool) -> (&[u8], &[u8]) {
    let belongs = |byte: &u8| if is_number { byte.is_ascii_digit() } else { byte.is_ascii_alphabetic() };
    text.split_at(text.iter().position(|byte| !belongs(byte)).unwrap_or(text.len()))
}

/// Numbers of any length.
fn compare_numbers(left: &[u8], right: &[u8]) -> Ordering {
    let significant = |digits: &[u8]| digits.iter().position(|digit| *digit != b'0').unwrap_or(digits.len());
    let left = left.get(significant(left)..).unwrap_or_default();
    let right = right.get(significant(right)..).unwrap_or_default();
    left.len().cmp(&right.len()).then_with(|| left.cmp(right))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_told_apart() {
        for (text, epoch, version, release) in [
            ("1.0-2", 0, "1.0", "2"),
            ("3:1.0-2.fc40", 3, "1.0", "2.fc40"),
            ("1.0", 0, "1.0", ""),
            ("1-2-3", 0, "1-2", "3"),
            ("a:1-2", 0, "a:1", "2"),
            ("", 0, "", ""),
            ("99999999999:1-2", 0, "99999999999:1", "2"),
        ] {
            let evr = Evr::parse(text);
            assert_eq!((evr.epoch, evr.version.as_str(), evr.release.as_str()), (epoch, version, release), "{text}");
            assert_eq!(evr.to_string(), text);
        }
    }

    #[test]
    fn a_missing_release_is_less_to_packages_and_any_to_dependencies() {
        assert_eq!(compare_evr("1", "1-1"), Ordering::Less);
        assert_eq!(compare_evr("0:1-1", "1-1"), Ordering::Equal);
        assert_eq!(compare_evr("1:1-1", "2-1"), Ordering::Greater);
        assert_eq!(match_evr("1", "1-1"), Match::LeftIsWider);
        assert_eq!(match_evr("1-1", "1"), Match::RightIsWider);
        assert_eq!(match_evr("1-", "1"), Match::Ordered(Ordering::Equal));
        assert_eq!(match_evr("2-1", "1"), Match::Ordered(Ordering::Greater));
        assert_eq!(match_evr("0:1-1", "1-1"), Match::Ordered(Ordering::Equal));
    }
}
