use std::collections::BTreeMap;

use rootfs_plugin::Architecture;
use serde::Deserialize;

/// `distro.toml`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct DistroFile {
    pub(crate) name: String,
    pub(crate) summary: String,
    pub(crate) architectures: Vec<Architecture>,
    pub(crate) init: String,
    pub(crate) default_variant: String,
    /// Where the public finds the archive.
    pub(crate) public: String,
    /// Names of the repositories that are taken when nobody says which.
    pub(crate) repositories: Vec<String>,
    pub(crate) releases: Vec<FileRelease>,
    pub(crate) variants: Vec<FileVariant>,
    /// The keys of each architecture, by their numbers.
    pub(crate) keys: BTreeMap<Architecture, Vec<String>>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct FileRelease {
    pub(crate) name: String,
    #[serde(default)]
    pub(crate) aliases: Vec<String>,
    /// Its directory in the archive.
    pub(crate) branch: String,
    pub(crate) end_of_life: Option<String>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct FileVariant {
    pub(crate) name: String,
    pub(crate) summary: String,
    /// Whether OpenRC brings the guest up.
    #[serde(default)]
    pub(crate) openrc: bool,
    pub(crate) packages: Vec<String>,
}

/// Why `distro.toml` can't be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum DistroFileError {
    /// Not TOML, or not of this shape.
    #[error("the distribution's file can't be read")]
    Toml(#[from] toml::de::Error),
    /// It names a key that is not there.
    #[error("no key `{0}` is carried")]
    Key(String),
}

impl DistroFile {
    pub(crate) fn parse(text: &str, keys: &[(&str, &str)]) -> Result<Self, DistroFileError> {
        let file: Self = toml::from_str(text)?;
        let unknown = file.keys.values().flatten().find(|number| keys.iter().all(|(known, _)| known != number));
        unknown.map_or(Ok(()), |number| Err(DistroFileError::Key(number.clone())))?;
        Ok(file)
    }
}
