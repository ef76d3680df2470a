use rootfs_plugin::{Architecture, Tweak};
use serde::Deserialize;

use crate::distro_file::{DistroFile, DistroFileError, FileRelease, FileRepository, FileTweak, FileVariant};

/// The file of a distribution that says only what it has other than its base.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RelativeFile {
    name: String,
    /// The name of the distribution that the rest is taken from.
    base: String,
    summary: String,
    architectures: Option<Vec<Architecture>>,
    init: Option<String>,
    default_variant: Option<String>,
    database: Option<String>,
    tools: Option<Vec<String>>,
    /// Its own: nothing of a base's repositories and releases holds for a relative.
    repositories: Vec<FileRepository>,
    releases: Vec<FileRelease>,
    /// Each takes the place of the base's of the same name.
    #[serde(default)]
    variants: Vec<FileVariant>,
    /// Each takes the place of the base's for the same path, unit or name.
    #[serde(default)]
    tweaks: Vec<FileTweak>,
}

impl RelativeFile {
    /// The whole file, with the base's words where the relative has none.
    pub(crate) fn over(self, base: DistroFile) -> Result<DistroFile, DistroFileError> {
        if self.base != base.name {
            return Err(DistroFileError::Undefined { place: "base".to_owned(), kind: "distribution", name: self.base });
        }
        Ok(DistroFile {
            name: self.name,
            summary: self.summary,
            architectures: self.architectures.unwrap_or(base.architectures),
            init: self.init.unwrap_or(base.init),
            default_variant: self.default_variant.unwrap_or(base.default_variant),
            database: self.database.unwrap_or(base.database),
            tools: self.tools.unwrap_or(base.tools),
            repositories: self.repositories,
            releases: self.releases,
            variants: replaced(base.variants, self.variants, |variant| variant.name.as_str()),
            tweaks: replaced(base.tweaks, self.tweaks, |tweak| subject(&tweak.tweak)),
        })
    }
}

/// The base's entries in their order, each replaced by the relative's of the same key; then those that only the relative has.
fn replaced<T>(base: Vec<T>, own: Vec<T>, key: impl Fn(&T) -> &str) -> Vec<T> {
    let mut whole = base;
    for entry in own {
        match whole.iter_mut().find(|known| key(known) == key(&entry)) {
            Some(known) => *known = entry,
            None => whole.push(entry),
        }
    }
    whole
}

/// What a tweak is about.
fn subject(tweak: &Tweak) -> &str {
    match tweak {
        Tweak::Write { path, .. } | Tweak::Directory { path, .. } | Tweak::Link { path, .. } | Tweak::Remove { path } => path,
        Tweak::EnableUnit { unit } => unit,
        Tweak::Regenerate(secret) => &secret.name,
    }
}
