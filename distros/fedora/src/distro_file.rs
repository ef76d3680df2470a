use rootfs_plugin::{Architecture, Tweak};
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
    /// Where the root keeps rpm's database.
    pub(crate) database: String,
    /// Packages that bring rpm and what it calls.
    pub(crate) tools: Vec<String>,
    pub(crate) repositories: Vec<FileRepository>,
    pub(crate) releases: Vec<FileRelease>,
    pub(crate) variants: Vec<FileVariant>,
    #[serde(default)]
    pub(crate) tweaks: Vec<FileTweak>,
}

/// A repository that every release has. `{release}` and `{arch}` stand for words.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct FileRepository {
    pub(crate) name: String,
    /// A list of mirrors that says too what the repository's index must be.
    pub(crate) metalink: Option<String>,
    /// Where the public finds it, when there is no such list.
    pub(crate) public: Option<String>,
    /// Where it is below a mirror of the whole archive.
    pub(crate) below: String,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct FileRelease {
    pub(crate) name: String,
    #[serde(default)]
    pub(crate) aliases: Vec<String>,
    pub(crate) end_of_life: Option<String>,
    /// Names of keys that may sign its packages.
    pub(crate) keys: Vec<String>,
    /// Where this release has rpm's database, if elsewhere.
    pub(crate) database: Option<String>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct FileVariant {
    pub(crate) name: String,
    pub(crate) summary: String,
    /// A variant above this one in the file, all of which this one has.
    pub(crate) base: Option<String>,
    #[serde(default = "yes")]
    pub(crate) brings_init: bool,
    pub(crate) packages: Vec<String>,
}

/// A tweak with the condition under which it is made.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct FileTweak {
    /// Empty means every variant.
    #[serde(default)]
    pub(crate) variants: Vec<String>,
    /// None means always.
    pub(crate) package: Option<String>,
    #[serde(flatten)]
    pub(crate) tweak: Tweak,
}

fn yes() -> bool {
    true
}

/// Why a `distro.toml` can't be used.
#[derive(Debug, thiserror::Error)]
pub enum DistroFileError {
    /// Not TOML, or not of this shape.
    #[error("the distribution's file can't be read")]
    Toml(#[from] toml::de::Error),
    /// It uses a name that it doesn't define.
    #[error("{place} names the {kind} `{name}`, which is not defined")]
    Undefined {
        /// Where: `release 43`.
        place: String,
        /// `key`, `variant`, `distribution`.
        kind: &'static str,
        /// As written.
        name: String,
    },
    /// A repository that is nowhere, or a list that has nothing in it.
    #[error("there is no {what}")]
    Missing {
        /// `release`, `place of repository fedora`.
        what: String,
    },
}

impl DistroFile {
    /// Checks that every name that is used is defined.
    pub(crate) fn validate(&self, keys: &[(&str, &str)]) -> Result<(), DistroFileError> {
        let defined = |place: String, kind, name: &String, known: bool| {
            if known { Ok(()) } else { Err(DistroFileError::Undefined { place, kind, name: name.clone() }) }
        };
        let present = |what: String, there: bool| if there { Ok(()) } else { Err(DistroFileError::Missing { what }) };
        present("release".to_owned(), !self.releases.is_empty())?;
        present("repository".to_owned(), !self.repositories.is_empty())?;
        for repository in &self.repositories {
            let place = format!("place of repository {}", repository.name);
            present(place, repository.metalink.is_some() || repository.public.is_some())?;
        }
        for release in &self.releases {
            for key in &release.keys {
                defined(format!("release {}", release.name), "key", key, keys.iter().any(|(known, _)| known == key))?;
            }
        }
        for (position, variant) in self.variants.iter().enumerate() {
            if let Some(base) = &variant.base {
                let known = self.variants.iter().take(position).any(|known| known.name == *base);
                defined(format!("variant {}", variant.name), "variant", base, known)?;
            }
        }
        let variant = |name: &String| self.variants.iter().any(|known| known.name == *name);
        for name in self.tweaks.iter().flat_map(|tweak| &tweak.variants) {
            defined("a tweak".to_owned(), "variant", name, variant(name))?;
        }
        defined("default_variant".to_owned(), "variant", &self.default_variant, variant(&self.default_variant))
    }

    /// The variant and those it is based on, the innermost first.
    pub(crate) fn lineage(&self, name: &str) -> Vec<&FileVariant> {
        let mut lineage = Vec::new();
        let mut next = Some(name);
        while let Some(variant) = next.and_then(|name| self.variants.iter().find(|variant| variant.name == name)) {
            lineage.insert(0, variant);
            next = variant.base.as_deref();
        }
        lineage
    }
}
