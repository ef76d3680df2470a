//! The road of a build: each stage takes a value and returns a value.

use rootfs_package::apt::assign_owners;
use rootfs_package::engine::Engine;
use rootfs_package::observer::{Event, Observer as _, Step};
use rootfs_package::store::Store;
use rootfs_plugin::Request;
use rootfs_tree::TreeError;

use crate::customise::{customise, normalise};
use crate::expectations::Expected;
use crate::failure::Failure;
use crate::invocation::Invocation;
use crate::progress::Progress;
use crate::record::Record;
use crate::report::Summary;
use crate::target::Targets;
use crate::{devices, engine_options, hooks, publish, starter};

/// Builds what was asked for.
///
/// # Errors
/// The first stage that failed; nothing is then left but what the store keeps.
pub fn run(invocation: &Invocation, request: &Request, progress: &Progress) -> Result<Summary, Failure> {
    let failed = |error: TreeError| Failure::of(&error);
    let plan = invocation.distro.plan(request)?;
    let targets = Targets::claim_for(invocation.directory.as_deref(), invocation.output.as_ref(), invocation.force)?;
    let store = Store::open(&invocation.store).map_err(|error| Failure::of(&error).hint(error.hint()))?;
    let mut engine = Engine::new(engine_options::of(invocation, request, targets.stage(), progress)?, &store, progress)?;
    invocation.distro.build_rootfs(&plan, &mut engine)?;

    progress.event(Event::Began(Step::Customise));
    let epoch = request.source_date_epoch.unwrap_or(engine.newest());
    let (mut tree, mut on_disk) = engine.installed().map_err(failed)?;
    assign_owners(&mut tree).map_err(failed)?;
    progress.notes(&customise(&mut tree, &plan, request, epoch, targets.stage())?);
    if !request.hooks.is_empty() {
        devices::update(&tree, engine.root(), &on_disk).map_err(failed)?;
        hooks::run(&request.hooks, &mut engine, progress)?;
        on_disk = engine.scan().map_err(failed)?;
        let before = std::mem::replace(&mut tree, on_disk.clone());
        devices::restore(&mut tree, &before).map_err(failed)?;
        assign_owners(&mut tree).map_err(failed)?;
    }
    let built = engine.finish()?;
    normalise(&mut tree, epoch)?;
    tree.hash_contents().map_err(failed)?;

    progress.event(Event::Began(Step::Check));
    let expected = Expected::of(request, &plan);
    let findings = if invocation.check { expected.check(&tree)? } else { Vec::new() };
    let starter = starter::of_lock(invocation, &plan, built.lock.as_ref(), &store, targets.stage(), progress)?;
    progress.event(Event::Began(Step::Write));
    let digest = tree.digest().map_err(failed)?;
    let outputs = publish::write(
        invocation,
        &targets,
        &built,
        &on_disk,
        &Record { tree: &tree, lock: built.lock.as_ref(), expected: &expected },
        starter.as_ref(),
        progress,
    )?;
    Ok(Summary::of(&plan, &tree, digest, built.lock.as_ref(), findings, outputs))
}
