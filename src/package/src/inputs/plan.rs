//! The inputs that builds with any package manager have.

use rootfs_plugin::{Include, Plan, PlannedPackage, Trim};

use super::Inputs;
use crate::store::{Store, StoreError};

impl Inputs {
    /// Which guest it is for.
    pub(crate) fn of_guest(plan: &Plan) -> Self {
        let mut inputs = Self::default();
        let Plan { distribution, release, variant, architecture, .. } = plan;
        inputs.set("guest", format!("{distribution} {release} {variant} {architecture}"));
        inputs
    }

    /// Sets an input that is or is not so.
    pub(crate) fn set_flag(&mut self, name: &str, is: bool) {
        self.set(name, if is { "yes" } else { "no" });
    }

    /// What is asked for. The user's own package files, which count by their hash, are in the store then.
    pub(crate) fn set_asked_for(&mut self, include: &[Include], store: &Store) -> Result<(), StoreError> {
        let lines = include.iter().map(|include| asked_for(include, store)).collect::<Result<Vec<_>, _>>()?;
        self.set_lines("asked for", lines);
        Ok(())
    }

    /// What is left out of packages.
    pub(crate) fn set_left_out(&mut self, trims: &[Trim]) {
        self.set_lines("left out", trims.iter().map(|trim| trim_name(*trim).to_owned()));
    }

    /// What scripts are told: the guest's name, and the time, when it is not what the packages say.
    pub(crate) fn set_told(&mut self, host_name: &str, epoch: Option<i64>) {
        self.set("host name", host_name);
        self.set("SOURCE_DATE_EPOCH", epoch.map_or_else(|| "the newest package's".to_owned(), |epoch| epoch.to_string()));
    }
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

fn trim_name(trim: Trim) -> &'static str {
    match trim {
        Trim::Docs => "docs",
        Trim::Locales => "locales",
        Trim::Man => "man",
    }
}
