use serde::{Deserialize, Serialize};

use crate::{Architecture, PlanError, Request};

/// What a distribution offers, for `list`, `--help` and the checks of a request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Info {
    /// The verb on the command line: lower case, no spaces.
    pub name: String,
    /// One line for lists, without a final stop.
    pub summary: String,
    /// How well it is looked after.
    #[serde(default)]
    pub tier: Tier,
    /// Newest stable first; the first one is the default.
    pub releases: Vec<Release>,
    /// What can be built.
    pub architectures: Vec<Architecture>,
    /// The init that its default variant brings, as a word: `systemd`, `busybox`.
    pub init: String,
    /// Named package sets; the default is [`Info::default_variant`].
    pub variants: Vec<Variant>,
    /// The name of one of `variants`.
    pub default_variant: String,
    /// Options of this distribution alone; they become flags and environment variables.
    #[serde(default)]
    pub options: Vec<DistroOption>,
}

/// How well a distribution is looked after by those who make rootfs-gen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Tier {
    /// Each change is tried with its own packages, and its own tools judge what comes of it.
    Supported,
    /// The trials of every distribution are passed with packages that stand in for its own.
    Tested,
    /// By others, or not at all.
    #[default]
    Community,
}

impl Tier {
    /// As files and lists write it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Supported => "supported",
            Self::Tested => "tested",
            Self::Community => "community",
        }
    }
}

/// One release of a distribution.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Release {
    /// What a user types: `trixie`.
    pub name: String,
    /// The number, where there is one: `13`.
    #[serde(default)]
    pub version: Option<String>,
    /// Other words for it: `stable`, `13`.
    #[serde(default)]
    pub aliases: Vec<String>,
    /// The last day with support, as `YYYY-MM-DD`; none for a rolling release.
    #[serde(default)]
    pub end_of_life: Option<String>,
}

/// A named set of packages.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Variant {
    /// What a user types.
    pub name: String,
    /// One line for help, without a final stop.
    pub summary: String,
}

/// An option that one distribution adds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DistroOption {
    /// The long flag without its dashes, and the key in a configuration file; the environment variable is `ROOTFS_GEN_` and this in capitals with `_`.
    pub name: String,
    /// One line for help, without a final stop.
    pub help: String,
    /// What can be said.
    #[serde(flatten)]
    pub kind: OptionKind,
}

/// What can be said with an option. `value` is what that is called in help: `NAME`, `FILE`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase", tag = "type")]
pub enum OptionKind {
    /// Nothing: it is there or not.
    Switch,
    /// Any text.
    Text {
        /// `NAME`.
        value: String,
    },
    /// A whole number that is not negative.
    Number {
        /// `COUNT`.
        value: String,
    },
    /// Words, with commas or spaces between them.
    List {
        /// `NAME,…`.
        value: String,
    },
    /// One of some words.
    Choice {
        /// At least one.
        choices: Vec<String>,
    },
}

impl Info {
    /// The release a user means by a name, a number or an alias; the newest when none is said.
    #[must_use]
    pub fn release(&self, word: Option<&str>) -> Option<&Release> {
        match word {
            None => self.releases.first(),
            Some(word) => self.releases.iter().find(|release| {
                release.name == word || release.version.as_deref() == Some(word) || release.aliases.iter().any(|alias| alias == word)
            }),
        }
    }

    /// The release that a request means.
    ///
    /// # Errors
    /// When there is none of that name.
    pub fn require_release(&self, request: &Request) -> Result<&Release, PlanError> {
        self.release(request.release.as_deref()).ok_or_else(|| PlanError::UnknownRelease {
            distribution: self.name.clone(),
            release: request.release.clone().unwrap_or_default(),
            known: self.releases.iter().map(Release::described).collect(),
        })
    }

    /// The variant that a request means.
    ///
    /// # Errors
    /// When there is none of that name.
    pub fn require_variant(&self, request: &Request) -> Result<&Variant, PlanError> {
        let name = request.variant.as_deref().unwrap_or(&self.default_variant);
        self.variants.iter().find(|variant| variant.name == name).ok_or_else(|| PlanError::UnknownVariant {
            distribution: self.name.clone(),
            variant: name.to_owned(),
            known: self.variants.iter().map(|variant| variant.name.clone()).collect(),
        })
    }

    /// Fails unless the distribution is built for an architecture.
    ///
    /// # Errors
    /// When it is not.
    pub fn require_architecture(&self, architecture: Architecture) -> Result<(), PlanError> {
        if self.architectures.contains(&architecture) {
            return Ok(());
        }
        Err(PlanError::Architecture { distribution: self.name.clone(), architecture })
    }
}

impl Release {
    /// Whether its last day with support is over at a time, in seconds since 1970. A day that is none never is.
    #[must_use]
    pub fn has_ended(&self, now: i64) -> bool {
        const DAY: i64 = 24 * 60 * 60;
        let day = self.end_of_life.as_deref().and_then(days_since_1970);
        day.is_some_and(|day| now.div_euclid(DAY) > day)
    }

    /// The name with its other words: `trixie (13, stable)`.
    fn described(&self) -> String {
        let others: Vec<&str> = self.version.iter().chain(&self.aliases).map(String::as_str).collect();
        if others.is_empty() { self.name.clone() } else { format!("{} ({})", self.name, others.join(", ")) }
    }
}

/// Whether a word can be the name of a distribution or an option: it is typed on a command line, and part of paths and variables.
#[must_use]
pub fn is_name(word: &str) -> bool {
    word.starts_with(|first: char| first.is_ascii_lowercase())
        && word.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
}

/// The day of a date as ISO 8601 writes it, by the count of years that begin in March, so that a leap day is their last.
fn days_since_1970(date: &str) -> Option<i64> {
    let numbers: Vec<i64> = date.split('-').map(|part| part.parse().ok()).collect::<Option<_>>()?;
    let [year, month, day] = numbers[..] else { return None };
    if !(1..=12).contains(&month) || !(1..=31).contains(&day) {
        return None;
    }
    let year = if month > 2 { year } else { year - 1 };
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    Some(365 * year + year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400) + of_year - 719_468)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn support_ends_with_its_last_day() {
        for (date, days) in [("1970-01-01", 0), ("2000-02-29", 11_016), ("2000-03-01", 11_017), ("2026-11-21", 20_778)] {
            assert_eq!(days_since_1970(date), Some(days), "{date}");
        }
        let release = |day: &str| Release { name: "x".to_owned(), version: None, aliases: Vec::new(), end_of_life: Some(day.to_owned()) };
        let now = 20_778 * 86_400 + 5;
        assert!(release("2026-11-20").has_ended(now) && !release("2026-11-21").has_ended(now));
        assert!(["", "soon", "2026-13-01", "2026-11"].iter().all(|day| !release(day).has_ended(now)));
    }
}
