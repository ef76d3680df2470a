//! From a plan to packages at hand: indexes, lock, downloads, layers.

use rayon::prelude::*;
use rootfs_plugin::{AptInstaller, AptRepository, Architecture, BuildError, Include, Plan, PlannedPackage};

use super::deb822::Stanza;
use super::inputs::resolve_inputs;
use super::{Suites, Universe, add_local_packages, load_suites, resolve};
use crate::acquire::{begin_index, check_cancelled, download, insert_local_files, repository_of, tell_fetched};
use crate::deb::DebLayer;
use crate::engine::build_error;
use crate::fetch::{Download, Fetcher};
use crate::lock::{LOCAL, Lock, LockedAgent, LockedPackage};
use crate::observer::{Event, Observer, Step};
use crate::reuse::Reuse;
use crate::store::Store;

/// What the plan says for apt.
///
/// # Errors
/// When its packages are another manager's.
pub(crate) fn of(plan: &Plan) -> Result<&AptInstaller, BuildError> {
    plan.installer.apt().ok_or_else(|| BuildError::new(format!("the packages of {} are not for apt", plan.distribution)))
}

/// What a lock pins besides the tree's packages.
#[derive(Debug, Clone, Default)]
pub(crate) struct Wanted {
    pub(crate) agent: Option<LockedAgent>,
    pub(crate) kernel: bool,
    /// Together with the kernel.
    pub(crate) uefi_stub: bool,
    /// The programs that make a boot loader for a BIOS.
    pub(crate) bios_loader: bool,
}

/// Fetches the release files, and chooses the packages unless that was done with the same ones before.
pub(crate) fn resolve_plan(plan: &Plan, wanted: &Wanted, now: i64, fetcher: &Fetcher<'_>, reuse: &Reuse<'_>) -> Result<Lock, BuildError> {
    let Reuse { store, observer, .. } = *reuse;
    let apt = of(plan)?;
    begin_index(observer);
    let suites = suites(plan, now, fetcher)?;
    let inputs = resolve_inputs(plan, apt, &suites, wanted, store).map_err(|error| build_error(&error))?;
    if let Some(lock) = reuse.lock(&inputs) {
        return Ok(Lock { agent: wanted.agent.clone(), ..lock });
    }
    let mut universe = suites.load_universe(fetcher, store).map_err(|error| build_error(&error))?;
    observer.event(Event::Began(Step::Resolve));
    add_local_packages(&mut universe, &plan.include, store).map_err(|error| build_error(&error))?;
    let selection = resolve(&universe, &plan.include, apt.recommends).map_err(|error| build_error(&error))?;
    let mut lock = selection.lock(&plan.distribution, &plan.release, plan.architecture.name(), wanted.agent.clone());
    if wanted.kernel && plan.kernel.is_some() {
        lock.kernel = choose_kernel(&universe, plan, wanted.uefi_stub)?;
    }
    if wanted.bios_loader {
        lock.tools = choose_tools(&universe, &plan.bios_loader)?;
    }
    if let Some(source) = &plan.source {
        lock.sources = suites.find_source(&source.package, fetcher, store).map_err(|error| build_error(&error))?;
        lock.compilers = choose_compilers(plan, &universe, &source.tools, now, fetcher, store)?;
    }
    reuse.keep_lock(&inputs, &lock);
    Ok(lock)
}

fn suites(plan: &Plan, now: i64, fetcher: &Fetcher<'_>) -> Result<Suites, BuildError> {
    suites_for(plan, plan.architecture, now, fetcher)
}

fn suites_for(plan: &Plan, architecture: Architecture, now: i64, fetcher: &Fetcher<'_>) -> Result<Suites, BuildError> {
    let AptInstaller { repositories, ignore_valid_until, .. } = of(plan)?;
    load_suites(repositories, architecture, *ignore_valid_until, now, fetcher).map_err(|error| build_error(&error))
}

/// The packages with the kernel's files: the one that a package naming the newest kernel leads to, else that one itself; and those of its modules.
/// With `uefi_stub` the one with the stub is the last.
fn choose_kernel(universe: &Universe, plan: &Plan, uefi_stub: bool) -> Result<Vec<LockedPackage>, BuildError> {
    let missing = |what: &str| BuildError::new(format!("{} {} has no {what} for {}", plan.distribution, plan.release, plan.architecture));
    let select = |name: &str| {
        let include = [Include::Package(PlannedPackage::Name(name.to_owned()))];
        resolve(universe, &include, false).map_err(|error| build_error(&error))
    };
    let name = plan.kernel.as_deref().ok_or_else(|| missing("kernel"))?;
    let selection = select(name)?;
    let versioned = selection.packages.iter().find(|package| package.name.starts_with("linux-image-") && package.name != name);
    let image = versioned.or_else(|| selection.get(name)).ok_or_else(|| BuildError::new(format!("`{name}` brings no kernel")))?;
    let modules = selection.packages.iter().filter(|package| package.name.starts_with("linux-modules-"));
    let mut packages: Vec<LockedPackage> = [image].into_iter().chain(modules).map(LockedPackage::from).collect();
    if uefi_stub {
        let name = plan.uefi_stub.as_deref().ok_or_else(|| missing("EFI stub"))?;
        packages.extend(select(name)?.get(name).map(LockedPackage::from));
    }
    Ok(packages)
}

/// The packages with these names, and all that they depend on: a set of its own, whatever the tree's is.
fn choose_tools(universe: &Universe, names: &[String]) -> Result<Vec<LockedPackage>, BuildError> {
    let include: Vec<Include> = names.iter().map(|name| Include::Package(PlannedPackage::Name(name.clone()))).collect();
    let selection = resolve(universe, &include, false).map_err(|error| build_error(&error))?;
    Ok(selection.packages.iter().map(LockedPackage::from).collect())
}

/// The compilers, which are this machine's, whatever the guest's architecture is.
fn choose_compilers(
    plan: &Plan,
    universe: &Universe,
    names: &[String],
    now: i64,
    fetcher: &Fetcher<'_>,
    store: &Store,
) -> Result<Vec<LockedPackage>, BuildError> {
    let native = native()?;
    if native == plan.architecture {
        return choose_tools(universe, names);
    }
    let suites = suites_for(plan, native, now, fetcher)?;
    choose_tools(&suites.load_universe(fetcher, store).map_err(|error| build_error(&error))?, names)
}

/// What this machine runs.
pub(crate) fn native() -> Result<Architecture, BuildError> {
    Architecture::native().ok_or_else(|| BuildError::new("nothing can be compiled on a machine of this kind"))
}

/// Fetches the indexes and chooses the kernel, and the programs that make a boot loader for a BIOS.
pub(crate) fn resolve_bios(
    plan: &Plan,
    now: i64,
    fetcher: &Fetcher<'_>,
    store: &Store,
    observer: &dyn Observer,
) -> Result<(Vec<LockedPackage>, Vec<LockedPackage>), BuildError> {
    observer.event(Event::Began(Step::Index));
    let universe = suites(plan, now, fetcher)?.load_universe(fetcher, store).map_err(|error| build_error(&error))?;
    observer.event(Event::Began(Step::Resolve));
    Ok((choose_kernel(&universe, plan, false)?, choose_tools(&universe, &plan.bios_loader)?))
}

/// Fetches the indexes and chooses the kernel alone, or with the stub.
pub(crate) fn resolve_kernel(
    plan: &Plan,
    uefi_stub: bool,
    now: i64,
    fetcher: &Fetcher<'_>,
    store: &Store,
    observer: &dyn Observer,
) -> Result<Vec<LockedPackage>, BuildError> {
    observer.event(Event::Began(Step::Index));
    let universe = suites(plan, now, fetcher)?.load_universe(fetcher, store).map_err(|error| build_error(&error))?;
    observer.event(Event::Began(Step::Resolve));
    choose_kernel(&universe, plan, uefi_stub)
}

/// Brings every package of the lock into the store.
pub(crate) fn fetch_locked(
    lock: &Lock,
    plan: &Plan,
    fetcher: &Fetcher<'_>,
    store: &Store,
    observer: &dyn Observer,
) -> Result<(), BuildError> {
    let AptInstaller { repositories, .. } = of(plan)?;
    insert_local_files(&plan.include, store)?;
    let downloads = lock.packages.iter().map(|package| download_of(package, repositories)).collect::<Result<Vec<_>, _>>()?;
    let missing = fetcher.fetch(&downloads).map_err(|error| build_error(&error))?;
    tell_fetched(missing, downloads.len(), observer);
    Ok(())
}

/// Brings packages of a plan's repositories into the store.
pub(crate) fn fetch_packages(packages: &[LockedPackage], plan: &Plan, fetcher: &Fetcher<'_>) -> Result<(), BuildError> {
    let AptInstaller { repositories, .. } = of(plan)?;
    let downloads = packages.iter().map(|package| download_of(package, repositories)).collect::<Result<Vec<_>, _>>()?;
    fetcher.fetch(&downloads).map(drop).map_err(|error| build_error(&error))
}

fn download_of(package: &LockedPackage, repositories: &[AptRepository]) -> Result<Download, BuildError> {
    let bases: &[String] = match package.repository.as_str() {
        LOCAL => &[],
        _ => repository_of(package, repositories, |repository| &repository.name, "`--repo`")?.bases(),
    };
    Ok(download(package, format!("{} {}", package.name, package.version), bases))
}

/// Whether the package calls itself what the index called it: that is what the resolver believed.
fn check_identity(package: &LockedPackage, layer: &DebLayer) -> Result<(), BuildError> {
    let control = String::from_utf8_lossy(layer.own_stanza());
    let stanza = Stanza::new(&control);
    for (field, expected) in [("Package", &package.name), ("Version", &package.version), ("Architecture", &package.architecture)] {
        let found = stanza.get(field).unwrap_or_default();
        if found != expected {
            return Err(BuildError::new(format!("its own {field} is `{}`, not `{expected}`", found.escape_default())));
        }
    }
    Ok(())
}

/// Opens the payload of every package, unpacking those the store has only packed.
pub(crate) fn open_layers(packages: &[LockedPackage], store: &Store, observer: &dyn Observer) -> Result<Vec<DebLayer>, BuildError> {
    observer.event(Event::Expect { items: packages.len() as u64, bytes: 0 });
    packages
        .par_iter()
        .map(|package| {
            check_cancelled(observer)?;
            let unpackable = |cause: BuildError| BuildError {
                message: format!("can't unpack {} {}", package.name, package.version),
                hint: None,
                cause: Some(Box::new(cause)),
            };
            let layer = store.deb(&package.sha256).map_err(|error| unpackable(build_error(&error)))?;
            check_identity(package, &layer).map_err(unpackable)?;
            observer.event(Event::Item(&package.name));
            Ok(layer)
        })
        .collect()
}
