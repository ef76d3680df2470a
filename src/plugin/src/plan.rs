use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::{Architecture, PortageCompile, Selection, ShellInstaller, SourceBuild, Trim};

/// Where packages come from and which to install: pure data, printed by `--dry-run`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    /// The distribution's name.
    pub distribution: String,
    /// The release's own name.
    pub release: String,
    /// What the guest runs on.
    pub architecture: Architecture,
    /// The variant's name.
    pub variant: String,
    /// Which package format, and from where.
    pub installer: Installer,
    /// Which packages are wanted, in the order they were asked for.
    pub include: Vec<Include>,
    /// What of the packages is taken; none means all of it, installed as their manager does.
    #[serde(default)]
    pub selection: Option<Selection>,
    /// What is compiled from source, in place of a package's file. Only a selection has such.
    #[serde(default)]
    pub source: Option<SourceBuild>,
    /// What is left out of every package.
    pub without: Vec<Trim>,
    /// Files and links that the distribution's guest needs beyond its packages, in order.
    pub tweaks: Vec<Tweak>,
    /// The package that brings a virtual machine's kernel, fetched beside the tree when an image needs one; none where there is none.
    #[serde(default)]
    pub kernel: Option<String>,
    /// The package that brings systemd's EFI stub, which makes a program for UEFI firmware of a kernel; none where there is none.
    #[serde(default)]
    pub uefi_stub: Option<String>,
    /// The packages whose programs make a boot loader for a PC's BIOS (GRUB's `grub-mkimage`, and its modules for `i386-pc`); empty where there are
    /// none, or the architecture's machines have no BIOS. They run on the machine that builds, and are in no guest.
    #[serde(default)]
    pub bios_loader: Vec<String>,
    /// Whether a root without `/sbin/init` is meant.
    pub init_expected: bool,
}

/// Which of its packages' scripts a build runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scripts {
    /// None.
    None,
    /// Those that nobody knows how to do without running them; often there is none.
    Some,
    /// All of them.
    Every,
}

impl Plan {
    /// Whether packages' scripts run in the root, which then must be on a disk, of an architecture that this machine runs, with somebody who is root of it.
    #[must_use]
    pub fn scripts(&self) -> Scripts {
        match (&self.selection, &self.installer) {
            (Some(_), _) => Scripts::None,
            (None, Installer::Apt(_) | Installer::Rpm(_) | Installer::Shell(_)) => Scripts::Every,
            (None, Installer::Apk(_) | Installer::Portage(_)) => Scripts::Some,
        }
    }
}

/// The package format and its repositories.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "format")]
pub enum Installer {
    /// dpkg and apt.
    Apt(AptInstaller),
    /// apk.
    Apk(ApkInstaller),
    /// rpm.
    Rpm(RpmInstaller),
    /// portage, from binary hosts, or compiled.
    Portage(PortageInstaller),
    /// Whatever the scripts of a directory do.
    Shell(ShellInstaller),
}

impl Installer {
    /// Whether the package manager itself compiles what it installs, unless a lock says that it was.
    #[must_use]
    pub fn compiles(&self) -> bool {
        matches!(self, Self::Portage(PortageInstaller { compile: Some(_), .. }))
    }

    /// Whether a lock can pin what it installs.
    #[must_use]
    pub fn can_be_locked(&self) -> bool {
        !matches!(self, Self::Shell(_))
    }

    /// For dpkg and apt; none for anything else.
    #[must_use]
    pub fn apt(&self) -> Option<&AptInstaller> {
        match self {
            Self::Apt(apt) => Some(apt),
            Self::Apk(_) | Self::Rpm(_) | Self::Portage(_) | Self::Shell(_) => None,
        }
    }
}

/// What dpkg and apt need.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AptInstaller {
    /// In order of preference.
    pub repositories: Vec<AptRepository>,
    /// Whether Recommends are followed.
    pub recommends: bool,
    /// Accept an index whose time has run out.
    pub ignore_valid_until: bool,
    /// The root starts with `/bin`, `/sbin` and `/lib*` as links into `/usr`.
    pub merged_usr: bool,
}

/// What apk needs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ApkInstaller {
    /// In the order of `/etc/apk/repositories`.
    pub repositories: Vec<ApkRepository>,
    /// Who may sign them.
    pub keys: Vec<ApkKey>,
}

/// One line of `/etc/apk/repositories`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ApkRepository {
    /// A short name, unique in the plan, as the lock calls it: `main`, `extra1`.
    pub name: String,
    /// URLs to try in order, without a final slash and without the architecture (`http`, `https` or `file`); `public` when there is none.
    pub mirrors: Vec<String>,
    /// The public URL: what the guest's own file says.
    pub public: String,
    /// Packages of a tagged repository are taken for names with that tag alone.
    pub tag: Option<String>,
}

impl ApkRepository {
    /// Where to fetch from, in order.
    #[must_use]
    pub fn bases(&self) -> &[String] {
        if self.mirrors.is_empty() { std::slice::from_ref(&self.public) } else { &self.mirrors }
    }
}

/// A public key for RSA, in PEM.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ApkKey {
    /// The name by which signatures call it: of its file in `/etc/apk/keys`.
    pub name: String,
    /// The key.
    pub key: Key,
}

/// What rpm needs, and dnf would.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RpmInstaller {
    /// In order of preference among packages that are alike.
    pub repositories: Vec<RpmRepository>,
    /// Whether weak dependencies are followed.
    pub weak: bool,
    /// Packages that are never chosen, with `*` and `?`.
    pub exclude: Vec<String>,
    /// Where the root keeps rpm's database: absolute, inside the root.
    pub database: String,
    /// The packages that bring rpm and what it calls. They run on the machine that builds, and are in no guest unless asked for.
    pub tools: Vec<String>,
}

/// One repository: a directory with `repodata`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RpmRepository {
    /// A short name, unique in the plan, as the lock calls it: `fedora`, `updates`, `extra1`.
    pub name: String,
    /// URLs to try in order, without a final slash (`http`, `https` or `file`); `source` when there is none.
    pub mirrors: Vec<String>,
    /// Where the public finds it.
    pub source: RpmSource,
    /// Who may sign its packages, and its index where that is signed.
    pub keys: Vec<Key>,
}

/// Where a repository is found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RpmSource {
    /// A list of mirrors (RFC 5854), which has the hash of the repository's index too.
    Metalink(String),
    /// The repository itself, without a final slash.
    Base(String),
}

/// What portage needs to install from binary hosts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PortageInstaller {
    /// In order of preference among packages that are alike.
    pub hosts: Vec<PortageHost>,
    /// Whether packages are taken that nobody signed.
    pub allow_unsigned: bool,
    /// Which profile the packages are for, below a repository's `profiles`.
    pub profile: String,
    /// The profile's word for the architecture: `amd64`.
    pub keyword: String,
    /// USE flags that are wanted (`static`) or not (`-nls`), the last one of a name counts.
    pub flags: Vec<String>,
    /// What of the packages is left out, as `INSTALL_MASK` has it: the last pattern that means a path decides, and one with a `-` exempts.
    pub install_mask: Vec<String>,
    /// Whether `/bin`, `/sbin` and `/lib*` are links into `/usr`.
    pub merged_usr: bool,
    /// Packages of which only libraries are taken, unless they are asked for by name.
    pub parts: Vec<PortagePart>,
    /// The packages are compiled, and `hosts` have at most what was compiled before; none when they come from the hosts.
    #[serde(default)]
    pub compile: Option<Box<PortageCompile>>,
}

/// A place of binary packages, with `Packages` in it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PortageHost {
    /// A short name, unique in the plan, as the lock calls it: `gentoo`, `host1`.
    pub name: String,
    /// URLs to try in order, without a final slash (`http`, `https` or `file`); `public` when there is none.
    pub mirrors: Vec<String>,
    /// Where the public finds it.
    pub public: String,
    /// Who may sign its packages.
    pub keys: Vec<Key>,
    /// The fingerprints that those keys must have, in upper case; any when there is none.
    pub fingerprints: Vec<String>,
}

impl PortageHost {
    /// Where to fetch from, in order.
    #[must_use]
    pub fn bases(&self) -> &[String] {
        if self.mirrors.is_empty() { std::slice::from_ref(&self.public) } else { &self.mirrors }
    }
}

/// Files of a package that other packages need at run time, without the rest of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PortagePart {
    /// `sys-devel/gcc`.
    pub package: String,
    /// Paths with `*`, relative to the root.
    pub files: Vec<String>,
    /// The directory they are put into, relative to the root.
    pub into: String,
}

/// One `deb` entry: suites below one archive.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AptRepository {
    /// A short name, unique in the plan, as the lock calls it: `debian`, `security`, `extra1`.
    pub name: String,
    /// URLs to try in order, without a final slash (`http`, `https` or `file`); `public` when there is none.
    pub mirrors: Vec<String>,
    /// The archive's public URL: what the guest's own sources.list says.
    pub public: String,
    /// `trixie`, `trixie-updates`.
    pub suites: Vec<String>,
    /// `main`; empty for a flat repository.
    pub components: Vec<String>,
    /// Who may sign it.
    pub keys: Vec<Key>,
    /// The key file that the guest's sources.list names in `signed-by`; none for apt's default.
    pub signed_by: Option<String>,
}

impl AptRepository {
    /// Where to fetch from, in order. A mirror that was named is not left for the public archive: who names one has a reason.
    #[must_use]
    pub fn bases(&self) -> &[String] {
        if self.mirrors.is_empty() { std::slice::from_ref(&self.public) } else { &self.mirrors }
    }
}

/// Public keys that may sign a repository.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Key {
    /// One or several armoured blocks, carried by the plugin.
    Armoured(String),
    /// A file of the user's, armoured or binary.
    File(PathBuf),
}

/// What to install.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Include {
    /// Every package marked Essential.
    Essential,
    /// Every package of this priority (`required`, `important`, `standard`).
    Priority(String),
    /// One package.
    Package(PlannedPackage),
}

/// One package that the plan asks for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PlannedPackage {
    /// By name (`vim`, `vim=2:9.0`, `vim/trixie-backports`).
    Name(String),
    /// A package file on this machine.
    File(PathBuf),
}

/// A change to the tree after its packages are in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "do")]
pub enum Tweak {
    /// Writes a file; parents are made with mode 0755.
    Write {
        /// Absolute, inside the tree.
        path: String,
        /// The whole content.
        content: String,
        /// Permission bits.
        mode: u32,
    },
    /// Makes root's directory, or gives one that is there this mode.
    Directory {
        /// Absolute, inside the tree.
        path: String,
        /// Permission bits.
        mode: u32,
    },
    /// Makes a symbolic link, replacing what is there unless that is a directory.
    Link {
        /// Absolute, inside the tree.
        path: String,
        /// What the link says.
        target: String,
        /// Leaves whatever is there already.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        only_if_missing: bool,
    },
    /// Removes a file or link if it is there.
    Remove {
        /// Absolute, inside the tree.
        path: String,
    },
    /// Enables a systemd unit that is in the tree, by its `[Install]` section.
    EnableUnit {
        /// `systemd-networkd.service`.
        unit: String,
    },
    /// Takes secrets that a package's script made out of the image, and has the guest make its own at its first boot.
    Regenerate(RegeneratedSecret),
}

/// Secrets that every guest must make for itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RegeneratedSecret {
    /// The first-boot unit's name, without `.service`.
    pub name: String,
    /// Paths with `*` in the last component; nothing happens when none matches.
    pub paths: Vec<String>,
    /// What the unit runs.
    pub command: String,
    /// Units that need it before them.
    pub before: Vec<String>,
}
