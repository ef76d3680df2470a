//! What resolving and installing depend on, told completely: whatever is missing here would give a stranger's result back.

use rootfs_plugin::{AptInstaller, AptRepository, Architecture, Include, Key, Plan, PlannedPackage, Trim};
use sha2::{Digest as _, Sha256};

use super::Suites;
use super::acquire::Wanted;
use crate::inputs::Inputs;
use crate::lock::Lock;
use crate::store::{Store, StoreError};

/// What the lock of a plan depends on. Mirrors are not in it: a suite's release file says what they have.
pub(crate) fn resolve_inputs(
    plan: &Plan,
    apt: &AptInstaller,
    suites: &Suites,
    wanted: &Wanted,
    store: &Store,
) -> Result<Inputs, StoreError> {
    let AptInstaller { repositories, recommends, .. } = apt;
    let mut inputs = common(plan);
    inputs.set_lines("indexes", suites.identities());
    inputs
        .set_lines("components", repositories.iter().map(|repository| format!("{} {}", repository.name, repository.components.join(" "))));
    inputs.set_lines("asked for", plan.include.iter().map(|include| asked_for(include, store)).collect::<Result<Vec<_>, _>>()?);
    inputs.set("recommends", yes(*recommends));
    inputs.set("kernel", plan.kernel.as_ref().filter(|_| wanted.kernel).map_or("none", String::as_str));
    inputs.set("EFI stub", plan.uefi_stub.as_ref().filter(|_| wanted.kernel && wanted.uefi_stub).map_or("none", String::as_str));
    inputs.set_lines("BIOS loader", plan.bios_loader.iter().filter(|_| wanted.bios_loader).cloned());
    if let (Some(source), Some(native)) = (&plan.source, Architecture::native()) {
        inputs.set_lines("compiled", [format!("{} for {native} by", source.package)].into_iter().chain(source.tools.iter().cloned()));
    }
    Ok(inputs)
}

fn asked_for(include: &Include, store: &Store) -> Result<String, StoreError> {
    Ok(match include {
        Include::Essential => "essential packages".to_owned(),
        Include::Priority(priority) => format!("priority {priority}"),
        Include::Package(PlannedPackage::Name(name)) => name.clone(),
        Include::Package(PlannedPackage::File(path)) => {
            let (sha256, _) = store.insert_file(path)?;
            format!("{} file {sha256}", path.display())
        }
    })
}

/// What the tree of a lock depends on, before anything is customised. `epoch` is what scripts are told, when it is not what the packages say.
pub(crate) fn install_inputs(plan: &Plan, apt: &AptInstaller, lock: &Lock, host_name: &str, epoch: Option<i64>) -> std::io::Result<Inputs> {
    let AptInstaller { repositories, merged_usr, .. } = apt;
    let mut inputs = common(plan);
    inputs.set_lines(
        "packages",
        lock.packages.iter().map(|package| {
            let asked = if package.automatic { "automatic" } else { "asked for" };
            format!("{} {} {} {} {asked}", package.name, package.version, package.architecture, package.sha256)
        }),
    );
    inputs.set("merged /usr", yes(*merged_usr));
    inputs.set_lines("left out", plan.without.iter().map(|trim| trim_name(*trim).to_owned()));
    inputs.set_lines(
        "sources",
        repositories.iter().enumerate().map(|(at, repository)| source(at, repository)).collect::<Result<Vec<_>, _>>()?,
    );
    inputs.set("host name", host_name);
    inputs.set("SOURCE_DATE_EPOCH", epoch.map_or_else(|| "the newest package's".to_owned(), |epoch| epoch.to_string()));
    Ok(inputs)
}

fn common(plan: &Plan) -> Inputs {
    let mut inputs = Inputs::default();
    let Plan { distribution, release, variant, architecture, .. } = plan;
    inputs.set("guest", format!("{distribution} {release} {variant} {architecture}"));
    inputs
}

/// What the root's own apt is told of a repository.
fn source(at: usize, repository: &AptRepository) -> std::io::Result<String> {
    let AptRepository { name, public, suites, components, signed_by, .. } = repository;
    let mut keys = Sha256::new();
    for key in &repository.keys {
        match key {
            Key::Armoured(text) => keys.update(text),
            Key::File(path) => keys.update(fs_err::read(path)?),
        }
    }
    let keys = rootfs_tree::Digest(keys.finalize().into());
    let signed_by = signed_by.as_deref().unwrap_or("apt's own keys");
    Ok(format!("{name} {public} {at} {} {} {signed_by} {keys}", suites.join(" "), components.join(" ")))
}

fn trim_name(trim: Trim) -> &'static str {
    match trim {
        Trim::Docs => "docs",
        Trim::Locales => "locales",
        Trim::Man => "man",
    }
}

fn yes(is: bool) -> &'static str {
    if is { "yes" } else { "no" }
}
