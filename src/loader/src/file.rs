use std::path::PathBuf;

use rootfs_plugin::Info;
use serde::Deserialize;
use serde::de::IgnoredAny;

/// What a `distro.toml` says to whoever lists it; the rest of it is for a plan.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct PluginFile {
    pub(crate) name: String,
    /// The shared object that decides, relative to the file's directory.
    pub(crate) library: Option<PathBuf>,
    /// The built-in distribution that the rest is taken from.
    pub(crate) base: Option<String>,
    apt: Option<IgnoredAny>,
    apk: Option<IgnoredAny>,
    rpm: Option<IgnoredAny>,
    portage: Option<IgnoredAny>,
}

impl PluginFile {
    /// Whether it says itself where packages come from.
    pub(crate) fn names_packages(&self) -> bool {
        [&self.apt, &self.apk, &self.rpm, &self.portage].into_iter().any(Option::is_some)
    }
}

/// What a library's file offers, whose packages only the library knows.
pub(crate) fn info(text: &str) -> Result<Info, toml::de::Error> {
    toml::from_str(text)
}
