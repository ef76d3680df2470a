use serde::{Deserialize, Serialize};

use crate::Architecture;

/// What a distribution offers, for `list`, `--help` and the checks of a request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Info {
    /// The verb on the command line: lower case, no spaces.
    pub name: String,
    /// One line for lists, without a final stop.
    pub summary: String,
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
    /// What the value is called in help; none for a switch.
    #[serde(default)]
    pub value: Option<String>,
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
}
