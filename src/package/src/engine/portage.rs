//! What the engine does for portage's packages.

use std::sync::Arc;

use rootfs_plugin::{BuildError, Plan, PortageCompile, PortageInstaller};

use super::{Engine, EngineOptions, build_error};
use crate::lock::Lock;
use crate::observer::{Event, Step};
use crate::portage::binary::BinaryLayer;
use crate::portage::compile::Workplace;
use crate::portage::merge::{InstallMask, MergePackage, MergeRequest, Part, PendingPhases, Phase, merge};
use crate::portage::{acquire, locked, phases};
use crate::scripts::Scripts;

impl Engine<'_> {
    /// Packages merged as portage does, in memory; on disk only when a phase is among them that nobody knows.
    pub(super) fn install_portage(&mut self, plan: &Plan, portage: &PortageInstaller) -> Result<(), BuildError> {
        let EngineOptions { agent, now, .. } = &self.options;
        let lock = match self.given_lock(plan)? {
            Some(lock) => lock,
            None => match &portage.compile {
                Some(compile) => self.compile_packages(plan, portage, compile)?,
                None => acquire::resolve_plan(plan, portage, agent.as_ref(), *now, &self.fetcher()?, &self.reuse())?,
            },
        };
        let layers = locked::open_locked(&lock, plan, portage, &self.fetcher()?, self.store, self.observer)?;
        let order = locked::in_order(&lock, plan, portage, &layers)?;
        let packages = order.packages.iter().filter_map(|(at, part)| {
            let part = part.map(|part| Part { files: &part.files, into: &part.into });
            Some(MergePackage { layer: layers.get(*at)?, part })
        });
        let packages: Vec<_> = packages.collect();
        let mask = InstallMask::of(portage.install_mask.iter().map(String::as_str));
        let world = acquire::world(&plan.include)?;
        let request = MergeRequest { packages: &packages, world: &world, mask: &mask, merged_usr: portage.merged_usr };
        let merged = merge(&request).map_err(|error| build_error(&error))?;
        merged.notes.iter().for_each(|note| self.observer.event(Event::Note(note)));
        self.newest = merged.tree.newest_mtime().seconds;
        self.memory = Some(merged.tree);
        self.run_phases(plan, &merged.pending, &layers, &mask)?;
        self.lock = Some(lock);
        Ok(())
    }

    /// Has emerge compile the packages, in a root of its own.
    fn compile_packages(&self, plan: &Plan, portage: &PortageInstaller, compile: &PortageCompile) -> Result<Lock, BuildError> {
        super::require_runnable("emerge", plan.architecture)?;
        let EngineOptions { stage, seats, cancelled, now, source_date_epoch, agent, .. } = &self.options;
        let workplace = Workplace {
            stage,
            seats: &**seats,
            cancelled: Arc::clone(cancelled),
            now: *now,
            epoch: *source_date_epoch,
            fetcher: &self.fetcher()?,
            reuse: self.reuse(),
        };
        workplace.compile(plan, portage, compile, agent.as_ref())
    }

    /// Runs what only bash can do, in the root; where the root has none, says what was not done.
    fn run_phases(&mut self, plan: &Plan, pending: &[PendingPhases], layers: &[BinaryLayer], mask: &InstallMask) -> Result<(), BuildError> {
        let has_bash = self.memory.as_ref().is_some_and(|tree| tree.resolve(phases::BASH.as_bytes()).is_ok());
        if !has_bash {
            for one in pending {
                self.observer.event(Event::Note(&one.told("the root has no bash")));
            }
            return Ok(());
        }
        if let Some(first) = pending.first() {
            super::require_runnable(&format!("what {} does when it is merged", first.package), plan.architecture)?;
            self.observer.event(Event::Began(Step::Configure));
            self.on_disk()?;
        }
        for one in pending {
            let layer = layers.iter().find(|layer| layer.content.metadata.title() == one.package);
            let Some(layer) = layer else { continue };
            phases::prepare(&self.root, one, layer)?;
            let latest = self.options.source_date_epoch.unwrap_or(self.newest);
            for names in one.runs() {
                let environment = phases::environment(one, layer, latest);
                self.run_functions(&one.package, names, environment)?;
                if names.contains(&Phase::Preinst) {
                    for note in phases::take_changes(&self.root, layer, mask, latest)? {
                        self.observer.event(Event::Note(&note));
                    }
                }
            }
            phases::clean(&self.root)?;
        }
        Ok(())
    }

    /// Runs functions of a package, one after the other in one shell.
    fn run_functions(&mut self, package: &str, names: &[Phase], environment: Vec<(String, String)>) -> Result<(), BuildError> {
        self.sandbox()?;
        let Some(sandbox) = self.sandbox.as_mut() else { return Err(BuildError::new("the sandbox is gone")) };
        let mut scripts = Scripts::new(sandbox.as_mut(), self.observer, environment);
        let names: Vec<&str> = names.iter().map(|phase| phase.name()).collect();
        let arguments = [&[phases::BASH, phases::SCRIPT][..], &names].concat();
        let finished = scripts.run(package, &arguments, &[], &mut |_| {}).map_err(|error| build_error(&error))?;
        scripts.bring_back().map_err(|error| build_error(&error))?;
        finished.expect_success(package).map_err(|error| build_error(&error))
    }
}
