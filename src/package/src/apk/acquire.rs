//! From a plan to a lock.

use rayon::prelude::*;
use rootfs_plugin::{ApkInstaller, ApkRepository, BuildError, Plan};

use super::asked::{local_packages, universe, world};
use super::inputs::resolve_inputs;
use super::repositories::{fetch_indexes, signers};
use super::unknown::fetch_unknown;
use super::{ApkLayer, PublicKeys, Selected, resolve};
use crate::acquire::begin_index;
use crate::engine::build_error;
use crate::fetch::Fetcher;
use crate::lock::{LOCAL, Lock, LockedAgent, LockedPackage};
use crate::observer::{Event, Step};
use crate::reuse::Reuse;

/// Fetches the indexes and chooses the packages, unless that was done with the same ones before. Their hashes, which no index has, are known only once they
/// are fetched: so they are.
pub(crate) fn resolve_plan(
    plan: &Plan,
    apk: &ApkInstaller,
    keys: &PublicKeys,
    agent: Option<&LockedAgent>,
    fetcher: &Fetcher<'_>,
    reuse: &Reuse<'_>,
) -> Result<Lock, BuildError> {
    let Reuse { store, observer, .. } = *reuse;
    let architecture = plan.architecture.apk();
    begin_index(observer);
    let indexes = fetch_indexes(apk, keys, architecture, fetcher)?;
    let local = local_packages(&plan.include, keys, store)?;
    let inputs = resolve_inputs(plan, &indexes, &local);
    if let Some(lock) = reuse.lock(&inputs)
        && lock.packages.iter().all(|package| store.holds(&package.sha256, package.size))
    {
        return Ok(Lock { agent: agent.cloned(), ..lock });
    }
    observer.event(Event::Began(Step::Resolve));
    let signers = signers(&indexes, keys);
    let repositories: Vec<&ApkRepository> = indexes.iter().map(|index| index.repository).collect();
    let local_layers: Vec<&ApkLayer> = local.iter().map(|(_, _, layer)| layer).collect();
    let known = indexes.into_iter().map(|index| (index.repository, index.packages));
    let universe = universe(architecture, &local_layers, known)?;
    let world = world(&plan.include, &local_layers)?;
    let selection = resolve(&universe, &world).map_err(|error| build_error(&error))?;
    observer.event(Event::Began(Step::Fetch));
    let asked: Vec<&str> = world.iter().map(|dependency| dependency.name.as_str()).collect();
    let lock_one = |selected: &Selected<'_>| {
        let package = selected.package;
        let of_index = selected.repository.and_then(|id| repositories.get(id.index().checked_sub(1)?));
        let (repository, path, sha256) = match of_index {
            Some(repository) => {
                let path = package.path(architecture);
                let sha256 = fetch_unknown(package, &path, repository, fetcher, store)?;
                (repository.name.clone(), path, sha256)
            }
            None => {
                let of_file = local.iter().find(|(_, _, layer)| layer.content.identity == package.identity);
                let (name, sha256, _) = of_file.ok_or_else(|| BuildError::new(format!("{} is in no repository", package.title())))?;
                (LOCAL.to_owned(), name.clone(), *sha256)
            }
        };
        observer.event(Event::Item(&package.name));
        Ok(LockedPackage {
            name: package.name.clone(),
            version: package.version.to_string(),
            architecture: package.architecture.clone().unwrap_or_else(|| architecture.to_owned()),
            repository,
            path,
            size: package.size,
            sha256,
            automatic: !asked.contains(&package.name.as_str()),
            essential: false,
            build: None,
        })
    };
    let mut packages = selection.packages.par_iter().map(lock_one).collect::<Result<Vec<_>, BuildError>>()?;
    LockedPackage::sort(&mut packages);
    let lock = Lock { keys: signers, packages, ..Lock::of(plan, agent) };
    reuse.keep_lock(&inputs, &lock);
    Ok(lock)
}
