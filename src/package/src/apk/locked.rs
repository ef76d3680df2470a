//! From a lock to packages at hand.

use rayon::prelude::*;
use rootfs_plugin::{ApkInstaller, BuildError, Plan};

use super::asked::{local_packages, universe, world};
use super::{ApkLayer, Dependency, PublicKeys, Sha1Sum, Trust, resolve};
use crate::acquire::{check_cancelled, download, repository_of, tell_fetched};
use crate::engine::{build_error, caused};
use crate::fetch::{Download, Fetcher};
use crate::lock::{LOCAL, Lock, LockedPackage};
use crate::observer::{Event, Observer, Step};
use crate::store::Store;

/// Brings every package of the lock into the store, and opens it.
pub(crate) fn open_locked(
    lock: &Lock,
    plan: &Plan,
    apk: &ApkInstaller,
    keys: &PublicKeys,
    fetcher: &Fetcher<'_>,
    store: &Store,
    observer: &dyn Observer,
) -> Result<Vec<ApkLayer>, BuildError> {
    observer.event(Event::Began(Step::Fetch));
    local_packages(&plan.include, keys, store)?;
    let downloads = lock.packages.iter().map(|package| download_of(package, apk)).collect::<Result<Vec<_>, _>>()?;
    let missing = fetcher.fetch(&downloads).map_err(|error| build_error(&error))?;
    tell_fetched(missing, downloads.len(), observer);
    observer.event(Event::Began(Step::Unpack));
    observer.event(Event::Expect { items: lock.packages.len() as u64, bytes: 0 });
    let open = |package: &LockedPackage| {
        check_cancelled(observer)?;
        let layer = store.apk(&package.sha256, Trust::Pinned);
        let layer = layer.map_err(|error| caused(format!("can't unpack {}", package.title()), &error))?;
        observer.event(Event::Item(&package.name));
        Ok(layer)
    };
    lock.packages.par_iter().map(open).collect()
}

fn download_of(package: &LockedPackage, apk: &ApkInstaller) -> Result<Download, BuildError> {
    let bases: &[String] = match package.repository.as_str() {
        LOCAL => &[],
        _ => repository_of(package, &apk.repositories, |repository| &repository.name, "`--repository`, `--repo`")?.bases(),
    };
    Ok(download(package, package.title(), bases))
}

/// What is to be installed, and in which order.
pub(crate) struct Order {
    /// For `/etc/apk/world`.
    pub(crate) world: Vec<Dependency>,
    /// The places of packages among those of the lock, each with the tag of its repository.
    pub(crate) packages: Vec<(usize, Option<String>)>,
}

/// The lock's packages in the order in which apk would install them.
pub(crate) fn in_order(lock: &Lock, plan: &Plan, apk: &ApkInstaller, layers: &[ApkLayer]) -> Result<Order, BuildError> {
    let of = |name: &str| {
        let is_of = |package: &LockedPackage| package.repository == name;
        lock.packages.iter().zip(layers).filter(|(package, _)| is_of(package)).map(|(_, layer)| layer).collect::<Vec<_>>()
    };
    let packages = |layers: Vec<&ApkLayer>| layers.into_iter().map(|layer| layer.content.info.package.clone()).collect();
    let local = of(LOCAL);
    let known = apk.repositories.iter().map(|repository| (repository, packages(of(&repository.name))));
    let universe = universe(plan.architecture.apk(), &local, known)?;
    let world = world(&plan.include, &local)?;
    let selection = resolve(&universe, &world).map_err(|error| caused("the lock's packages don't go together", &error))?;
    let position = |identity: &Sha1Sum| layers.iter().position(|layer| layer.content.identity == *identity);
    let order: Vec<_> =
        selection.packages.iter().filter_map(|selected| Some((position(&selected.package.identity)?, selected.tag.clone()))).collect();
    if order.len() == lock.packages.len() {
        return Ok(Order { world, packages: order });
    }
    Err(BuildError {
        hint: Some("build with the packages the lock was made with".to_owned()),
        ..BuildError::new("the lock has other packages than are asked for")
    })
}
