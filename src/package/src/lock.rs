//! The lock: every package of a build, by version and hash, as a text that people can read and keep.
//!
//! It names repositories as the plan does and paths below them, never a mirror. The same lock is always the same text.

mod error;
mod fit;
mod read;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::fmt::Write;

use rootfs_plugin::Plan;
use rootfs_tree::Digest;
use sha2::{Digest as _, Sha256};

pub use error::{LockError, LockFault};
pub use fit::LockMismatch;
pub(crate) use read::{is_path, is_version};

use crate::apt::Selection;
use crate::apt::resolve::Selected;

/// The form of the text; a reader takes no other.
pub const VERSION: i64 = 1;

/// The repository of package files of the user's own.
pub const LOCAL: &str = "local";

/// What a build consists of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lock {
    /// The distribution's name.
    pub distribution: String,
    /// The release's own name.
    pub release: String,
    /// The name `uname -m` gives.
    pub architecture: String,
    /// The agent, when one is put in.
    pub agent: Option<LockedAgent>,
    /// Which keys signed each repository, by its name in the plan: upper-case fingerprints, sorted.
    pub keys: BTreeMap<String, Vec<String>>,
    /// The kernel's packages, when an image was made that needs one: the image's, then its modules' where these are apart. They are not in the tree.
    pub kernel: Vec<LockedPackage>,
    /// The packages whose programs made something for the image, with all they depend on; sorted as `packages`. They are not in the tree.
    pub tools: Vec<LockedPackage>,
    /// The files of source packages that something in the tree was compiled from, each with its package's name and version; sorted by path.
    pub sources: Vec<LockedPackage>,
    /// The packages whose programs compiled it, as `tools`.
    pub compilers: Vec<LockedPackage>,
    /// Sorted by name, then architecture, then slot; no two are the same.
    pub packages: Vec<LockedPackage>,
}

/// The agent's file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LockedAgent {
    /// Its name in the tree.
    pub name: String,
    /// Of its content.
    pub sha256: Digest,
}

/// One package.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LockedPackage {
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
    /// The packager's word (`amd64`, `all`).
    pub architecture: String,
    /// The repository's name in the plan; `local` for a package file of the user's.
    pub repository: String,
    /// Below the repository; for `local`, the file's name. Relative, without `..`.
    pub path: String,
    /// In bytes.
    pub size: u64,
    /// Of the package file.
    pub sha256: Digest,
    /// Nobody asked for it; apt's Auto-Installed.
    pub automatic: bool,
    /// Marked Essential.
    pub essential: bool,
    /// How it was built, where one version can be built in several ways.
    pub build: Option<LockedBuild>,
}

/// How a package was built.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LockedBuild {
    /// Its slot, with its sub-slot if that is another: packages of one name with different slots are there side by side.
    pub slot: String,
    /// Its own USE flags that are on, sorted.
    pub flags: Vec<String>,
}

impl Lock {
    /// One for a plan, without any package.
    pub(crate) fn of(plan: &Plan, agent: Option<&LockedAgent>) -> Self {
        Self {
            distribution: plan.distribution.clone(),
            release: plan.release.clone(),
            architecture: plan.architecture.name().to_owned(),
            agent: agent.cloned(),
            keys: BTreeMap::new(),
            kernel: Vec::new(),
            tools: Vec::new(),
            sources: Vec::new(),
            compilers: Vec::new(),
            packages: Vec::new(),
        }
    }

    /// Writes the text that [`Lock::parse`] reads.
    #[must_use]
    pub fn to_toml(&self) -> String {
        let mut text = String::from("# What a build consists of, by rootfs-gen. Build it again with --locked.\n");
        let mut line = |key: &str, value: &str| {
            // Writing to a string can't fail.
            let _infallible = writeln!(text, "{key} = {value}");
        };
        line("version", &VERSION.to_string());
        line("distribution", &quote(&self.distribution));
        line("release", &quote(&self.release));
        line("architecture", &quote(&self.architecture));
        let mut text = text + "\n[keys]\n";
        for (repository, fingerprints) in &self.keys {
            let quoted: Vec<_> = fingerprints.iter().map(|fingerprint| quote(fingerprint)).collect();
            text += &format!("{} = [{}]\n", quote(repository), quoted.join(", "));
        }
        if let Some(agent) = &self.agent {
            text += &format!("\n[agent]\nname = {}\nsha256 = \"{}\"\n", quote(&agent.name), agent.sha256);
        }
        for package in &self.kernel {
            text += &package.to_toml("[[kernel]]");
        }
        for package in &self.tools {
            text += &package.to_toml("[[tool]]");
        }
        for package in &self.sources {
            text += &package.to_toml("[[source]]");
        }
        for package in &self.compilers {
            text += &package.to_toml("[[compiler]]");
        }
        for package in &self.packages {
            text += &package.to_toml("[[package]]");
        }
        text
    }

    /// The hash of the text: two builds with the same digest have the same inputs.
    #[must_use]
    pub fn digest(&self) -> Digest {
        Digest(Sha256::digest(self.to_toml()).into())
    }
}

impl LockedPackage {
    /// `NAME-VERSION`, as apk and rpm call it.
    pub(crate) fn title(&self) -> String {
        format!("{}-{}", self.name, self.version)
    }

    /// Sorts packages as a lock has them.
    pub(crate) fn sort(packages: &mut [Self]) {
        packages.sort_by(|one, other| one.place().cmp(&other.place()));
    }

    /// Of which there is one in a lock, and by which that is sorted.
    fn place(&self) -> (&str, &str, Option<&str>) {
        (&self.name, &self.architecture, self.build.as_ref().map(|build| build.slot.as_str()))
    }

    fn to_toml(&self, table: &str) -> String {
        let Self { name, version, architecture, repository, path, size, sha256, automatic, essential, build } = self;
        let build = build
            .as_ref()
            .map_or_else(String::new, |LockedBuild { slot, flags }| format!("slot = {}\nuse = {}\n", quote(slot), quote(&flags.join(" "))));
        let [name, version, architecture, repository, path] = [name, version, architecture, repository, path].map(|text| quote(text));
        format!(
            "\n{table}\nname = {name}\nversion = {version}\narchitecture = {architecture}\nrepository = {repository}\npath = {path}\n\
             size = {size}\nsha256 = \"{sha256}\"\nautomatic = {automatic}\nessential = {essential}\n{build}"
        )
    }
}

/// A basic string of TOML.
fn quote(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    for character in text.chars() {
        match character {
            '"' | '\\' => quoted.extend(['\\', character]),
            control if control.is_control() => quoted += &format!("\\u{:04X}", u32::from(control)),
            other => quoted.push(other),
        }
    }
    quoted.push('"');
    quoted
}

impl From<&Selected> for LockedPackage {
    fn from(package: &Selected) -> Self {
        Self {
            name: package.name.clone(),
            version: package.version.clone(),
            architecture: package.architecture.clone(),
            repository: package.repository.clone(),
            path: package.path.clone(),
            size: package.size,
            sha256: package.sha256,
            automatic: package.automatic,
            essential: package.essential,
            build: None,
        }
    }
}

impl Selection {
    /// What was chosen, as a lock.
    #[must_use]
    pub fn lock(&self, distribution: &str, release: &str, architecture: &str, agent: Option<LockedAgent>) -> Lock {
        let packages = self.packages.iter().map(LockedPackage::from);
        Lock {
            distribution: distribution.to_owned(),
            release: release.to_owned(),
            architecture: architecture.to_owned(),
            agent,
            keys: self.keys.clone(),
            kernel: Vec::new(),
            tools: Vec::new(),
            sources: Vec::new(),
            compilers: Vec::new(),
            packages: packages.collect(),
        }
    }
}
