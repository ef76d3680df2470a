//! From a plan to packages at hand: what all package managers do alike.

use std::path::Path;

use rootfs_plugin::{BuildError, Include, PlannedPackage};

use crate::engine::build_error;
use crate::fetch::Download;
use crate::lock::LockedPackage;
use crate::observer::{Event, Observer, Step};
use crate::store::Store;

/// Tells that indexes are being fetched.
pub(crate) fn begin_index(observer: &dyn Observer) {
    observer.event(Event::Began(Step::Index));
    observer.event(Event::Decided { stage: "index", reused: false, reason: "mirrors are asked every time: they may have something newer" });
}

/// The user's own package files among what is asked for.
pub(crate) fn local_files(include: &[Include]) -> impl Iterator<Item = &Path> {
    include.iter().filter_map(|include| match include {
        Include::Package(PlannedPackage::File(path)) => Some(path.as_path()),
        _ => None,
    })
}

/// Brings the user's own package files into the store. A locked build has not read them yet.
pub(crate) fn insert_local_files(include: &[Include], store: &Store) -> Result<(), BuildError> {
    local_files(include).try_for_each(|file| store.insert_file(file).map(drop).map_err(|error| build_error(&error)))
}

/// The repository that a lock takes a package from, among those of the plan. `options` are the flags that name repositories.
pub(crate) fn repository_of<'r, R>(
    package: &LockedPackage,
    repositories: &'r [R],
    name: impl Fn(&R) -> &str,
    options: &str,
) -> Result<&'r R, BuildError> {
    repositories.iter().find(|repository| name(repository) == package.repository).ok_or_else(|| BuildError {
        hint: Some(format!("build with the repositories the lock was made with ({options})")),
        ..BuildError::new(format!("the lock takes {} from repository `{}`, which is not in this build", package.name, package.repository))
    })
}

/// What to fetch for a package of a repository that has its files below `bases`; messages call it `title`.
pub(crate) fn download(package: &LockedPackage, title: String, bases: &[String]) -> Download {
    let urls = bases.iter().map(|base| format!("{base}/{}", package.path)).collect();
    Download { name: title, urls, size: package.size, sha256: package.sha256 }
}

/// Tells how many of a lock's packages had to be fetched.
pub(crate) fn tell_fetched(missing: usize, all: usize, observer: &dyn Observer) {
    let reason = match missing {
        0 => format!("the store has all {all} packages"),
        missing => format!("{missing} of {all} packages were missing in the store"),
    };
    observer.event(Event::Decided { stage: "fetch", reused: missing == 0, reason: &reason });
}

/// An error when the build is to end.
pub(crate) fn check_cancelled(observer: &dyn Observer) -> Result<(), BuildError> {
    if observer.cancelled() { Err(BuildError::new("interrupted")) } else { Ok(()) }
}
