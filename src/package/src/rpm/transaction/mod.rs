//! Installing packages by the distribution's own rpm: unpacked beside the root, from the distribution's own packages, and run on it in the sandbox.
//!
//! rpm does all of it: order, payloads, scripts of every kind, triggers, database. It is told the time (SOURCE_DATE_EPOCH), so that its database says the same
//! every time, and who may sign; its policy for scripts that fail is kept.

mod command;
mod error;
mod output;
mod settle;
mod stage;

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use rootfs_plugin::Trim;
use rootfs_sandbox::{Command, Outcome, Runner, SandboxError, SandboxOptions, Seat, Seats, Stream};

use super::package::{RpmHeader, RpmLayer};
use crate::observer::{Event, Observer, Step};
use crate::scripts::Scripts;
use output::Reader;
use stage::Stage;

pub use error::TransactionError;

/// A package that is to be installed.
#[derive(Debug)]
pub struct Chosen<'a> {
    /// Its headers.
    pub header: RpmHeader,
    /// The file.
    pub file: &'a Path,
}

/// One run of rpm.
#[derive(Debug)]
pub struct Transaction<'a> {
    /// The packages that bring rpm, with all they depend on.
    pub tools: &'a [RpmLayer],
    /// What is to be installed.
    pub packages: &'a [Chosen<'a>],
    /// Certificates that the root's own rpm is to trust, each a file.
    pub keys: &'a [Vec<u8>],
    /// Where the root keeps rpm's database: absolute, inside the root.
    pub database: &'a str,
    /// What is left out of every package.
    pub without: &'a [Trim],
    /// What scripts and rpm are told of the time, in seconds since 1970.
    pub epoch: i64,
    /// What scripts see besides.
    pub environment: Vec<(String, String)>,
    /// The guest's host name.
    pub hostname: String,
    /// Where rpm runs.
    pub seats: &'a dyn Seats,
    /// Set from outside to end it.
    pub cancelled: Arc<AtomicBool>,
}

impl Transaction<'_> {
    /// Installs into `root`, an empty directory. `stage` doesn't exist and is on the same filesystem; it is gone afterwards.
    ///
    /// # Errors
    /// When the tools can't be unpacked, rpm refuses the packages or one of their scripts that counts for rpm fails, or the disk refuses. The root is then
    /// half-built.
    pub fn run(&self, root: &Path, stage: &Path, observer: &dyn Observer) -> Result<(), TransactionError> {
        observer.event(Event::Began(Step::Unpack));
        let stage = Stage::make(stage, root, self)?;
        observer.event(Event::Began(Step::Configure));
        observer.event(Event::Expect { items: self.packages.len() as u64, bytes: 0 });
        let options =
            SandboxOptions { hostname: self.hostname.clone(), cancelled: Arc::clone(&self.cancelled), ..SandboxOptions::default() };
        let mut sandbox = self.seats.beside(stage.path(), self.database, &options)?;
        if !self.keys.is_empty() {
            self.run_one("rpmkeys", &command::import(self), sandbox.as_mut(), observer)?;
        }
        self.run_one("rpm", &command::install(self), sandbox.as_mut(), observer)?;
        sandbox.stop()?;
        stage.leave()?;
        settle::settle(root, self)
    }

    fn run_one(&self, origin: &str, arguments: &[String], sandbox: &mut dyn Seat, observer: &dyn Observer) -> Result<(), TransactionError> {
        let mut outside = Outside(sandbox);
        let mut scripts = Scripts::new(&mut outside, observer, command::environment(self));
        let mut reader = Reader::new(self.packages, observer);
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        let finished = scripts.run(origin, &arguments, &[], &mut |line| reader.line(line))?;
        Ok(finished.expect_success(origin)?)
    }
}

/// Runs programs of the stage.
struct Outside<'a>(&'a mut dyn Seat);

impl Runner for Outside<'_> {
    fn run(&mut self, command: &Command, output: &mut dyn FnMut(Stream, &[u8])) -> Result<Outcome, SandboxError> {
        self.0.run_outside(command, output)
    }
}
