//! What resolving and installing depend on, told completely: whatever is missing here would give a stranger's result back.

use rootfs_plugin::{AptInstaller, AptRepository, Architecture, Key, Plan};
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
    let mut inputs = Inputs::of_guest(plan);
    inputs.set_lines("indexes", suites.identities());
    inputs
        .set_lines("components", repositories.iter().map(|repository| format!("{} {}", repository.name, repository.components.join(" "))));
    inputs.set_asked_for(&plan.include, store)?;
    inputs.set_flag("recommends", *recommends);
    inputs.set("kernel", plan.kernel.as_ref().filter(|_| wanted.kernel).map_or("none", String::as_str));
    inputs.set("EFI stub", plan.uefi_stub.as_ref().filter(|_| wanted.kernel && wanted.uefi_stub).map_or("none", String::as_str));
    inputs.set_lines("BIOS loader", plan.bios_loader.iter().filter(|_| wanted.bios_loader).cloned());
    if let (Some(source), Some(native)) = (&plan.source, Architecture::native()) {
        inputs.set_lines("compiled", [format!("{} for {native} by", source.package)].into_iter().chain(source.tools.iter().cloned()));
    }
    Ok(inputs)
}

/// What the tree of a lock depends on, before anything is customised. `epoch` is what scripts are told, when it is not what the packages say.
pub(crate) fn install_inputs(plan: &Plan, apt: &AptInstaller, lock: &Lock, host_name: &str, epoch: Option<i64>) -> std::io::Result<Inputs> {
    let AptInstaller { repositories, merged_usr, .. } = apt;
    let mut inputs = Inputs::of_guest(plan);
    inputs.set_lines(
        "packages",
        lock.packages.iter().map(|package| {
            let asked = if package.automatic { "automatic" } else { "asked for" };
            format!("{} {} {} {} {asked}", package.name, package.version, package.architecture, package.sha256)
        }),
    );
    inputs.set_flag("merged /usr", *merged_usr);
    inputs.set_left_out(&plan.without);
    inputs.set_lines(
        "sources",
        repositories.iter().enumerate().map(|(at, repository)| source(at, repository)).collect::<Result<Vec<_>, _>>()?,
    );
    inputs.set_told(host_name, epoch);
    Ok(inputs)
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
