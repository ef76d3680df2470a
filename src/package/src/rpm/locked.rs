//! From a lock to packages at hand.

use std::collections::BTreeMap;
use std::path::PathBuf;

use rayon::prelude::*;
use rootfs_plugin::{BuildError, Plan, RpmInstaller, RpmRepository};

use super::index::{at, bases, keyring};
use super::package::{RpmHeader, RpmIdentity, RpmLayer, Trust};
use crate::acquire::{check_cancelled, insert_local_files, repository_of, tell_fetched};
use crate::engine::{build_error, caused, caused_by};
use crate::fetch::{Download, Fetcher};
use crate::lock::{LOCAL, Lock, LockedPackage};
use crate::observer::{Event, Observer, Step};
use crate::openpgp::Keyring;
use crate::store::Store;

/// What a transaction is made of.
pub(crate) struct Opened {
    /// Headers and files of the tree's packages, in the lock's order.
    pub(crate) packages: Vec<(RpmHeader, PathBuf)>,
    /// Payloads of those that bring rpm.
    pub(crate) tools: Vec<RpmLayer>,
}

/// Brings every package of the lock into the store.
pub(crate) fn fetch(
    lock: &Lock,
    plan: &Plan,
    rpm: &RpmInstaller,
    fetcher: &Fetcher<'_>,
    store: &Store,
    observer: &dyn Observer,
) -> Result<(), BuildError> {
    observer.event(Event::Began(Step::Fetch));
    insert_local_files(&plan.include, store)?;
    let all = lock.packages.len() + lock.tools.len();
    let absent: Vec<&LockedPackage> =
        lock.packages.iter().chain(&lock.tools).filter(|package| !store.holds(&package.sha256, package.size)).collect();
    // A list of mirrors is asked for only when something is needed of them.
    let mut places: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for package in absent.iter().filter(|package| package.repository != LOCAL) {
        if !places.contains_key(package.repository.as_str()) {
            places.insert(&package.repository, bases(repository(package, rpm)?, fetcher)?);
        }
    }
    let download = |package: &&LockedPackage| Download {
        name: package.title(),
        urls: places.get(package.repository.as_str()).map(|bases| at(bases, &package.path)).unwrap_or_default(),
        size: package.size,
        sha256: package.sha256,
    };
    let downloads: Vec<Download> = absent.iter().map(download).collect();
    let missing = fetcher.fetch(&downloads).map_err(|error| build_error(&error))?;
    tell_fetched(missing, all, observer);
    Ok(())
}

fn repository<'p>(package: &LockedPackage, rpm: &'p RpmInstaller) -> Result<&'p RpmRepository, BuildError> {
    repository_of(package, &rpm.repositories, |repository| &repository.name, "`--repo`")
}

/// Checks who has signed the packages, and unpacks those that bring rpm. A package file of the user's own needs no signature: he has named it.
pub(crate) fn open(lock: &Lock, rpm: &RpmInstaller, now: i64, store: &Store, observer: &dyn Observer) -> Result<Opened, BuildError> {
    observer.event(Event::Began(Step::Unpack));
    let mut keyrings: BTreeMap<&str, Keyring> = BTreeMap::new();
    for package in lock.packages.iter().chain(&lock.tools).filter(|package| package.repository != LOCAL) {
        if !keyrings.contains_key(package.repository.as_str()) {
            keyrings.insert(&package.repository, keyring(repository(package, rpm)?)?);
        }
    }
    let trust = |package: &LockedPackage| match keyrings.get(package.repository.as_str()) {
        Some(keys) => Trust::Signature { keys, now },
        None => Trust::Pinned,
    };
    let unusable = |package: &LockedPackage, cause| caused_by(format!("can't use {}", package.title()), cause);
    let header = |package: &LockedPackage| {
        check_cancelled(observer)?;
        let header = store.rpm_header(&package.sha256, trust(package)).map_err(|error| unusable(package, build_error(&error)))?;
        check_identity(package, &header.identity).map_err(|cause| unusable(package, cause))?;
        Ok((header, store.blob(&package.sha256)))
    };
    let packages = lock.packages.par_iter().map(header).collect::<Result<Vec<_>, BuildError>>()?;
    let unpack = |package: &LockedPackage| {
        header(package)?;
        store.rpm(&package.sha256, Trust::Pinned).map_err(|error| caused(format!("can't unpack {}", package.title()), &error))
    };
    let tools = lock.tools.par_iter().map(unpack).collect::<Result<Vec<_>, BuildError>>()?;
    Ok(Opened { packages, tools })
}

/// Whether the package calls itself what the index called it: that is what was chosen by.
fn check_identity(package: &LockedPackage, own: &RpmIdentity) -> Result<(), BuildError> {
    let expected = (&package.name, &package.version, &package.architecture);
    if (&own.name, &own.evr(), &own.architecture) == expected {
        return Ok(());
    }
    Err(BuildError::new(format!("it calls itself {}", own.title().escape_default())))
}
