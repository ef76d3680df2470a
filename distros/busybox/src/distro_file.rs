use std::collections::BTreeMap;

use rootfs_plugin::{Architecture, DistroOption, Pick, Tier};
use serde::Deserialize;

/// `distro.toml`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct DistroFile {
    pub(crate) name: String,
    /// The distribution whose packages these are.
    pub(crate) base: String,
    pub(crate) summary: String,
    pub(crate) tier: Tier,
    pub(crate) architectures: Vec<Architecture>,
    pub(crate) init: String,
    pub(crate) default_variant: String,
    /// Patterns of what packages that are taken whole are taken without.
    pub(crate) except: Vec<String>,
    pub(crate) source: FileSource,
    pub(crate) variants: Vec<FileVariant>,
    /// How BusyBox is compiled, if it is.
    pub(crate) options: Vec<DistroOption>,
    /// What lets people in who have a key.
    pub(crate) ssh: Vec<Pick>,
}

/// How BusyBox is compiled.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct FileSource {
    /// The source package.
    pub(crate) package: String,
    /// The binary package whose files are not taken then.
    pub(crate) replaces: String,
    /// The packages that have its libraries.
    pub(crate) libraries: Vec<String>,
    /// Where the program is in the guest.
    pub(crate) program: String,
    pub(crate) tools: Vec<String>,
    /// What the menu needs besides.
    pub(crate) menu: Vec<String>,
    /// The base's words for architectures, by the names of GNU's that cross compilers have in front.
    pub(crate) cross: BTreeMap<String, String>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct FileVariant {
    pub(crate) name: String,
    pub(crate) summary: String,
    /// A variant above this one in the file, all of which this one has.
    pub(crate) base: Option<String>,
    pub(crate) picks: Vec<Pick>,
}

impl DistroFile {
    pub(crate) fn parse(text: &str) -> Result<Self, toml::de::Error> {
        toml::from_str(text)
    }

    /// What a variant takes, that of its bases first.
    pub(crate) fn picks(&self, variant: &str) -> Vec<Pick> {
        let Some(variant) = self.variants.iter().find(|known| known.name == variant) else { return Vec::new() };
        let mut picks = variant.base.as_deref().map(|base| self.picks(base)).unwrap_or_default();
        picks.extend(variant.picks.iter().cloned());
        picks
    }
}
