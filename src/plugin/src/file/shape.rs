//! What `distro.toml` looks like. A field that isn't here is an error.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::{Architecture, DistroOption, PortagePart, Release, Tier, Tweak, Variant};

/// The whole file. Exactly one of `apt`, `apk`, `rpm` and `portage` is there, and says of which kind the packages are.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct DistroFile {
    pub(super) name: String,
    pub(super) summary: String,
    #[serde(default)]
    pub(super) tier: Tier,
    pub(super) architectures: Vec<Architecture>,
    /// As a word: `systemd`, `busybox`.
    pub(super) init: String,
    pub(super) default_variant: String,
    /// The shared object that has code of this distribution's.
    #[serde(default)]
    #[expect(dead_code, reason = "who loads plugins reads it; it is a word of the file all the same")]
    pub(super) library: Option<std::path::PathBuf>,
    /// The package that brings a virtual machine's kernel.
    #[serde(default)]
    pub(super) kernels: BTreeMap<Architecture, String>,
    /// The package that brings systemd's EFI stub.
    pub(super) uefi_stub: Option<String>,
    /// The packages that make a boot loader for a PC's BIOS.
    #[serde(default)]
    pub(super) bios_loader: Vec<String>,
    pub(super) apt: Option<AptFile>,
    pub(super) apk: Option<ApkFile>,
    pub(super) rpm: Option<RpmFile>,
    pub(super) portage: Option<PortageFile>,
    /// The default comes first.
    pub(super) releases: Vec<FileRelease>,
    pub(super) variants: Vec<FileVariant>,
    #[serde(default)]
    pub(super) tweaks: Vec<FileTweak>,
    #[serde(default)]
    pub(super) options: Vec<DistroOption>,
}

/// Archives of dpkg's packages; the first is the one that `--mirror` means.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct AptFile {
    pub(super) archives: Vec<Archive>,
}

/// One archive: a URL with `dists/` and `pool/` below it.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Archive {
    pub(super) name: String,
    pub(super) public: String,
    /// Architectures whose packages lie elsewhere.
    #[serde(default)]
    pub(super) public_for: BTreeMap<Architecture, String>,
    pub(super) components: Vec<String>,
    pub(super) signed_by: Option<String>,
}

/// The archive of apk's packages.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ApkFile {
    /// Where the public finds it.
    pub(super) public: String,
    /// Names of the repositories that are taken when nobody says which.
    pub(super) repositories: Vec<String>,
    /// What a key's file is called in a signature, before the key's name.
    #[serde(default)]
    pub(super) key_prefix: String,
    /// The names of each architecture's keys.
    pub(super) keys: BTreeMap<Architecture, Vec<String>>,
}

/// Repositories of rpm's packages.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RpmFile {
    /// Where the root keeps rpm's database.
    pub(super) database: String,
    /// Packages that bring rpm and what it calls.
    pub(super) tools: Vec<String>,
    pub(super) repositories: Vec<RpmFileRepository>,
}

/// A repository. `{release}` and `{arch}` stand for words.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RpmFileRepository {
    pub(super) name: String,
    /// A list of mirrors that says too what the repository's index must be.
    pub(super) metalink: Option<String>,
    /// Where the public finds it, when there is no such list.
    pub(super) public: Option<String>,
    /// Where it is below a mirror of the whole archive.
    pub(super) below: String,
    /// The releases that have it; all when none is named.
    #[serde(default)]
    pub(super) releases: Vec<String>,
    /// The architectures that have it; all when none is named.
    #[serde(default)]
    pub(super) architectures: Vec<Architecture>,
    /// Whether it is taken only when the user names it.
    #[serde(default)]
    pub(super) optional: bool,
}

impl RpmFileRepository {
    /// Whether there is one for this release and architecture.
    pub(super) fn is_for(&self, release: &str, architecture: Architecture) -> bool {
        (self.releases.is_empty() || self.releases.iter().any(|known| known == release))
            && (self.architectures.is_empty() || self.architectures.contains(&architecture))
    }
}

/// Binary hosts of portage's packages.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PortageFile {
    /// The fingerprints of the keys that sign the packages of the public hosts.
    pub(super) fingerprints: Vec<String>,
    /// Of each architecture.
    pub(super) hosts: BTreeMap<Architecture, PortageFileHost>,
    /// What is left out of every package unless the user says otherwise.
    #[serde(default)]
    pub(super) install_mask: Vec<String>,
    /// Packages of which only libraries are taken. `{lib}` stands for the directory of the architecture's libraries.
    #[serde(default)]
    pub(super) parts: Vec<PortagePart>,
    /// An archive of the ebuild repository, which compiling takes.
    pub(super) ebuilds: Option<String>,
}

/// The public's binary hosts for one architecture. `{release}` stands for the release's name.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PortageFileHost {
    /// The profile's word for the architecture.
    pub(super) keyword: String,
    /// The name of the directory of libraries below `/usr`.
    pub(super) libraries: String,
    /// In order of preference.
    pub(super) public: Vec<String>,
    /// The signed list that names the newest stage3, which compiling takes.
    pub(super) stage3: Option<String>,
}

/// A release of portage's packages: a generation of profiles.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PortageRelease {
    /// The profile that is meant if nobody says which. `{keyword}` and `{release}` stand for words.
    pub(super) profile: String,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct FileRelease {
    pub(super) name: String,
    pub(super) version: Option<String>,
    #[serde(default)]
    pub(super) aliases: Vec<String>,
    pub(super) end_of_life: Option<String>,
    /// Architectures that only other releases are built for.
    #[serde(default)]
    pub(super) not_for: Vec<Architecture>,
    /// Packages of the variants that this release doesn't have, by the package which they are a part of there.
    #[serde(default)]
    pub(super) part_of: BTreeMap<String, String>,
    pub(super) apt: Option<AptRelease>,
    pub(super) apk: Option<ApkRelease>,
    pub(super) rpm: Option<RpmRelease>,
    pub(super) portage: Option<PortageRelease>,
}

/// A release of dpkg's packages.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct AptRelease {
    /// Whether the root starts with `/bin`, `/sbin` and `/lib*` as links into `/usr`.
    #[serde(default = "yes")]
    pub(super) merged_usr: bool,
    /// By the archive's name; an archive that isn't named has nothing for this release.
    pub(super) archives: BTreeMap<String, ReleaseArchive>,
}

/// What one archive holds for one release.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ReleaseArchive {
    pub(super) suites: Vec<String>,
    /// Names of keys that may sign it.
    pub(super) keys: Vec<String>,
}

/// A release of apk's packages.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ApkRelease {
    /// Its directory in the archive.
    pub(super) branch: String,
}

/// A release of rpm's packages.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RpmRelease {
    /// Names of keys that may sign its packages.
    pub(super) keys: Vec<String>,
    /// Where this release has rpm's database, if elsewhere.
    pub(super) database: Option<String>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct FileVariant {
    pub(super) name: String,
    pub(super) summary: String,
    /// A variant above this one in the file, all of which this one has.
    pub(super) base: Option<String>,
    #[serde(default = "yes")]
    pub(super) brings_init: bool,
    /// Debian's: every package of this priority.
    #[serde(default)]
    pub(super) priorities: Vec<String>,
    #[serde(default)]
    pub(super) packages: Vec<String>,
}

/// A tweak with the condition under which it is made.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct FileTweak {
    /// Empty means every variant.
    #[serde(default)]
    pub(super) variants: Vec<String>,
    /// None means always.
    pub(super) package: Option<String>,
    /// Packages in whose company it is not made.
    #[serde(default)]
    pub(super) unless: Vec<String>,
    #[serde(flatten)]
    pub(super) tweak: Tweak,
}

fn yes() -> bool {
    true
}

impl DistroFile {
    /// The variant and those it is based on, the innermost first.
    pub(super) fn lineage(&self, name: &str) -> Vec<&FileVariant> {
        let mut lineage = Vec::new();
        let mut next = Some(name);
        while let Some(variant) = next.and_then(|name| self.variants.iter().find(|variant| variant.name == name)) {
            lineage.insert(0, variant);
            next = variant.base.as_deref();
        }
        lineage
    }
}

impl FileRelease {
    /// The package in which this release has what a variant or a tweak names.
    pub(super) fn package<'a>(&'a self, name: &'a str) -> &'a str {
        self.part_of.get(name).map_or(name, String::as_str)
    }
}

impl FileTweak {
    /// Whether it is made in this variant, of what is asked for.
    pub(super) fn applies(&self, variant: &str, is_asked: impl Fn(&str) -> bool) -> bool {
        let is_for_variant = self.variants.is_empty() || self.variants.iter().any(|name| name == variant);
        is_for_variant && self.package.as_deref().is_none_or(&is_asked) && !self.unless.iter().any(|package| is_asked(package))
    }
}

impl Archive {
    /// Where the public finds it.
    pub(super) fn public(&self, architecture: Architecture) -> &str {
        self.public_for.get(&architecture).unwrap_or(&self.public)
    }
}

impl From<&FileRelease> for Release {
    fn from(release: &FileRelease) -> Self {
        Self {
            name: release.name.clone(),
            version: release.version.clone(),
            aliases: release.aliases.clone(),
            end_of_life: release.end_of_life.clone(),
        }
    }
}

impl From<&FileVariant> for Variant {
    fn from(variant: &FileVariant) -> Self {
        Self { name: variant.name.clone(), summary: variant.summary.clone() }
    }
}
