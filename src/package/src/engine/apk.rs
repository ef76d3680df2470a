//! What the engine does for apk.

use rootfs_plugin::{ApkInstaller, BuildError, Plan};

use super::{Engine, build_error, require_runnable};
use crate::apk::install::{InstallPackage, PendingScript, Request, install};
use crate::apk::{acquire, locked, repositories};
use crate::lock::Lock;
use crate::observer::{Event, Step};
use crate::scripts::Scripts;

/// What apk gives its scripts (its `src/database.c`).
const PATH: &str = "/usr/sbin:/usr/bin:/sbin:/bin";

/// Where apk puts a script before it runs it.
const EXEC: &str = "lib/apk/exec";

impl Engine<'_> {
    /// Packages laid out as apk does, in memory; on disk only when a script is among them that nobody knows.
    pub(super) fn install_apk(&mut self, plan: &Plan, apk: &ApkInstaller) -> Result<(), BuildError> {
        let keys = repositories::public_keys(apk)?;
        let lock = match self.given_lock(plan)? {
            Some(lock) => lock,
            None => acquire::resolve_plan(plan, apk, &keys, self.options.agent.as_ref(), &self.fetcher()?, &self.reuse())?,
        };
        let layers = locked::open_locked(&lock, plan, apk, &keys, &self.fetcher()?, self.store, self.observer)?;
        let order = locked::in_order(&lock, plan, apk, &layers)?;
        let packages = order.packages.iter().filter_map(|(at, tag)| {
            let layer = layers.get(*at)?;
            Some(InstallPackage { package: &layer.content.info.package, layer, tag: tag.as_deref() })
        });
        let packages: Vec<_> = packages.collect();
        let line = |repository: &rootfs_plugin::ApkRepository| {
            let tag = repository.tag.as_ref().map(|tag| format!("@{tag} ")).unwrap_or_default();
            format!("{tag}{}", repository.public)
        };
        let lines: Vec<String> = apk.repositories.iter().map(line).collect();
        let request =
            Request { packages: &packages, architecture: plan.architecture.apk(), world: &order.world, repositories: &lines, keys: &keys };
        let installed = install(&request).map_err(|error| build_error(&error))?;
        self.newest = installed.tree.newest_mtime().seconds;
        self.memory = Some(installed.tree);
        self.run_pending(plan, &installed.pending, &lock)?;
        self.lock = Some(lock);
        Ok(())
    }

    /// Runs what only a shell can do, in the root, as apk does.
    fn run_pending(&mut self, plan: &Plan, pending: &[PendingScript], lock: &Lock) -> Result<(), BuildError> {
        if pending.is_empty() {
            return Ok(());
        }
        if let Some(script) = pending.first() {
            require_runnable(&format!("the {} script of {}", script.kind, script.package), plan.architecture)?;
        }
        self.observer.event(Event::Began(Step::Configure));
        self.on_disk()?;
        for script in pending {
            let package = lock.packages.iter().find(|package| format!("{}-{}", package.name, package.version) == script.package);
            let name = format!("{}.{}", script.package, script.kind);
            self.run_script(script, &name, package.map_or(script.package.as_str(), |package| &package.name))?;
        }
        Ok(())
    }

    fn run_script(&mut self, script: &PendingScript, name: &str, package: &str) -> Result<(), BuildError> {
        let path = format!("{EXEC}/{name}");
        self.root.write(path.as_bytes(), &script.text, 0o755).map_err(|error| build_error(&error))?;
        let program = format!("/{path}");
        let arguments: Vec<&str> = std::iter::once(program.as_str()).chain(script.arguments.iter().map(String::as_str)).collect();
        self.sandbox()?;
        let Some(sandbox) = self.sandbox.as_mut() else { return Err(BuildError::new("the sandbox is gone")) };
        let mut scripts = Scripts::new(sandbox.as_mut(), self.observer, vec![("PATH".to_owned(), PATH.to_owned())]);
        let origin = format!("{package} {}", script.kind);
        let finished = scripts.run(&origin, &arguments, &[], &mut |_| {}).map_err(|error| build_error(&error))?;
        scripts.bring_back().map_err(|error| build_error(&error))?;
        self.root.remove(path.as_bytes()).map_err(|error| build_error(&error))?;
        finished.expect_success(&origin).map_err(|error| build_error(&error))
    }
}
