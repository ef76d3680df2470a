//! What resolving and installing depend on, told completely: whatever is missing here would give a stranger's result back.

use rootfs_plugin::{BuildError, Include, Plan, PlannedPackage, RpmInstaller, Trim};
use rootfs_tree::Digest;
use sha2::{Digest as _, Sha256};

use super::index::{Index, key_texts};
use crate::engine::build_error;
use crate::inputs::Inputs;
use crate::lock::{Lock, LockedPackage};
use crate::store::Store;

/// What the lock of a plan depends on. Mirrors are not in it: a repository's index says what they have.
pub(crate) fn resolve_inputs(plan: &Plan, rpm: &RpmInstaller, indexes: &[Index<'_>], store: &Store) -> Result<Inputs, BuildError> {
    let mut inputs = common(plan);
    let line = |(at, index): (usize, &Index<'_>)| format!("{} {} {at}", index.repository.name, index.sha256);
    inputs.set_lines("indexes", indexes.iter().enumerate().map(line));
    inputs.set_lines("asked for", plan.include.iter().map(|include| asked_for(include, store)).collect::<Result<Vec<_>, _>>()?);
    inputs.set("weak dependencies", if rpm.weak { "yes" } else { "no" });
    inputs.set_lines("excluded", rpm.exclude.iter().cloned());
    inputs.set_lines("tools", rpm.tools.iter().cloned());
    Ok(inputs)
}

fn asked_for(include: &Include, store: &Store) -> Result<String, BuildError> {
    Ok(match include {
        Include::Essential => "essential packages".to_owned(),
        Include::Priority(priority) => format!("priority {priority}"),
        Include::Package(PlannedPackage::Name(name)) => name.clone(),
        Include::Package(PlannedPackage::File(path)) => {
            let (sha256, _) = store.insert_file(path).map_err(|error| build_error(&error))?;
            format!("{} file {sha256}", path.display())
        }
    })
}

/// What the tree of a lock depends on, before anything is customised. `epoch` is what scripts are told, when it is not what the packages say.
pub(crate) fn install_inputs(
    plan: &Plan,
    rpm: &RpmInstaller,
    lock: &Lock,
    host_name: &str,
    epoch: Option<i64>,
) -> Result<Inputs, BuildError> {
    let mut inputs = common(plan);
    let line = |package: &LockedPackage| format!("{} {} {} {}", package.name, package.version, package.architecture, package.sha256);
    inputs.set_lines("packages", lock.packages.iter().map(line));
    inputs.set_lines("tools", lock.tools.iter().map(line));
    inputs.set("database", rpm.database.as_str());
    let trim = |trim: &Trim| match trim {
        Trim::Docs => "docs",
        Trim::Locales => "locales",
        Trim::Man => "man",
    };
    inputs.set_lines("left out", plan.without.iter().map(|one| trim(one).to_owned()));
    let mut keys = Vec::new();
    for repository in &rpm.repositories {
        keys.extend(key_texts(repository)?.into_iter().map(|(_, key)| Digest(Sha256::digest(key).into()).to_string()));
    }
    inputs.set_lines("keys", keys);
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
