//! What the engine does for dpkg and apt.

use rootfs_plugin::{AptInstaller, BuildError, Plan, Selection};
use rootfs_sandbox::SandboxOptions;
use rootfs_tree::Time;

use super::{Engine, EngineOptions, build_error};
use crate::apt;
use crate::apt::acquire::Wanted;
use crate::apt::compose::Made;
use crate::apt::inputs::install_inputs;
use crate::apt::install::{DATABASE, Installation};
use crate::deb::DebLayer;
use crate::fetch::Fetcher;
use crate::lock::Lock;
use crate::observer::{Event, Step};
use crate::scripts::Scripts;
use crate::store::KeptTree;

impl Engine<'_> {
    /// Packages installed as dpkg does, their scripts run; or the tree that an earlier build kept of the same.
    pub(super) fn install_apt(&mut self, plan: &Plan, apt: &AptInstaller) -> Result<(), BuildError> {
        let untouched = self.is_untouched()?;
        let lock = self.lock_for(plan)?;
        if untouched {
            let EngineOptions { hostname, source_date_epoch, .. } = &self.options;
            let inputs = install_inputs(plan, apt, &lock, hostname, *source_date_epoch).map_err(|error| build_error(&error))?;
            let packages: Vec<_> = lock.packages.iter().map(|package| package.sha256).collect();
            let kept = self.reuse().tree(&inputs, &packages);
            self.inputs = Some(inputs);
            if let Some(KeptTree { tree, newest }) = kept {
                (self.memory, self.newest, self.lock) = (Some(tree), newest, Some(lock));
                return Ok(());
            }
        }
        self.require_seat()?;
        let layers = self.layers(plan, &lock)?;
        // Where the sandbox, and later the guest, mounts; every root has them.
        for mount_point in ["dev", "proc", "sys"] {
            self.root.make_directory(mount_point.as_bytes()).map_err(|error| build_error(&error))?;
        }
        self.install_layers(plan, apt, &layers)?;
        apt::state::write(&self.root, &apt.repositories, plan.architecture, &lock).map_err(|error| build_error(&error))?;
        self.lock = Some(lock);
        Ok(())
    }

    /// The files that a plan chooses, as a tree; nothing is on disk but the payloads in the store.
    pub(super) fn compose(&mut self, plan: &Plan, apt: &AptInstaller, selection: &Selection) -> Result<(), BuildError> {
        let lock = self.lock_for(plan)?;
        let layers = self.layers(plan, &lock)?;
        let packages: Vec<_> = lock.packages.iter().zip(&layers).collect();
        let time = Time::from_seconds(self.newest);
        let made = match &plan.source {
            Some(source) => Some(Made { package: &source.package, path: &source.program, content: self.compile(plan, source, &lock)? }),
            None => None,
        };
        let tree = apt::compose::compose(selection, &packages, made.as_ref(), plan.architecture, apt.merged_usr, time);
        let tree = tree.map_err(|error| build_error(&error))?;
        for line in apt::compose::left_out(selection, &packages, &tree) {
            self.observer.event(Event::Note(&line));
        }
        self.memory = Some(tree);
        self.lock = Some(lock);
        Ok(())
    }

    /// The payloads of a lock's packages, fetched when the store lacks them.
    fn layers(&mut self, plan: &Plan, lock: &Lock) -> Result<Vec<DebLayer>, BuildError> {
        let fetcher = self.fetcher()?;
        self.observer.event(Event::Began(Step::Fetch));
        apt::acquire::fetch_locked(lock, plan, &fetcher, self.store, self.observer)?;
        self.observer.event(Event::Began(Step::Unpack));
        let layers = apt::acquire::open_layers(&lock.packages, self.store, self.observer)?;
        self.newest = layers.iter().flat_map(|layer| layer.entries.iter().map(|entry| entry.mtime)).max().unwrap_or_default();
        Ok(layers)
    }

    /// The lock that was given, or a new one.
    fn lock_for(&self, plan: &Plan) -> Result<Lock, BuildError> {
        if let Some(lock) = self.given_lock(plan)? {
            return Ok(lock);
        }
        let fetcher: Fetcher<'_> = self.fetcher()?;
        let EngineOptions { agent, kernel, uefi_stub, bios_loader, .. } = &self.options;
        let wanted = Wanted { agent: agent.clone(), kernel: *kernel, uefi_stub: *uefi_stub, bios_loader: *bios_loader };
        apt::acquire::resolve_plan(plan, &wanted, self.options.now, &fetcher, &self.reuse())
    }

    fn install_layers(&mut self, plan: &Plan, apt: &AptInstaller, layers: &[DebLayer]) -> Result<(), BuildError> {
        let environment = self.environment();
        // One sandbox at a time has the root.
        self.stop_sandbox()?;
        let options = SandboxOptions { database: Some(DATABASE), ..self.sandbox_options() };
        let mut sandbox = self.options.seats.sandbox(&self.options.stage, &options).map_err(|error| build_error(&error))?;
        let mut scripts = Scripts::new(sandbox.as_mut(), self.observer, environment);
        let AptInstaller { merged_usr, .. } = *apt;
        let installation = Installation { root: &self.root, layers, architecture: plan.architecture, merged_usr, without: &plan.without };
        self.written = installation.run(&mut scripts, self.observer).map_err(|error| build_error(&error))?;
        sandbox.stop().map_err(|error| build_error(&error))
    }
}
