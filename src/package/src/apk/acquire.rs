//! From a plan to packages at hand: indexes, lock, downloads, layers.

use std::collections::BTreeMap;
use std::path::Path;

use rayon::prelude::*;
use rootfs_plugin::{ApkInstaller, ApkRepository, BuildError, Include, Key, Plan, PlannedPackage};
use rootfs_tree::Digest;
use sha2::{Digest as _, Sha256};

use super::{ApkLayer, Constraint, Dependency, IndexPackage, PublicKeys, Selected, Sha1Sum, Trust, Universe, read_index, resolve};
use crate::engine::build_error;
use crate::fetch::{Download, Fetcher};
use crate::inputs::Inputs;
use crate::lock::{LOCAL, Lock, LockedAgent, LockedPackage};
use crate::observer::{Event, Observer, Step};
use crate::reuse::Reuse;
use crate::store::Store;

/// Alpine's largest index has less than a tenth of it.
const INDEX_LIMIT: u64 = 64 << 20;

/// The keys that the plan trusts.
pub(crate) fn public_keys(apk: &ApkInstaller) -> Result<PublicKeys, BuildError> {
    let mut keys = PublicKeys::new();
    for key in &apk.keys {
        let pem = match &key.key {
            Key::Armoured(text) => text.clone(),
            Key::File(path) => fs_err::read_to_string(path).map_err(|error| build_error(&error))?,
        };
        keys.add(&key.name, &pem).map_err(|error| build_error(&error))?;
    }
    Ok(keys)
}

/// A repository's index, verified.
struct Indexed<'p> {
    repository: &'p ApkRepository,
    signer: String,
    /// Of the file: the same index gives the same lock.
    sha256: Digest,
    packages: Vec<IndexPackage>,
}

fn fetch_indexes<'p>(
    apk: &'p ApkInstaller,
    keys: &PublicKeys,
    architecture: &str,
    fetcher: &Fetcher<'_>,
) -> Result<Vec<Indexed<'p>>, BuildError> {
    let read = |repository: &'p ApkRepository| {
        let urls: Vec<String> = repository.bases().iter().map(|base| format!("{base}/{architecture}/APKINDEX.tar.gz")).collect();
        let (bytes, url) = fetcher.document(&urls, INDEX_LIMIT).map_err(|error| BuildError {
            message: format!("can't get the index of the repository `{}`", repository.name),
            ..wrapped(&error)
        })?;
        let index = read_index(&bytes, keys).map_err(|error| BuildError { message: format!("{url} can't be used"), ..wrapped(&error) })?;
        Ok(Indexed { repository, signer: index.signer, sha256: Digest(Sha256::digest(&bytes).into()), packages: index.packages })
    };
    apk.repositories.iter().map(read).collect()
}

/// The error as the cause of another one, which has its hint.
fn wrapped(error: &(dyn std::error::Error + 'static)) -> BuildError {
    let cause = build_error(error);
    BuildError { message: String::new(), hint: cause.hint.clone(), cause: Some(Box::new(BuildError { hint: None, ..cause })) }
}

/// What `/etc/apk/world` is to say: names as they were asked for, and package files by their identity.
fn world(include: &[Include], local: &[&ApkLayer]) -> Result<Vec<Dependency>, BuildError> {
    let named = include.iter().filter_map(|include| match include {
        Include::Package(PlannedPackage::Name(name)) => Some(name),
        _ => None,
    });
    let mut world = named.map(|name| name.parse::<Dependency>()).collect::<Result<Vec<_>, _>>().map_err(|error| build_error(&error))?;
    world.extend(local.iter().map(|layer| {
        let package = &layer.content.info.package;
        Dependency { name: package.name.clone(), conflict: false, tag: None, constraint: Constraint::Identity(package.identity) }
    }));
    Ok(world)
}

/// What can be chosen from: the user's own package files as the first repository, then the plan's.
fn universe<'r>(
    architecture: &str,
    local: &[&ApkLayer],
    known: impl Iterator<Item = (&'r ApkRepository, Vec<IndexPackage>)>,
) -> Result<Universe, BuildError> {
    let mut universe = Universe::new(architecture);
    let files = local.iter().map(|layer| layer.content.info.package.clone()).collect();
    universe.add_repository(LOCAL, None, files).map_err(|error| build_error(&error))?;
    for (repository, packages) in known {
        universe.add_repository(&repository.name, repository.tag.as_deref(), packages).map_err(|error| build_error(&error))?;
    }
    Ok(universe)
}

/// The user's own package files, in the store.
fn local_packages(include: &[Include], keys: &PublicKeys, store: &Store) -> Result<Vec<(String, Digest, ApkLayer)>, BuildError> {
    let files = include.iter().filter_map(|include| match include {
        Include::Package(PlannedPackage::File(path)) => Some(path.as_path()),
        _ => None,
    });
    let read = |path: &Path| {
        let (sha256, _) = store.insert_file(path).map_err(|error| build_error(&error))?;
        let layer = store.apk(&sha256, Trust::Signature(keys));
        let layer = layer.map_err(|error| BuildError { message: format!("can't use {}", path.display()), ..wrapped(&error) })?;
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        Ok((name, sha256, layer))
    };
    files.map(read).collect()
}

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
    observer.event(Event::Began(Step::Index));
    observer.event(Event::Decided { stage: "index", reused: false, reason: "mirrors are asked every time: they may have something newer" });
    let indexes = fetch_indexes(apk, keys, architecture, fetcher)?;
    let local = local_packages(&plan.include, keys, store)?;
    let inputs = inputs(plan, &indexes, &local);
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
        })
    };
    let mut packages = selection.packages.par_iter().map(lock_one).collect::<Result<Vec<_>, BuildError>>()?;
    packages.sort_by(|one, other| (&one.name, &one.architecture).cmp(&(&other.name, &other.architecture)));
    let lock = Lock {
        distribution: plan.distribution.clone(),
        release: plan.release.clone(),
        architecture: plan.architecture.name().to_owned(),
        agent: agent.cloned(),
        keys: signers,
        kernel: Vec::new(),
        tools: Vec::new(),
        sources: Vec::new(),
        compilers: Vec::new(),
        packages,
    };
    reuse.keep_lock(&inputs, &lock);
    Ok(lock)
}

/// Which key has signed which repository, by the SHA-256 of its text.
fn signers(indexes: &[Indexed<'_>], keys: &PublicKeys) -> BTreeMap<String, Vec<String>> {
    let fingerprint = |signer: &str| {
        keys.files().find(|(name, _)| *name == signer).map(|(_, pem)| Digest(Sha256::digest(pem).into()).to_string().to_uppercase())
    };
    indexes.iter().map(|index| (index.repository.name.clone(), fingerprint(&index.signer).into_iter().collect())).collect()
}

fn inputs(plan: &Plan, indexes: &[Indexed<'_>], local: &[(String, Digest, ApkLayer)]) -> Inputs {
    let mut inputs = Inputs::default();
    let Plan { distribution, release, variant, architecture, .. } = plan;
    inputs.set("guest", format!("{distribution} {release} {variant} {architecture}"));
    let line = |(at, index): (usize, &Indexed<'_>)| {
        let ApkRepository { name, tag, .. } = index.repository;
        format!("{name} {} {at} {} {}", index.sha256, tag.as_deref().unwrap_or("untagged"), index.signer)
    };
    inputs.set_lines("indexes", indexes.iter().enumerate().map(line));
    let named = plan.include.iter().filter_map(|include| match include {
        Include::Package(PlannedPackage::Name(name)) => Some(name.clone()),
        _ => None,
    });
    inputs.set_lines("asked for", named.chain(local.iter().map(|(name, sha256, _)| format!("{name} file {sha256}"))));
    inputs
}

/// A package whose hash nobody knows, in the store: fetched, verified by the identity that the signed index gives it, and hashed. An earlier build may have
/// noted the hash.
fn fetch_unknown(
    package: &IndexPackage,
    path: &str,
    repository: &ApkRepository,
    fetcher: &Fetcher<'_>,
    store: &Store,
) -> Result<Digest, BuildError> {
    let failed =
        |error: &(dyn std::error::Error + 'static)| BuildError { message: format!("can't get {}", package.title()), ..wrapped(error) };
    let note = format!("apk identity {}", package.identity);
    if let Some(sha256) = noted(&note, package.size, store) {
        return Ok(sha256);
    }
    let urls: Vec<String> = repository.bases().iter().map(|base| format!("{base}/{path}")).collect();
    let bytes = fetcher.content(&package.title(), &urls, package.size).map_err(|error| failed(&error))?;
    let sha256 = store.insert_bytes(&bytes).map_err(|error| failed(&error))?;
    let layer = store.apk(&sha256, Trust::Identity(package.identity)).map_err(|error| failed(&error))?;
    check_identity(package, &layer).map_err(|cause| BuildError {
        message: format!("can't use {}", package.title()),
        hint: None,
        cause: Some(Box::new(cause)),
    })?;
    store.keep_document(&note, sha256.to_string().as_bytes()).map_err(|error| failed(&error))?;
    Ok(sha256)
}

/// Whether the package calls itself what the index called it: that is what was chosen by.
fn check_identity(package: &IndexPackage, layer: &ApkLayer) -> Result<(), BuildError> {
    let own = &layer.content.info.package;
    if (&own.name, &own.version) == (&package.name, &package.version) {
        return Ok(());
    }
    Err(BuildError::new(format!("it calls itself {}", own.title().escape_default())))
}

fn noted(note: &str, size: u64, store: &Store) -> Option<Digest> {
    let text = store.document(note).ok()??;
    let sha256 = str::from_utf8(&text).ok()?.parse().ok()?;
    store.holds(&sha256, size).then_some(sha256)
}

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
    let downloads = lock.packages.iter().map(|package| download(package, apk)).collect::<Result<Vec<_>, _>>()?;
    let missing = fetcher.fetch(&downloads).map_err(|error| build_error(&error))?;
    let reason = match (missing, downloads.len()) {
        (0, all) => format!("the store has all {all} packages"),
        (missing, all) => format!("{missing} of {all} packages were missing in the store"),
    };
    observer.event(Event::Decided { stage: "fetch", reused: missing == 0, reason: &reason });
    observer.event(Event::Began(Step::Unpack));
    observer.event(Event::Expect { items: lock.packages.len() as u64, bytes: 0 });
    let open = |package: &LockedPackage| {
        if observer.cancelled() {
            return Err(BuildError::new("interrupted"));
        }
        let layer = store.apk(&package.sha256, Trust::Pinned);
        let layer = layer
            .map_err(|error| BuildError { message: format!("can't unpack {}-{}", package.name, package.version), ..wrapped(&error) })?;
        observer.event(Event::Item(&package.name));
        Ok(layer)
    };
    lock.packages.par_iter().map(open).collect()
}

fn download(package: &LockedPackage, apk: &ApkInstaller) -> Result<Download, BuildError> {
    let mut urls = Vec::new();
    if package.repository != LOCAL {
        let repository = apk.repositories.iter().find(|repository| repository.name == package.repository).ok_or_else(|| BuildError {
            hint: Some("build with the repositories the lock was made with (`--repository`, `--repo`)".to_owned()),
            ..BuildError::new(format!(
                "the lock takes {} from repository `{}`, which is not in this build",
                package.name, package.repository
            ))
        })?;
        urls.extend(repository.bases().iter().map(|base| format!("{base}/{}", package.path)));
    }
    Ok(Download { name: format!("{}-{}", package.name, package.version), urls, size: package.size, sha256: package.sha256 })
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
    let selection = resolve(&universe, &world)
        .map_err(|error| BuildError { message: "the lock's packages don't go together".to_owned(), ..wrapped(&error) })?;
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
