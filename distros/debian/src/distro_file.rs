use std::collections::BTreeMap;

use rootfs_plugin::{Architecture, Tweak};
use serde::Deserialize;

/// A `distro.toml` of a distribution that uses dpkg and apt.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct DistroFile {
    pub(crate) name: String,
    pub(crate) summary: String,
    pub(crate) architectures: Vec<Architecture>,
    pub(crate) init: String,
    pub(crate) default_variant: String,
    /// The package that brings a virtual machine's kernel.
    #[serde(default)]
    pub(crate) kernels: BTreeMap<Architecture, String>,
    /// The package that brings systemd's EFI stub.
    pub(crate) uefi_stub: Option<String>,
    /// The packages that make a boot loader for a PC's BIOS.
    #[serde(default)]
    pub(crate) bios_loader: Vec<String>,
    pub(crate) archives: Vec<Archive>,
    pub(crate) releases: Vec<FileRelease>,
    pub(crate) variants: Vec<FileVariant>,
    #[serde(default)]
    pub(crate) tweaks: Vec<FileTweak>,
}

/// One archive: a URL with `dists/` and `pool/` below it.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Archive {
    pub(crate) name: String,
    pub(crate) public: String,
    /// Architectures whose packages lie elsewhere.
    #[serde(default)]
    pub(crate) public_for: BTreeMap<Architecture, String>,
    pub(crate) components: Vec<String>,
    pub(crate) signed_by: Option<String>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct FileRelease {
    pub(crate) name: String,
    pub(crate) version: Option<String>,
    #[serde(default)]
    pub(crate) aliases: Vec<String>,
    pub(crate) end_of_life: Option<String>,
    pub(crate) merged_usr: bool,
    /// Architectures that only other releases are built for.
    #[serde(default)]
    pub(crate) not_for: Vec<Architecture>,
    /// Packages of the variants that this release doesn't have, by the package which they are a part of there.
    #[serde(default)]
    pub(crate) part_of: BTreeMap<String, String>,
    /// By the archive's name; an archive that isn't named has nothing for this release.
    pub(crate) archives: BTreeMap<String, ReleaseArchive>,
}

impl FileRelease {
    /// The package in which this release has what a variant or a tweak names.
    pub(crate) fn package<'a>(&'a self, name: &'a str) -> &'a str {
        self.part_of.get(name).map_or(name, String::as_str)
    }
}

/// What one archive holds for one release.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ReleaseArchive {
    pub(crate) suites: Vec<String>,
    /// Names of keys that may sign it.
    pub(crate) keys: Vec<String>,
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
    #[serde(default)]
    pub(crate) priorities: Vec<String>,
    #[serde(default)]
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
        /// Where: `release trixie`.
        place: String,
        /// `key`, `archive`, `variant`, `distribution`.
        kind: &'static str,
        /// As written.
        name: String,
    },
    /// A list that must have something in it.
    #[error("there are no {what}")]
    Empty {
        /// `releases`, `archives`.
        what: &'static str,
    },
}

impl Archive {
    /// Where the public finds it.
    pub(crate) fn public(&self, architecture: Architecture) -> &str {
        self.public_for.get(&architecture).unwrap_or(&self.public)
    }
}

impl DistroFile {
    /// Checks that every name that is used is defined.
    pub(crate) fn validate(&self, keys: &[(&str, &str)]) -> Result<(), DistroFileError> {
        let empty = [("releases", self.releases.is_empty()), ("archives", self.archives.is_empty())];
        if let Some((what, _)) = empty.into_iter().find(|(_, empty)| *empty) {
            return Err(DistroFileError::Empty { what });
        }
        let defined = |place: String, kind, name: &String, known: bool| {
            if known { Ok(()) } else { Err(DistroFileError::Undefined { place, kind, name: name.clone() }) }
        };
        for release in &self.releases {
            let place = || format!("release {}", release.name);
            for (name, archive) in &release.archives {
                defined(place(), "archive", name, self.archives.iter().any(|known| known.name == *name))?;
                for key in &archive.keys {
                    defined(place(), "key", key, keys.iter().any(|(known, _)| known == key))?;
                }
            }
        }
        for (position, variant) in self.variants.iter().enumerate() {
            if let Some(base) = &variant.base {
                let known = self.variants[..position].iter().any(|known| known.name == *base);
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
