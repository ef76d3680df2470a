//! The packages that emerge has made, and which of them the guest gets.

use rootfs_plugin::{BuildError, Plan, PortageInstaller};

use super::CompileError;
use super::builder::{AREA, Builder};
use super::settle::settle;
use crate::engine::{build_error, caused};
use crate::lock::LockedPackage;
use crate::portage::PackageIndex;
use crate::portage::acquire::{locked_as, policy, select, wishes};
use crate::portage::binary::{BinaryLayer, Trust};
use crate::portage::locked::index_text;
use crate::portage::name::split_version;
use crate::portage::resolve::{Host, resolve};
use crate::store::Store;
use rootfs_tree::Digest;

/// A package in the store.
pub(super) struct Made {
    path: String,
    size: u64,
    sha256: Digest,
    layer: BinaryLayer,
}

/// Brings what was made into the store.
pub(super) fn collect(builder: &Builder, epoch: i64, store: &Store) -> Result<Vec<Made>, BuildError> {
    let mut made = Vec::new();
    for path in packages(builder)? {
        let bytes = builder.read(&format!("{AREA}/packages/{path}"))?.unwrap_or_default();
        let settled = settle(&bytes, epoch).map_err(|source| build_error(&CompileError::Made { path: path.clone(), source }))?;
        let sha256 = store.insert_bytes(&settled).map_err(|error| build_error(&error))?;
        let layer = store
            .binary(&sha256, Trust::Pinned)
            .map_err(|error| caused(format!("emerge has made `{path}`, which can't be used"), &error))?;
        made.push(Made { path, size: settled.len() as u64, sha256, layer });
    }
    if made.is_empty() {
        return Err(build_error(&CompileError::Nothing));
    }
    Ok(made)
}

/// The packages of the builder's own that have libraries which what was made is linked to, and which nothing that was made has: a compiler's.
pub(super) fn lent<'p>(made: &[Made], portage: &'p PortageInstaller, builder: &Builder) -> Result<Vec<&'p str>, BuildError> {
    let sonames = |field: &str| -> Vec<String> { made.iter().flat_map(|made| made.layer.content.metadata.words(field)).collect() };
    let (required, provided) = (sonames("REQUIRES"), sonames("PROVIDES"));
    let mut lent = Vec::new();
    for part in &portage.parts {
        let is_of_part = |soname: &&String| {
            let names = part.files.iter().filter_map(|file| file.rsplit('/').next());
            names.map(|name| name.trim_end_matches('*')).any(|name| !name.is_empty() && soname.starts_with(name))
        };
        let is_needed = required.iter().filter(is_of_part).any(|soname| !provided.contains(soname));
        if is_needed && is_installed(builder, &part.package)? {
            lent.push(part.package.as_str());
        }
    }
    Ok(lent)
}

/// Whether the builder's own database has a package, whichever version.
fn is_installed(builder: &Builder, package: &str) -> Result<bool, BuildError> {
    let (category, name) = package.split_once('/').unwrap_or_default();
    let there = builder.list(&format!("/var/db/pkg/{category}"))?;
    Ok(there.iter().any(|title| split_version(title).is_some_and(|(own, _)| own == name)))
}

/// Chooses of what was made as of a binary host's packages.
pub(super) fn choose(made: &[Made], plan: &Plan, portage: &PortageInstaller) -> Result<Vec<LockedPackage>, BuildError> {
    let layers: Vec<BinaryLayer> = made.iter().map(|made| made.layer.clone()).collect();
    let index =
        PackageIndex::parse(index_text(&layers)).map_err(|error| caused("what the packages say of themselves can't be used", &error))?;
    let wishes = wishes(&plan.include)?;
    let chosen = resolve(&[Host { index: &index, priority: 0 }], &wishes, &policy(portage, &wishes)?);
    let chosen = chosen.map_err(|error| caused("the packages that emerge has made don't go together", &error))?;
    let mut packages = Vec::new();
    for (_, package, asked) in select(&chosen) {
        let at = package.path.strip_prefix("at/").and_then(|at| at.parse::<usize>().ok());
        let Some(made) = at.and_then(|at| made.get(at)) else { continue };
        let file = (made.path.as_str(), made.size, made.sha256);
        packages.push(locked_as(package, super::REPOSITORY, file, plan, asked));
    }
    Ok(packages)
}

/// Paths below the directory of packages, sorted.
fn packages(builder: &Builder) -> Result<Vec<String>, BuildError> {
    let all = format!("{AREA}/packages");
    let mut paths = Vec::new();
    for category in builder.list(&all)? {
        for name in builder.list(&format!("{all}/{category}"))? {
            for file in builder.list(&format!("{all}/{category}/{name}"))? {
                if file.ends_with(".gpkg.tar") {
                    paths.push(format!("{category}/{name}/{file}"));
                }
            }
        }
    }
    Ok(paths)
}
