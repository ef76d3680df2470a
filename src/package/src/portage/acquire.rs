//! From a plan to a lock.

use std::collections::BTreeMap;

use rayon::prelude::*;
use rootfs_plugin::{BuildError, Include, Plan, PlannedPackage, PortageHost, PortageInstaller};
use rootfs_tree::Digest;

use super::hosts::{Indexed, Keys, fetch_indexes, require_machine};
use super::inputs::resolve_inputs;
use super::resolve::{FlagWish, Host, Policy, Resolution, Wish, resolve};
use super::unknown::{Known, fetch_unknown, title};
use super::{Atom, AtomSyntax, BinaryPackage};
use crate::acquire::{begin_index, local_files};
use crate::engine::build_error;
use crate::fetch::Fetcher;
use crate::lock::{Lock, LockedAgent, LockedBuild, LockedPackage};
use crate::observer::{Event, Step};
use crate::reuse::Reuse;

/// Fetches the indexes and chooses the packages, unless that was done with the same ones before. Their hashes, which no index has, are known only once they
/// are fetched: so they are.
pub(crate) fn resolve_plan(
    plan: &Plan,
    portage: &PortageInstaller,
    agent: Option<&LockedAgent>,
    now: i64,
    fetcher: &Fetcher<'_>,
    reuse: &Reuse<'_>,
) -> Result<Lock, BuildError> {
    let Reuse { store, observer, .. } = *reuse;
    require_names(&plan.include)?;
    let keys = Keys::read(portage, now)?;
    begin_index(observer);
    let indexes = fetch_indexes(portage, plan.architecture, fetcher)?;
    let inputs = resolve_inputs(plan, portage, &indexes, &keys);
    if let Some(lock) = reuse.lock(&inputs)
        && lock.packages.iter().all(|package| store.holds(&package.sha256, package.size))
    {
        return Ok(Lock { agent: agent.cloned(), ..lock });
    }
    observer.event(Event::Began(Step::Resolve));
    let hosts: Vec<Host<'_>> =
        indexes.iter().zip((0..=i32::MAX).rev()).map(|(one, priority)| Host { index: &one.index, priority }).collect();
    let wishes = wishes(&plan.include)?;
    let chosen = resolve(&hosts, &wishes, &policy(portage, &wishes)?).map_err(|error| build_error(&error))?;
    let chosen = select(&chosen);
    observer.event(Event::Began(Step::Fetch));
    observer.event(Event::Expect { items: chosen.len() as u64, bytes: chosen.iter().filter_map(|(_, package, _)| package.size).sum() });
    let lock_one = |(host, package, asked): &(usize, &BinaryPackage, bool)| {
        let Indexed { host, .. } = indexes.get(*host).ok_or_else(|| BuildError::new(format!("{} is on no binary host", title(package))))?;
        require_machine(&package.chost, plan.architecture, &format!("the binary host `{}`", host.name))?;
        let known = fetch_unknown(package, host, &keys, fetcher, store)?;
        observer.event(Event::Item(&package.name));
        Ok((locked(package, host, &known, plan, *asked), known.signers))
    };
    let locked = chosen.par_iter().map(lock_one).collect::<Result<Vec<_>, BuildError>>()?;
    let mut signers: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let mut packages = Vec::new();
    for (package, signed_by) in locked {
        signers.entry(package.repository.clone()).or_default().extend(signed_by);
        packages.push(package);
    }
    for fingerprints in signers.values_mut() {
        fingerprints.sort();
        fingerprints.dedup();
    }
    LockedPackage::sort(&mut packages);
    let lock = Lock { keys: signers, packages, ..Lock::of(plan, agent) };
    reuse.keep_lock(&inputs, &lock);
    Ok(lock)
}

/// Packages with the places of their hosts, and whether somebody asked for them; those of which only a part is taken at the end.
pub(super) fn select(resolution: &Resolution) -> Vec<(usize, &BinaryPackage, bool)> {
    let is_asked = |wanted_by: &[String]| !wanted_by.iter().all(|by| by.contains("(needs"));
    let whole = resolution.packages.iter().map(|selected| (selected.host, &selected.package, is_asked(&selected.wanted_by)));
    whole.chain(resolution.donors.iter().map(|donor| (donor.host, &donor.package, false))).collect()
}

fn locked(package: &BinaryPackage, host: &PortageHost, known: &Known, plan: &Plan, asked: bool) -> LockedPackage {
    locked_as(package, &host.name, (&package.path, known.size, known.sha256), plan, asked)
}

/// A package as a lock has it: of this repository, and this file there with its size and hash.
pub(super) fn locked_as(
    package: &BinaryPackage,
    repository: &str,
    (path, size, sha256): (&str, u64, Digest),
    plan: &Plan,
    asked: bool,
) -> LockedPackage {
    let is_on = |name: &&String| package.use_flags.contains(name);
    let mut flags: Vec<String> = package.iuse.iter().map(|flag| &flag.name).filter(is_on).cloned().collect();
    flags.sort();
    let BinaryPackage { slot, sub_slot, .. } = package;
    let slot = if slot == sub_slot { slot.clone() } else { format!("{slot}/{sub_slot}") };
    LockedPackage {
        name: format!("{}/{}", package.category, package.name),
        version: package.version.to_string(),
        architecture: plan.architecture.name().to_owned(),
        repository: repository.to_owned(),
        path: path.to_owned(),
        size,
        sha256,
        automatic: !asked,
        essential: false,
        build: Some(LockedBuild { slot, flags }),
    }
}

/// Fails when something else is asked for than packages by name.
pub(super) fn require_names(include: &[Include]) -> Result<(), BuildError> {
    let Some(file) = local_files(include).next() else { return Ok(()) };
    Err(BuildError {
        hint: Some("make a binary host of it (`emaint binhost --fix`), and name that as --repo URL".to_owned()),
        ..BuildError::new(format!("{} is a package file, and Gentoo's packages are taken from binary hosts", file.display()))
    })
}

/// The packages that are asked for by name.
pub(super) fn names(include: &[Include]) -> impl Iterator<Item = &String> {
    include.iter().filter_map(|include| match include {
        Include::Package(PlannedPackage::Name(name)) => Some(name),
        _ => None,
    })
}

/// What is asked for, as the resolver has it.
pub(super) fn wishes(include: &[Include]) -> Result<Vec<Wish>, BuildError> {
    names(include).map(|name| Wish::parse(name).map_err(|error| build_error(&error))).collect()
}

/// What `/var/lib/portage/world` is to say, sorted.
pub(crate) fn world(include: &[Include]) -> Result<Vec<String>, BuildError> {
    let name = |wish: Wish| match wish {
        Wish::Atom(atom) => Some(format!("{}/{}", atom.category, atom.name)),
        Wish::Set { .. } => None,
    };
    let mut names: Vec<String> = wishes(include)?.into_iter().filter_map(name).collect();
    names.sort();
    names.dedup();
    Ok(names)
}

/// Which packages may be chosen.
pub(super) fn policy(portage: &PortageInstaller, wishes: &[Wish]) -> Result<Policy, BuildError> {
    let flag = |text: &String| {
        let refused = || BuildError {
            hint: Some("write flags as --use \"static -nls\"".to_owned()),
            ..BuildError::new(format!("`{text}` is no USE flag"))
        };
        FlagWish::parse(text).ok_or_else(refused)
    };
    let atom = |text: &String| Atom::parse(text, AtomSyntax::Argument).map_err(|error| build_error(&error));
    let is_asked = |part: &Atom| {
        let is_it = |wish: &Wish| matches!(wish, Wish::Atom(atom) if atom.category == part.category && atom.name == part.name);
        wishes.iter().any(is_it)
    };
    let parts = portage.parts.iter().map(|part| atom(&part.package)).collect::<Result<Vec<_>, _>>()?;
    Ok(Policy {
        flags: portage.flags.iter().map(flag).collect::<Result<_, _>>()?,
        libraries_only: parts.into_iter().filter(|part| !is_asked(part)).collect(),
        ..Policy::default()
    })
}
