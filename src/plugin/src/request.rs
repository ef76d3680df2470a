use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::{Architecture, PlanError, PlannedPackage};

/// Everything the user asked for, typed. Nothing reads the environment or a configuration file after it is made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Request {
    /// The distribution's name.
    pub distribution: String,
    /// The release as typed; none means the distribution's newest stable.
    pub release: Option<String>,
    /// What the guest runs on.
    pub architecture: Architecture,
    /// A named package set; none means the distribution's default.
    pub variant: Option<String>,
    /// Where packages come from, in the order to try: flag, environment or configuration file; empty means the
    /// host's own configuration, else the distribution's public default. URLs without a final slash.
    pub mirrors: Vec<String>,
    /// Mirrors of one archive by its name in the plan (`security`), where a distribution has several; for the main one, only what the
    /// host's own configuration has, as `mirrors` wins.
    #[serde(default)]
    pub archive_mirrors: BTreeMap<String, Vec<String>>,
    /// Replaces the distribution's suites, where it has such (`--suite`).
    pub suites: Vec<String>,
    /// Repositories besides the distribution's own (`--repo`).
    pub repositories: Vec<ExtraRepository>,
    /// Keys that may sign the distribution's own archives, instead of those it carries: for a mirror that signs anew.
    #[serde(default)]
    pub keyring: Option<PathBuf>,
    /// Added to the variant's packages.
    pub extra_packages: Vec<PackageRequest>,
    /// Replaces the variant's own list, when said.
    pub packages: Option<Vec<PackageRequest>>,
    /// Whether weak dependencies (Debian's Recommends) are followed.
    pub recommends: bool,
    /// Accept a repository index whose time has run out.
    pub ignore_valid_until: bool,
    /// What is left out of every package.
    pub without: BTreeSet<Trim>,
    /// The agent, or its absence.
    pub agent: Agent,
    /// The name of the agent's binary below `/usr/bin`; none means the source's own name.
    pub agent_name: Option<String>,
    /// The agent is `/sbin/init`.
    pub agent_init: bool,
    /// The guest's host name; none means the distribution's own.
    pub hostname: Option<String>,
    /// Root's password; none means locked.
    pub root_password: Option<Password>,
    /// Lines of root's (and every added user's) `authorized_keys`.
    pub ssh_keys: Vec<String>,
    /// Users to add.
    pub users: Vec<User>,
    /// Directories and tars laid over the tree, in order.
    pub overlays: Vec<Overlay>,
    /// Scripts run inside the tree, in order, after everything else.
    pub hooks: Vec<HookScript>,
    /// Seconds since 1970 for every time newer than it; none means the newest package's.
    pub source_date_epoch: Option<i64>,
    /// Options that the distribution defines ([`crate::DistroOption`]), by name; a switch has the value `true`.
    pub options: BTreeMap<String, String>,
}

impl Request {
    /// A request for a distribution's default, of which nothing else is said.
    #[must_use]
    pub fn plain(distribution: &str, architecture: Architecture) -> Self {
        Self {
            distribution: distribution.to_owned(),
            release: None,
            architecture,
            variant: None,
            mirrors: Vec::new(),
            archive_mirrors: BTreeMap::new(),
            suites: Vec::new(),
            repositories: Vec::new(),
            keyring: None,
            extra_packages: Vec::new(),
            packages: None,
            recommends: false,
            ignore_valid_until: false,
            without: BTreeSet::new(),
            agent: Agent::Default,
            agent_name: None,
            agent_init: false,
            hostname: None,
            root_password: None,
            ssh_keys: Vec::new(),
            users: Vec::new(),
            overlays: Vec::new(),
            hooks: Vec::new(),
            source_date_epoch: None,
            options: BTreeMap::new(),
        }
    }

    /// Whether a switch among [`Request::options`] is on.
    #[must_use]
    pub fn is_set(&self, option: &str) -> bool {
        self.options.get(option).is_some_and(|value| value == "true")
    }

    /// The words of a list among [`Request::options`]; none when nothing was said.
    #[must_use]
    pub fn words(&self, option: &str) -> Option<Vec<String>> {
        let words = |text: &String| text.split([',', ' ']).filter(|word| !word.is_empty()).map(str::to_owned).collect();
        self.options.get(option).map(words)
    }

    /// Fails when a mirror is said of an archive that isn't there.
    pub(crate) fn require_archives<'a>(&self, distribution: &str, known: impl Iterator<Item = &'a str>) -> Result<(), PlanError> {
        let known: Vec<&str> = known.collect();
        let Some(name) = self.archive_mirrors.keys().find(|name| !known.contains(&name.as_str())) else { return Ok(()) };
        Err(PlanError::other(format!("{distribution} has no archive `{name}`"), format!("it has {}", known.join(", "))))
    }
}

/// One package as a user names it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PackageRequest {
    /// By name, as the distribution spells it, with what its manager accepts behind it (`vim=2:9.0`).
    Name(String),
    /// A package file on this machine.
    File(PathBuf),
}

impl PackageRequest {
    /// The package as a plan has it.
    #[must_use]
    pub fn planned(&self) -> PlannedPackage {
        match self {
            Self::Name(name) => PlannedPackage::Name(name.clone()),
            Self::File(path) => PlannedPackage::File(path.clone()),
        }
    }
}

/// A repository besides the distribution's own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExtraRepository {
    /// One line as the distribution's package manager writes it (`deb URL SUITE COMPONENT…`).
    pub line: String,
    /// The armoured or binary public key that must sign it.
    pub key: Option<PathBuf>,
}

/// What can be left out of every package.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Trim {
    /// `/usr/share/doc` but for copyright files, and `/usr/share/info`.
    Docs,
    /// Message catalogues other than English.
    Locales,
    /// Manual pages.
    Man,
}

/// The program in the guest that serves the host.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Agent {
    /// None is installed and none is expected.
    None,
    /// The tool's own, where a guest has an init that serves such programs; nobody asked for it.
    Default,
    /// The tool's own, as it was asked for.
    Own,
    /// This program, with a unit that starts it.
    File(PathBuf),
}

/// A password, in clear or as crypt(3) writes it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Password {
    /// None: whoever gives the name is in.
    Empty,
    /// To be hashed.
    Clear(String),
    /// A crypt(3) string, taken as it is.
    Hashed(String),
}

impl std::fmt::Debug for Password {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Password(…)")
    }
}

/// A user to add.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct User {
    /// The login name.
    pub name: String,
    /// None means locked.
    pub password: Option<Password>,
    /// A fixed user id; none means the first free one from 1000.
    pub uid: Option<u32>,
    /// Other groups, which must exist in the tree.
    pub groups: Vec<String>,
}

/// A directory or tar laid over the tree.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Overlay {
    /// A directory, or a tar in any compression that packages use.
    pub path: PathBuf,
}

/// A script of the user's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HookScript {
    /// A file on the host; copied in, run, removed.
    pub path: PathBuf,
}
