//! What the engine does for rpm.

use rootfs_plugin::{BuildError, Plan, RpmInstaller};
use std::sync::Arc;

use super::{Engine, EngineOptions, build_error};
use crate::rpm::index::key_texts;
use crate::rpm::inputs::install_inputs;
use crate::rpm::transaction::{Chosen, Transaction};
use crate::rpm::{acquire, locked};
use crate::store::KeptTree;

impl Engine<'_> {
    /// Packages installed by the distribution's own rpm; or the tree that an earlier build kept of the same.
    pub(super) fn install_rpm(&mut self, plan: &Plan, rpm: &RpmInstaller) -> Result<(), BuildError> {
        let untouched = self.is_untouched()?;
        let EngineOptions { agent, now, hostname, source_date_epoch, .. } = &self.options;
        let lock = match self.given_lock(plan)? {
            Some(lock) => lock,
            None => acquire::resolve_plan(plan, rpm, agent.as_ref(), *now, &self.fetcher()?, &self.reuse())?,
        };
        if untouched {
            let inputs = install_inputs(plan, rpm, &lock, hostname, *source_date_epoch)?;
            // rpm has unpacked the packages, and not into the store: all contents are kept with the tree.
            let kept = self.reuse().tree(&inputs, &[]);
            self.inputs = Some(inputs);
            if let Some(KeptTree { tree, newest }) = kept {
                (self.memory, self.newest, self.lock) = (Some(tree), newest, Some(lock));
                return Ok(());
            }
        }
        self.require_seat()?;
        locked::fetch(&lock, plan, rpm, &self.fetcher()?, self.store, self.observer)?;
        let opened = locked::open(&lock, rpm, self.options.now, self.store, self.observer)?;
        self.newest = opened.packages.iter().map(|(header, _)| header.identity.build_time).max().unwrap_or_default();
        let packages: Vec<Chosen<'_>> = opened.packages.iter().map(|(header, file)| Chosen { header: header.clone(), file }).collect();
        // One sandbox at a time has the root.
        self.stop_sandbox()?;
        let transaction = Transaction {
            tools: &opened.tools,
            packages: &packages,
            keys: &root_keys(rpm)?,
            database: &rpm.database,
            without: &plan.without,
            epoch: self.options.source_date_epoch.unwrap_or(self.newest),
            environment: self.environment(),
            hostname: self.options.hostname.clone(),
            seats: &*self.options.seats,
            cancelled: Arc::clone(&self.options.cancelled),
        };
        transaction.run(self.root.path(), &self.options.stage.join("rpm"), self.observer).map_err(|error| build_error(&error))?;
        self.lock = Some(lock);
        Ok(())
    }
}

/// What the root's own rpm is to trust: the keys of every repository, each once.
fn root_keys(rpm: &RpmInstaller) -> Result<Vec<Vec<u8>>, BuildError> {
    let mut keys: Vec<Vec<u8>> = Vec::new();
    for repository in &rpm.repositories {
        for (_, key) in key_texts(repository)? {
            if !keys.contains(&key) {
                keys.push(key);
            }
        }
    }
    Ok(keys)
}
