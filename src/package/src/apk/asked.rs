//! What a plan asks for, and what that is chosen from.

use std::path::Path;

use rootfs_plugin::{ApkRepository, BuildError, Include, PlannedPackage};
use rootfs_tree::Digest;

use super::{ApkLayer, Constraint, Dependency, IndexPackage, PublicKeys, Trust, Universe};
use crate::acquire::local_files;
use crate::engine::{build_error, caused};
use crate::lock::LOCAL;
use crate::store::Store;

/// The packages that are asked for by name.
pub(super) fn names(include: &[Include]) -> impl Iterator<Item = &String> {
    include.iter().filter_map(|include| match include {
        Include::Package(PlannedPackage::Name(name)) => Some(name),
        _ => None,
    })
}

/// What `/etc/apk/world` is to say: names as they were asked for, and package files by their identity.
pub(super) fn world(include: &[Include], local: &[&ApkLayer]) -> Result<Vec<Dependency>, BuildError> {
    let named = names(include).map(|name| name.parse::<Dependency>()).collect::<Result<Vec<_>, _>>();
    let mut world = named.map_err(|error| build_error(&error))?;
    world.extend(local.iter().map(|layer| {
        let package = &layer.content.info.package;
        Dependency { name: package.name.clone(), conflict: false, tag: None, constraint: Constraint::Identity(package.identity) }
    }));
    Ok(world)
}

/// The user's own package files, in the store.
pub(super) fn local_packages(include: &[Include], keys: &PublicKeys, store: &Store) -> Result<Vec<(String, Digest, ApkLayer)>, BuildError> {
    let read = |path: &Path| {
        let (sha256, _) = store.insert_file(path).map_err(|error| build_error(&error))?;
        let layer = store.apk(&sha256, Trust::Signature(keys));
        let layer = layer.map_err(|error| caused(format!("can't use {}", path.display()), &error))?;
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        Ok((name, sha256, layer))
    };
    local_files(include).map(read).collect()
}

/// What can be chosen from: the user's own package files as the first repository, then the plan's.
pub(super) fn universe<'r>(
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
