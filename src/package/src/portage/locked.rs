//! From a lock to packages at hand.

use std::fmt::Write as _;

use rayon::prelude::*;
use rootfs_plugin::{BuildError, Plan, PortageInstaller, PortagePart};

use super::PackageIndex;
use super::acquire::{policy, wishes};
use super::binary::{BinaryLayer, Trust};
use super::compile::REPOSITORY;
use super::hosts::require_machine;
use super::resolve::{Host, resolve};
use crate::acquire::{check_cancelled, download, repository_of, tell_fetched};
use crate::engine::{build_error, caused};
use crate::fetch::{Download, Fetcher};
use crate::lock::{Lock, LockedPackage};
use crate::observer::{Event, Observer, Step};
use crate::store::Store;

/// What an index says of a package that its own metadata says too.
const FIELDS: [&str; 15] = [
    "SLOT",
    "USE",
    "IUSE",
    "KEYWORDS",
    "EAPI",
    "RDEPEND",
    "PDEPEND",
    "IDEPEND",
    "BDEPEND",
    "DEPEND",
    "DEFINED_PHASES",
    "LICENSE",
    "PROVIDES",
    "REQUIRES",
    "BUILD_TIME",
];

/// Brings every package of the lock into the store, and opens it.
pub(crate) fn open_locked(
    lock: &Lock,
    plan: &Plan,
    portage: &PortageInstaller,
    fetcher: &Fetcher<'_>,
    store: &Store,
    observer: &dyn Observer,
) -> Result<Vec<BinaryLayer>, BuildError> {
    observer.event(Event::Began(Step::Fetch));
    let download_of = |package: &LockedPackage| -> Result<Download, BuildError> {
        if package.repository == REPOSITORY {
            return compiled(package, portage, store);
        }
        let host = repository_of(package, &portage.hosts, |host| &host.name, "`--binhost`, `--repo`")?;
        Ok(download(package, package.title(), host.bases()))
    };
    let downloads = lock.packages.iter().map(download_of).collect::<Result<Vec<_>, _>>()?;
    let missing = fetcher.fetch(&downloads).map_err(|error| build_error(&error))?;
    tell_fetched(missing, downloads.len(), observer);
    observer.event(Event::Began(Step::Unpack));
    observer.event(Event::Expect { items: lock.packages.len() as u64, bytes: 0 });
    let open = |package: &LockedPackage| {
        check_cancelled(observer)?;
        let layer = store.binary(&package.sha256, Trust::Pinned);
        let layer = layer.map_err(|error| caused(format!("can't unpack {}", package.title()), &error))?;
        check_identity(package, &layer)?;
        let chost = layer.content.metadata.text("CHOST").unwrap_or_default();
        require_machine(&chost, plan.architecture, &package.title())?;
        observer.event(Event::Item(&package.name));
        Ok(layer)
    };
    lock.packages.par_iter().map(open).collect()
}

/// A package that an earlier build has compiled: in the store, or where the user has put such.
fn compiled(package: &LockedPackage, portage: &PortageInstaller, store: &Store) -> Result<Download, BuildError> {
    let own = portage.hosts.iter().filter(|host| host.fingerprints.is_empty());
    let bases: Vec<String> = own.flat_map(|host| host.bases().to_vec()).collect();
    if bases.is_empty() && !store.holds(&package.sha256, package.size) {
        return Err(BuildError {
            hint: Some("name a host that has it with --binhost, or compile it anew without --locked".to_owned()),
            ..BuildError::new(format!("{} was compiled, and the store has it no more", package.title()))
        });
    }
    Ok(download(package, package.title(), &bases))
}

/// Whether the package calls itself what the lock calls it: that is what was chosen by.
fn check_identity(package: &LockedPackage, layer: &BinaryLayer) -> Result<(), BuildError> {
    let own = layer.content.metadata.title();
    if own == package.title() {
        return Ok(());
    }
    Err(BuildError {
        hint: Some("use another binary host: this one's index and packages don't belong together".to_owned()),
        ..BuildError::new(format!("{} calls itself {}", package.title(), own.escape_default()))
    })
}

/// What is to be merged, and in which order.
pub(crate) struct Order<'p> {
    /// The places of packages among those of the lock, each with what is taken of it if that is only a part.
    pub(crate) packages: Vec<(usize, Option<&'p PortagePart>)>,
}

/// The lock's packages in the order in which emerge would merge them, then those of which only libraries are taken. That is asked of the packages themselves, as a lock
/// doesn't say it.
pub(crate) fn in_order<'p>(
    lock: &Lock,
    plan: &Plan,
    portage: &'p PortageInstaller,
    layers: &[BinaryLayer],
) -> Result<Order<'p>, BuildError> {
    let index = PackageIndex::parse(index_text(layers))
        .map_err(|error| caused("what the lock's packages say of themselves can't be used", &error))?;
    let wishes = wishes(&plan.include)?;
    let chosen = resolve(&[Host { index: &index, priority: 0 }], &wishes, &policy(portage, &wishes)?);
    let chosen = chosen.map_err(|error| caused("the lock's packages don't go together", &error))?;
    let whole = chosen.packages.iter().map(|selected| (&selected.package, None));
    let parts = chosen.donors.iter().map(|donor| {
        let name = format!("{}/{}", donor.package.category, donor.package.name);
        (&donor.package, portage.parts.iter().find(|part| part.package == name))
    });
    let place = |path: &str| path.strip_prefix("at/")?.parse::<usize>().ok();
    let packages: Vec<_> = whole.chain(parts).filter_map(|(package, part)| Some((place(&package.path)?, part))).collect();
    if packages.len() == lock.packages.len() {
        return Ok(Order { packages });
    }
    Err(BuildError {
        hint: Some("build with the packages the lock was made with".to_owned()),
        ..BuildError::new("the lock has other packages than are asked for")
    })
}

/// An index of packages by what they say of themselves; each has its place among them as its path.
pub(super) fn index_text(layers: &[BinaryLayer]) -> String {
    let mut text = format!("VERSION: 0\nPACKAGES: {}\n\n", layers.len());
    for (place, layer) in layers.iter().enumerate() {
        let metadata = &layer.content.metadata;
        let mut line = |name: &str, value: &str| {
            // Writing to a string can't fail.
            let _infallible = writeln!(text, "{name}: {value}");
        };
        line("CPV", &metadata.title());
        line("PATH", &format!("at/{place}"));
        for name in FIELDS {
            let words = metadata.words(name).join(" ");
            if !words.is_empty() {
                line(name, &words);
            }
        }
        text.push('\n');
    }
    text
}
