//! The kernel that a distribution brings for virtual machines: fetched and unpacked as a layer, never installed.

use rootfs_plugin::{BuildError, Plan};

use crate::apt::acquire;
use crate::deb::DebLayer;
use crate::engine::build_error;
use crate::fetch::{FetchOptions, Fetcher};
use crate::lock::LockedPackage;
use crate::observer::{Event, Observer, Step};
use crate::store::Store;

/// Chooses the newest kernel of the plan's repositories. `now` is in seconds since 1970, for signatures.
///
/// # Errors
/// When the distribution has no kernel for this architecture, or its indexes can't be had.
pub fn resolve_kernel(
    plan: &Plan,
    now: i64,
    options: FetchOptions,
    store: &Store,
    observer: &dyn Observer,
) -> Result<LockedPackage, BuildError> {
    let fetcher = Fetcher::new(store, options, observer).map_err(|error| build_error(&error))?;
    acquire::resolve_kernel(plan, now, &fetcher, store, observer)
}

/// The payload of a kernel's package, from the store or fetched into it.
///
/// # Errors
/// When it can't be had or is no sound package.
pub fn fetch_kernel(
    kernel: &LockedPackage,
    plan: &Plan,
    options: FetchOptions,
    store: &Store,
    observer: &dyn Observer,
) -> Result<DebLayer, BuildError> {
    let fetcher = Fetcher::new(store, options, observer).map_err(|error| build_error(&error))?;
    observer.event(Event::Began(Step::Fetch));
    acquire::fetch_package(kernel, plan, &fetcher)?;
    store.deb(&kernel.sha256).map_err(|error| build_error(&error))
}
