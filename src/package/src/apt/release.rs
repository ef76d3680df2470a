//! Release files: what a suite holds, and for how long that is true.

use std::collections::BTreeMap;

use rootfs_tree::Digest;

use super::date::{format_date, parse_date};
use super::deb822::Stanzas;

/// Clocks differ; apt allows as much.
const TOLERANCE: i64 = 10;

/// No index is larger.
const MOST_SIZE: u64 = 4 << 30;

/// What a release file says. Only text that a signature covers belongs here.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Release {
    /// `stable`, `trixie-backports`.
    pub suite: Option<String>,
    /// `trixie`.
    pub codename: Option<String>,
    /// When it was made, in seconds since 1970.
    pub date: Option<i64>,
    /// Until when it may be believed.
    pub valid_until: Option<i64>,
    /// Whether files are there by their hash too.
    pub acquire_by_hash: bool,
    /// apt's priority for its packages: 500; 1 for `NotAutomatic`, 100 if that is softened by `ButAutomaticUpgrades`.
    pub priority: i32,
    /// The components it lists.
    pub components: Vec<String>,
    /// The architectures it lists.
    pub architectures: Vec<String>,
    /// Whether packages for all architectures have an index of their own.
    pub separate_all: bool,
    /// Every file by its path below the release file: SHA-256 and size.
    pub files: BTreeMap<String, (Digest, u64)>,
}

/// A release file that can't be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReleaseError {
    /// There is nothing in it.
    #[error("it is empty")]
    Empty,
    /// A date that can't be read.
    #[error("its {field} is no date: `{text}`")]
    Date {
        /// Which field.
        field: &'static str,
        /// What it says.
        text: String,
    },
    /// A line of the SHA256 field that can't be read.
    #[error("a line of its SHA256 field is malformed: `{line}`")]
    Hash {
        /// The line.
        line: String,
    },
    /// No SHA256 field.
    #[error("it has no SHA256 field")]
    NoHashes,
    /// Its time has run out.
    #[error("it was valid until {}", format_date(*until))]
    Expired {
        /// Seconds since 1970.
        until: i64,
    },
    /// Its time hasn't come.
    #[error("it is dated {}, which is still to come", format_date(*date))]
    Future {
        /// Seconds since 1970.
        date: i64,
    },
    /// It is another suite's.
    #[error("it is for `{found}`, not for `{wanted}`")]
    Suite {
        /// What was asked for.
        wanted: String,
        /// What it says.
        found: String,
    },
}

impl ReleaseError {
    /// What the user may do about it.
    #[must_use]
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::Expired { .. } => {
                Some("use a mirror that is up to date, or --ignore-valid-until for an archive that is no longer updated")
            }
            Self::Future { .. } => Some("check the clock of this machine"),
            Self::Suite { .. } => Some("use the name that the release gives itself"),
            _ => None,
        }
    }
}

impl Release {
    /// Reads a release file.
    pub fn parse(text: &str) -> Result<Self, ReleaseError> {
        let (_, stanza) = Stanzas::new(text).next().ok_or(ReleaseError::Empty)?;
        let word = |name| stanza.get(name).filter(|value| !value.is_empty()).map(str::to_owned);
        let words = |name| stanza.get(name).unwrap_or_default().split_ascii_whitespace().map(str::to_owned).collect::<Vec<_>>();
        let date = |field| {
            let read = |text: &str| parse_date(text).ok_or_else(|| ReleaseError::Date { field, text: text.to_owned() });
            stanza.get(field).map(read).transpose()
        };
        let architectures = words("Architectures");
        let says_all = architectures.iter().any(|architecture| architecture == "all");
        Ok(Self {
            suite: word("Suite"),
            codename: word("Codename"),
            date: date("Date")?,
            valid_until: date("Valid-Until")?,
            acquire_by_hash: stanza.says_yes("Acquire-By-Hash"),
            priority: match (stanza.says_yes("NotAutomatic"), stanza.says_yes("ButAutomaticUpgrades")) {
                (false, _) => 500,
                (true, true) => 100,
                (true, false) => 1,
            },
            components: words("Components"),
            separate_all: says_all && stanza.get("No-Support-for-Architecture-all").is_none_or(|what| what != "Packages"),
            architectures,
            files: stanza.get("SHA256").ok_or(ReleaseError::NoHashes)?.lines().filter_map(read_file).collect::<Result<_, _>>()?,
        })
    }

    /// Whether it may be believed at `now`, for the suite that was asked for. A flat repository has no suite to compare.
    pub fn check(&self, suite: &str, now: i64, ignore_valid_until: bool) -> Result<(), ReleaseError> {
        if let Some(date) = self.date.filter(|date| *date > now + TOLERANCE) {
            return Err(ReleaseError::Future { date });
        }
        if let Some(until) = self.valid_until.filter(|until| *until < now && !ignore_valid_until) {
            return Err(ReleaseError::Expired { until });
        }
        let names: Vec<_> = [&self.suite, &self.codename].into_iter().flatten().map(String::as_str).collect();
        if names.is_empty() || suite.ends_with('/') || names.contains(&suite) {
            return Ok(());
        }
        // Old security suites: `buster/updates` is in a release called `buster`.
        if suite.split_once('/').is_some_and(|(first, _)| names.contains(&first)) {
            return Ok(());
        }
        Err(ReleaseError::Suite { wanted: suite.to_owned(), found: names.join("` or `") })
    }
}

/// A file by its path: hash and size.
type FileEntry = (String, (Digest, u64));

/// ` HASH SIZE PATH`; empty lines are passed over.
fn read_file(line: &str) -> Option<Result<FileEntry, ReleaseError>> {
    let words: Vec<_> = line.split_ascii_whitespace().collect();
    let malformed = || ReleaseError::Hash { line: line.trim().chars().take(200).collect() };
    match words[..] {
        [] => None,
        [hash, size, path] => {
            let size = size.parse().ok().filter(|size| *size <= MOST_SIZE);
            Some(hash.parse().ok().zip(size).map(|file| (path.to_owned(), file)).ok_or_else(malformed))
        }
        _ => Some(Err(malformed())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HASH: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
    const NOW: i64 = 1_763_199_663;

    fn release(fields: &str) -> Result<Release, ReleaseError> {
        Release::parse(&format!("{fields}SHA256:\n {HASH} 12 main/binary-amd64/Packages.xz\n"))
    }

    #[test]
    fn fields_are_read() {
        let read = release(
            "Suite: stable\nCodename: trixie\nDate: Sat, 15 Nov 2025 09:41:03 UTC\nAcquire-By-Hash: yes\nArchitectures: all amd64\n\
             Components: main contrib\nNo-Support-for-Architecture-all: Packages\n",
        )
        .unwrap();
        assert_eq!((read.suite.as_deref(), read.codename.as_deref()), (Some("stable"), Some("trixie")));
        assert_eq!((read.date, read.valid_until), (Some(NOW), None));
        assert!(read.acquire_by_hash && !read.separate_all);
        assert_eq!(read.components, ["main", "contrib"]);
        assert_eq!(read.files["main/binary-amd64/Packages.xz"], (HASH.parse().unwrap(), 12));
        assert!(release("Architectures: all amd64\n").unwrap().separate_all);
    }

    #[test]
    fn preference_is_apts() {
        for (fields, priority) in [("", 500), ("NotAutomatic: yes\n", 1), ("NotAutomatic: yes\nButAutomaticUpgrades: yes\n", 100)] {
            assert_eq!(release(fields).unwrap().priority, priority, "{fields}");
        }
    }

    #[test]
    fn time_and_suite_are_checked() {
        let read =
            release("Suite: stable\nCodename: trixie\nDate: Sat, 15 Nov 2025 09:41:03 UTC\nValid-Until: Sat, 15 Nov 2025 09:41:04 UTC\n")
                .unwrap();
        for suite in ["stable", "trixie", "trixie/updates", "./"] {
            assert_eq!(read.check(suite, NOW, false), Ok(()), "{suite}");
        }
        assert_eq!(read.check("trixie", NOW + 2, false), Err(ReleaseError::Expired { until: NOW + 1 }));
        assert_eq!(read.check("trixie", NOW + 2, true), Ok(()));
        assert_eq!(read.check("trixie", NOW - 11, false), Err(ReleaseError::Future { date: NOW }));
        assert!(matches!(read.check("bookworm", NOW, false), Err(ReleaseError::Suite { .. })));
    }

    #[test]
    fn malformed_ones_are_refused() {
        assert_eq!(Release::parse("\n"), Err(ReleaseError::Empty));
        assert_eq!(Release::parse("Suite: x\n"), Err(ReleaseError::NoHashes));
        assert!(matches!(release("Date: tomorrow\n"), Err(ReleaseError::Date { field: "Date", .. })));
        for line in
            ["x 1 p", &format!("{HASH} -1 p"), &format!("{HASH} 99999999999999999999 p"), &format!("{HASH} 1"), &format!("{HASH} 1 a b")]
        {
            assert!(matches!(Release::parse(&format!("SHA256:\n {line}\n")), Err(ReleaseError::Hash { .. })), "{line}");
        }
    }
}
