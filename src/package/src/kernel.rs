//! The kernel that a distribution brings for virtual machines: fetched and unpacked as a layer, never installed.

use rootfs_plugin::{BuildError, Plan};
use rootfs_tree::Tree;

use crate::apt::acquire;
use crate::engine::build_error;
use crate::fetch::{FetchOptions, Fetcher};
use crate::lock::LockedPackage;
use crate::observer::{Event, Observer, Step};
use crate::store::Store;

/// Chooses the newest kernel of the plan's repositories, with `uefi_stub` what makes a program for UEFI firmware of it too. `now` is in seconds since 1970, for signatures.
///
/// # Errors
/// When the distribution has no kernel for this architecture, or its indexes can't be had.
pub fn resolve_kernel(
    plan: &Plan,
    uefi_stub: bool,
    now: i64,
    options: FetchOptions,
    store: &Store,
    observer: &dyn Observer,
) -> Result<Vec<LockedPackage>, BuildError> {
    let Plan { distribution, release, architecture, .. } = plan;
    if plan.kernel.is_none() {
        return Err(BuildError {
            hint: Some("name a kernel of another origin with --kernel, and its --initrd".to_owned()),
            ..BuildError::new(format!("{distribution} {release} has no kernel for guests on {architecture}"))
        });
    }
    let fetcher = Fetcher::new(store, options, observer).map_err(|error| build_error(&error))?;
    acquire::resolve_kernel(plan, uefi_stub, now, &fetcher, store, observer)
}

/// Chooses the newest kernel, and the packages whose programs make a boot loader for a BIOS; gives them in this order.
///
/// # Errors
/// As [`resolve_kernel`].
pub fn resolve_bios(
    plan: &Plan,
    now: i64,
    options: FetchOptions,
    store: &Store,
    observer: &dyn Observer,
) -> Result<(Vec<LockedPackage>, Vec<LockedPackage>), BuildError> {
    let fetcher = Fetcher::new(store, options, observer).map_err(|error| build_error(&error))?;
    acquire::resolve_bios(plan, now, &fetcher, store, observer)
}

/// What the packages of a kernel hold together, from the store or fetched into it.
///
/// # Errors
/// When one can't be had, is no sound package, or disagrees with another.
pub fn fetch_kernel(
    packages: &[LockedPackage],
    plan: &Plan,
    options: FetchOptions,
    store: &Store,
    observer: &dyn Observer,
) -> Result<Tree, BuildError> {
    let fetcher = Fetcher::new(store, options, observer).map_err(|error| build_error(&error))?;
    observer.event(Event::Began(Step::Fetch));
    acquire::fetch_packages(packages, plan, &fetcher)?;
    let mut tree = Tree::default();
    for package in packages {
        let layer = store.deb(&package.sha256).map_err(|error| build_error(&error))?;
        layer.lay_over(&mut tree).map_err(|error| build_error(&error))?;
    }
    Ok(tree)
}
