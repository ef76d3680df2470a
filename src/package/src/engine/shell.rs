//! What the engine does for a shell directory.

use rootfs_plugin::{BuildError, Plan, ShellInstaller};
use rootfs_sandbox::Recipe;

use super::{Engine, build_error};
use crate::observer::{Event, Step};
use crate::shell::{self, ShellError};

impl Engine<'_> {
    /// Has the directory's own scripts make the root. Nothing is pinned and nothing is kept: nobody knows what they depend on.
    pub(super) fn install_shell(&mut self, plan: &Plan, shell: &ShellInstaller) -> Result<(), BuildError> {
        let options = &self.options;
        let asked = [(options.locked.is_some(), "--locked"), (options.fetch.offline, "--offline")];
        if let Some((_, option)) = asked.into_iter().find(|(asked, _)| *asked) {
            return Err(build_error(&ShellError::Unlocked { option }));
        }
        self.require_seat()?;
        self.observer.event(Event::Began(Step::Configure));
        self.observer.event(Event::Note(&format!("{} downloads for itself: nothing of it is pinned", plan.distribution)));
        let mut environment = shell::proxy_variables(&options.fetch.proxies);
        environment.extend(options.source_date_epoch.map(|epoch| ("SOURCE_DATE_EPOCH".to_owned(), epoch.to_string())));
        let sandbox = self.sandbox_options();
        // One sandbox at a time has the root.
        self.stop_sandbox()?;
        self.on_disk()?;
        let options = &self.options;
        let proxies = &options.fetch.proxies;
        let dockerfile = shell::dockerfile(shell, &plan.release, proxies).map_err(|error| build_error(&error))?;
        let recipe = dockerfile.map(|dockerfile| Recipe {
            dockerfile,
            arguments: shell::arguments(shell, proxies),
            distribution: &plan.distribution,
        });
        shell::build(shell, &options.stage, &*options.seats, recipe, &sandbox, &environment, self.observer)
            .map_err(|error| build_error(&error))?;
        // No file is newer than the build, as far as the guest is concerned.
        self.newest = options.now;
        self.stand_ins = true;
        Ok(())
    }
}
