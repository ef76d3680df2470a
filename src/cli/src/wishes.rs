//! What one source of settings says.

use std::collections::BTreeMap;
use std::path::PathBuf;

use crate::invocation::Verbosity;
use crate::sourced::Sourced;

/// What one source (the flags, the environment, a configuration file) says, unread: a setting is there or it isn't.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[expect(missing_docs, reason = "each field is the flag of the same name; `options` are the distribution's own")]
pub struct Wishes {
    pub rootfs: Option<Sourced<PathBuf>>,
    pub output: Option<Sourced<PathBuf>>,
    pub force: Option<bool>,
    pub release: Option<Sourced<String>>,
    pub arch: Option<Sourced<String>>,
    pub variant: Option<Sourced<String>>,
    pub extra_packages: Vec<Sourced<String>>,
    pub packages: Vec<Sourced<String>>,
    pub recommends: Option<bool>,
    pub without: Vec<Sourced<String>>,
    pub mirrors: Vec<Sourced<String>>,
    pub suites: Vec<Sourced<String>>,
    pub repositories: Vec<Sourced<String>>,
    pub repository_key: Option<Sourced<PathBuf>>,
    pub keyring: Option<Sourced<PathBuf>>,
    pub lock: Option<Sourced<PathBuf>>,
    pub locked: Option<Sourced<PathBuf>>,
    pub offline: Option<bool>,
    pub ignore_valid_until: Option<bool>,
    pub store: Option<Sourced<PathBuf>>,
    pub root_password: Option<Sourced<String>>,
    pub insecure_empty_root: Option<Sourced<bool>>,
    pub ssh_keys: Vec<Sourced<PathBuf>>,
    pub users: Vec<Sourced<UserWish>>,
    pub size: Option<Sourced<String>>,
    pub free: Option<Sourced<String>>,
    pub label: Option<Sourced<String>>,
    pub ext4_profile: Option<Sourced<String>>,
    pub block_size: Option<Sourced<String>>,
    pub format: Option<Sourced<String>>,
    pub compress: Option<Sourced<String>>,
    pub fs: Option<Sourced<String>>,
    pub table: Option<Sourced<String>>,
    pub align: Option<Sourced<String>>,
    pub boot: Option<Sourced<String>>,
    pub dax: Option<bool>,
    pub verity: Option<bool>,
    pub hostname: Option<Sourced<String>>,
    pub overlays: Vec<Sourced<PathBuf>>,
    pub hooks: Vec<Sourced<PathBuf>>,
    pub agent: Option<Sourced<String>>,
    pub agent_name: Option<Sourced<String>>,
    pub agent_init: Option<bool>,
    pub source_date_epoch: Option<Sourced<String>>,
    pub cache: Option<bool>,
    pub explain: Option<bool>,
    pub check: Option<bool>,
    pub json: Option<bool>,
    pub verbosity: Option<Verbosity>,
    pub docker: Option<Sourced<String>>,
    pub docker_host: Option<Sourced<String>>,
    pub docker_image: Option<Sourced<String>>,
    pub options: BTreeMap<String, Sourced<String>>,
}

/// A user to add; the password is as typed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UserWish {
    /// The login name.
    pub name: String,
    /// In one of the forms of `--root-password`.
    pub password: Option<String>,
    /// A fixed id.
    pub uid: Option<u32>,
    /// Other groups.
    pub groups: Vec<String>,
}

impl UserWish {
    /// Reads `NAME[:PASSWORD]`.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        let (name, password) = text.split_once(':').map_or((text, None), |(name, password)| (name, Some(password.to_owned())));
        Self { name: name.to_owned(), password, uid: None, groups: Vec::new() }
    }
}

impl Wishes {
    /// These wishes before `weaker` ones. What can have one value has the stronger one's; of the lists, those that add to the result
    /// (packages added, repositories, keys, users, overlays, hooks) add up, the weaker first, and the others are the stronger one's whole.
    #[must_use]
    pub fn over(self, weaker: Self) -> Self {
        Self {
            rootfs: self.rootfs.or(weaker.rootfs),
            output: self.output.or(weaker.output),
            force: self.force.or(weaker.force),
            release: self.release.or(weaker.release),
            arch: self.arch.or(weaker.arch),
            variant: self.variant.or(weaker.variant),
            extra_packages: added(weaker.extra_packages, self.extra_packages),
            packages: chosen(self.packages, weaker.packages),
            recommends: self.recommends.or(weaker.recommends),
            without: chosen(self.without, weaker.without),
            mirrors: chosen(self.mirrors, weaker.mirrors),
            suites: chosen(self.suites, weaker.suites),
            repositories: added(weaker.repositories, self.repositories),
            repository_key: self.repository_key.or(weaker.repository_key),
            keyring: self.keyring.or(weaker.keyring),
            // One of the two at most: a stronger `--lock` puts a weaker `locked` out of force, and the other way round.
            lock: if self.locked.is_some() { None } else { self.lock.clone().or(weaker.lock) },
            locked: if self.lock.is_some() { None } else { self.locked.or(weaker.locked) },
            offline: self.offline.or(weaker.offline),
            ignore_valid_until: self.ignore_valid_until.or(weaker.ignore_valid_until),
            store: self.store.or(weaker.store),
            // An empty password and one exclude each other.
            root_password: self.root_password.clone().or(if self.insecure_empty_root.is_some() { None } else { weaker.root_password }),
            insecure_empty_root: self.insecure_empty_root.or(if self.root_password.is_some() { None } else { weaker.insecure_empty_root }),
            ssh_keys: added(weaker.ssh_keys, self.ssh_keys),
            users: added(weaker.users, self.users),
            // A size and free space exclude each other, so the stronger source decides for both.
            free: self.free.or(if self.size.is_some() { None } else { weaker.free }),
            size: self.size.or(weaker.size),
            label: self.label.or(weaker.label),
            ext4_profile: self.ext4_profile.or(weaker.ext4_profile),
            block_size: self.block_size.or(weaker.block_size),
            format: self.format.or(weaker.format),
            compress: self.compress.or(weaker.compress),
            fs: self.fs.or(weaker.fs),
            table: self.table.or(weaker.table),
            align: self.align.or(weaker.align),
            boot: self.boot.or(weaker.boot),
            dax: self.dax.or(weaker.dax),
            verity: self.verity.or(weaker.verity),
            hostname: self.hostname.or(weaker.hostname),
            overlays: added(weaker.overlays, self.overlays),
            hooks: added(weaker.hooks, self.hooks),
            agent: self.agent.or(weaker.agent),
            agent_name: self.agent_name.or(weaker.agent_name),
            agent_init: self.agent_init.or(weaker.agent_init),
            source_date_epoch: self.source_date_epoch.or(weaker.source_date_epoch),
            cache: self.cache.or(weaker.cache),
            explain: self.explain.or(weaker.explain),
            check: self.check.or(weaker.check),
            json: self.json.or(weaker.json),
            verbosity: self.verbosity.or(weaker.verbosity),
            docker: self.docker.or(weaker.docker),
            docker_host: self.docker_host.or(weaker.docker_host),
            docker_image: self.docker_image.or(weaker.docker_image),
            options: weaker.options.into_iter().chain(self.options).collect(),
        }
    }
}

fn chosen<T>(stronger: Vec<T>, weaker: Vec<T>) -> Vec<T> {
    if stronger.is_empty() { weaker } else { stronger }
}

fn added<T>(mut weaker: Vec<T>, stronger: Vec<T>) -> Vec<T> {
    weaker.extend(stronger);
    weaker
}
