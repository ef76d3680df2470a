//! The one place where flags, environment and configuration file become a request: flag > environment > file > the plugin's default.

mod agent;
pub(crate) mod engine;
mod mirrors;
mod names;
mod options;
pub(crate) mod output;
mod packages;
mod password;
mod proxies;
pub(crate) mod size;
mod ssh_keys;
mod target;

use std::collections::BTreeSet;
use std::path::PathBuf;

use rootfs_package::apt_host::HostSource;
use rootfs_package::fetch::Proxies;
use rootfs_plugin::{Architecture, Distro, ExtraRepository, HookScript, Overlay, Password, Request, Trim};

use crate::args::BuildArgs;
use crate::config_file;
use crate::environment::Environment;
use crate::host_mirrors;
use crate::invocation::Invocation;
use crate::setting_error::SettingError;
use crate::sourced::{Source, Sourced};
use crate::wishes::Wishes;

/// What a build's command line comes to.
#[derive(Debug, Clone)]
pub struct Settled {
    /// What to build.
    pub request: Request,
    /// How, and where to.
    pub invocation: Invocation,
    /// Only say what would be done.
    pub dry_run: bool,
}

/// What the host's own package manager knows about where packages come from.
#[derive(Debug, Clone, Default)]
pub struct Host {
    /// Its sources.
    pub sources: Vec<HostSource>,
    /// Its proxies.
    pub proxies: Proxies,
}

/// Merges what the flags, the environment and the configuration file say, and reads the small files they name.
///
/// # Errors
/// The first setting that is wrong, with where it was said.
pub fn settle(
    distro: &'static dyn Distro,
    args: BuildArgs,
    environment: &Environment,
    host: &Host,
    now: i64,
) -> Result<Settled, SettingError> {
    let dry_run = args.dry_run;
    let file = args.config.clone().map(|path| Sourced::new(path, Source::Flag("--config")));
    let file = file.as_ref().map(|file| config_file::read(file, &distro.info().options)).transpose()?.unwrap_or_default();
    let said = Wishes { options: environment.options(&distro.info().options)?, ..environment.wishes()? };
    let settled = settle_wishes(distro, Wishes::from(args).over(said.over(file)), environment, host, now)?;
    Ok(Settled { dry_run, ..settled })
}

/// The same of what was put together already.
///
/// # Errors
/// As [`settle`].
pub(crate) fn settle_wishes(
    distro: &'static dyn Distro,
    wishes: Wishes,
    environment: &Environment,
    host: &Host,
    now: i64,
) -> Result<Settled, SettingError> {
    let mut request = request(distro, &wishes)?;
    let invocation = invocation(distro, wishes, environment, host, now)?;
    host_mirrors::add(distro, &mut request, &host.sources);
    Ok(Settled { request, invocation, dry_run: false })
}

fn request(distro: &'static dyn Distro, wishes: &Wishes) -> Result<Request, SettingError> {
    let text = |value: &Option<Sourced<String>>| value.as_ref().map(|value| value.value.clone());
    let mut passwords = password::Reader::default();
    let (mirrors, archive_mirrors) = mirrors::parse(&wishes.mirrors)?;
    let agent = agent::parse(wishes.agent.as_ref())?;
    let agent_init = wishes.agent_init.unwrap_or(false);
    agent::require_for_init(&agent, agent_init)?;
    let architecture = architecture(wishes.arch.as_ref())?;
    agent::require_for_architecture(&agent, agent_init, architecture)?;
    Ok(Request {
        distribution: distro.info().name.clone(),
        release: text(&wishes.release),
        architecture,
        variant: text(&wishes.variant),
        mirrors,
        archive_mirrors,
        suites: wishes.suites.iter().map(|suite| suite.value.clone()).collect(),
        repositories: repositories(wishes),
        keyring: existing(wishes.keyring.as_slice())?.pop(),
        extra_packages: packages::parse(&wishes.extra_packages)?,
        packages: (!wishes.packages.is_empty()).then(|| packages::parse(&wishes.packages)).transpose()?,
        recommends: wishes.recommends.unwrap_or(false),
        ignore_valid_until: wishes.ignore_valid_until.unwrap_or(false),
        without: without(&wishes.without)?,
        agent,
        agent_name: wishes.agent_name.as_ref().map(names::agent).transpose()?,
        agent_init,
        hostname: wishes.hostname.as_ref().map(names::host).transpose()?,
        root_password: root_password(wishes, &mut passwords)?,
        ssh_keys: ssh_keys::read(&wishes.ssh_keys)?,
        users: wishes.users.iter().map(|user| names::user(user, &mut passwords)).collect::<Result<_, _>>()?,
        overlays: existing(&wishes.overlays)?.into_iter().map(|path| Overlay { path }).collect(),
        hooks: existing(&wishes.hooks)?.into_iter().map(|path| HookScript { path }).collect(),
        source_date_epoch: wishes.source_date_epoch.as_ref().map(source_date_epoch).transpose()?,
        options: options::settle(&distro.info().options, &wishes.options)?,
    })
}

fn invocation(
    distro: &'static dyn Distro,
    wishes: Wishes,
    environment: &Environment,
    host: &Host,
    now: i64,
) -> Result<Invocation, SettingError> {
    let output = output::settle(&wishes)?;
    let directory = target::directory(wishes.rootfs.as_ref(), output.is_some());
    if directory.is_none() && output.is_none() {
        return Err(SettingError::NoTarget);
    }
    Ok(Invocation {
        seats: engine::settle(&wishes, environment)?,
        distro,
        directory,
        output,
        lock: wishes.lock.map(|lock| lock.path()),
        locked: existing(wishes.locked.as_slice())?.pop(),
        offline: wishes.offline.unwrap_or(false),
        store: wishes.store.map(|store| store.path()).or_else(|| default_store(environment)).ok_or(SettingError::NoStore)?,
        force: wishes.force.unwrap_or(false),
        cache: wishes.cache.unwrap_or(true),
        explain: wishes.explain.unwrap_or(false),
        check: wishes.check.unwrap_or(true),
        json: wishes.json.unwrap_or(false),
        verbosity: wishes.verbosity.unwrap_or_default(),
        proxies: proxies::settle(environment, &host.proxies)?,
        now,
    })
}

fn architecture(said: Option<&Sourced<String>>) -> Result<Architecture, SettingError> {
    match said {
        Some(value) => value.value.parse().map_err(|error: rootfs_plugin::UnknownArchitecture| {
            let known: Vec<&str> = Architecture::ALL.into_iter().map(Architecture::name).collect();
            SettingError::invalid_with_hint(value, error.to_string(), format!("there are {}", known.join(", ")))
        }),
        None => Architecture::native().ok_or(SettingError::Machine { architecture: std::env::consts::ARCH }),
    }
}

fn root_password(wishes: &Wishes, passwords: &mut password::Reader) -> Result<Option<Password>, SettingError> {
    let empty = wishes.insecure_empty_root.as_ref().filter(|empty| empty.value);
    match (&wishes.root_password, empty) {
        (Some(_), Some(empty)) => Err(SettingError::invalid(empty, "root has a password")),
        (Some(said), None) => passwords.read(said).map(Some),
        (None, Some(_)) => Ok(Some(Password::Empty)),
        (None, None) => Ok(None),
    }
}

fn repositories(wishes: &Wishes) -> Vec<ExtraRepository> {
    let key = wishes.repository_key.as_ref().map(Sourced::path);
    wishes.repositories.iter().map(|line| ExtraRepository { line: line.value.clone(), key: key.clone() }).collect()
}

fn without(said: &[Sourced<String>]) -> Result<BTreeSet<Trim>, SettingError> {
    let mut trims = BTreeSet::new();
    for value in said {
        for word in value.value.split([',', ' ']).filter(|word| !word.is_empty()) {
            trims.insert(match word {
                "docs" => Trim::Docs,
                "locales" => Trim::Locales,
                "man" => Trim::Man,
                _ => return Err(SettingError::invalid(value, format!("`{word}` is none of docs, locales, man"))),
            });
        }
    }
    Ok(trims)
}

/// The paths, all of which must be there: better said now than after ten minutes.
fn existing(paths: &[Sourced<PathBuf>]) -> Result<Vec<PathBuf>, SettingError> {
    let check = |said: &Sourced<PathBuf>| match fs_err::metadata(said.path()) {
        Ok(_) => Ok(said.path()),
        Err(source) => Err(SettingError::Read { setting: said.with(said.value.display()).to_string(), source }),
    };
    paths.iter().map(check).collect()
}

fn source_date_epoch(value: &Sourced<String>) -> Result<i64, SettingError> {
    let seconds = value.value.parse::<i64>().ok().filter(|seconds| *seconds >= 0);
    seconds.ok_or_else(|| SettingError::invalid(value, "expected seconds since 1970"))
}

/// `rootfs-gen` in the user's cache directory. A relative XDG_CACHE_HOME is to be ignored, says the XDG specification.
fn default_store(environment: &Environment) -> Option<PathBuf> {
    let cache = environment.path("XDG_CACHE_HOME").filter(|path| path.is_absolute());
    let cache = cache.or_else(|| environment.path("HOME").map(|home| home.join(".cache")))?;
    Some(cache.join("rootfs-gen"))
}

#[cfg(test)]
mod tests;
