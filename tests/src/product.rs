//! The program under test.

use std::ffi::OsStr;
use std::path::Path;

use libtest_mimic::Failed;

use crate::Workbench;
use crate::process::{Finished, Process, Running};

/// A run of rootfs-gen: no environment but what a case sets, the workbench's store and mirror unless a case names others.
#[derive(Debug)]
pub struct Product<'a> {
    workbench: &'a Workbench,
    process: Process,
}

impl<'a> Product<'a> {
    pub(crate) fn new(workbench: &'a Workbench) -> Self {
        Self::of(workbench, Process::new(&workbench.settings().product))
    }

    /// The program, started by another (`strace`, `setpriv`) that takes it as its last argument.
    #[must_use]
    pub fn under(workbench: &'a Workbench, process: Process) -> Self {
        Self::of(workbench, process.arg(&workbench.settings().product))
    }

    pub(crate) fn of(workbench: &'a Workbench, process: Process) -> Self {
        let process = process
            .without_environment()
            .env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin")
            .env("HOME", workbench.cache("home"))
            .env("no_proxy", "127.0.0.1")
            .env("ROOTFS_GEN_STORE", workbench.store());
        Self { workbench, process }
    }

    /// Adds an argument.
    #[must_use]
    pub fn arg(mut self, argument: impl AsRef<OsStr>) -> Self {
        self.process = self.process.arg(argument);
        self
    }

    /// Adds arguments.
    #[must_use]
    pub fn args<I: AsRef<OsStr>>(mut self, arguments: impl IntoIterator<Item = I>) -> Self {
        self.process = self.process.args(arguments);
        self
    }

    /// Adds `debian` and the workbench's mirror.
    ///
    /// # Errors
    /// When there is no mirror.
    pub fn debian(self) -> Result<Self, Failed> {
        let url = self.workbench.mirror()?.url();
        Ok(self.arg("debian").mirror(&url))
    }

    /// Takes this mirror, by its URL (`http://127.0.0.1:1234`), for both of Debian's archives.
    #[must_use]
    pub fn mirror(self, url: &str) -> Self {
        self.env("ROOTFS_GEN_MIRROR", format!("{url}/debian security={url}/debian-security"))
    }

    /// Adds `debian` and the smallest set of a release, without an agent.
    ///
    /// # Errors
    /// When there is no mirror.
    pub fn minbase(self, release: crate::Release) -> Result<Self, Failed> {
        Ok(self.debian()?.args(["--release", release.name(), "--variant", "minbase", "--agent", "none"]))
    }

    /// Adds `-r` and a directory.
    #[must_use]
    pub fn into_directory(self, directory: &Path) -> Self {
        self.arg("-r").arg(directory)
    }

    /// Sets a variable.
    #[must_use]
    pub fn env(mut self, name: &str, value: impl AsRef<OsStr>) -> Self {
        self.process = self.process.env(name, value);
        self
    }

    /// Takes another store than the shared one.
    #[must_use]
    pub fn store(self, directory: &Path) -> Self {
        self.env("ROOTFS_GEN_STORE", directory)
    }

    /// Takes nothing but packages from earlier builds: what this one does is judged, not what another did.
    #[must_use]
    pub fn afresh(self) -> Self {
        self.env("ROOTFS_GEN_CACHE", "no")
    }

    /// Where it runs.
    #[must_use]
    pub fn directory(mut self, path: &Path) -> Self {
        self.process = self.process.directory(path);
        self
    }

    /// Runs it to its end.
    ///
    /// # Errors
    /// When it can't be started or hangs.
    pub fn run(self) -> Result<Finished, Failed> {
        self.process.run()
    }

    /// The same for `boot`; see [`Process::run_guest`].
    ///
    /// # Errors
    /// As [`Product::run`].
    pub fn run_guest(self) -> Result<Finished, Failed> {
        self.process.run_guest()
    }

    /// Starts it.
    ///
    /// # Errors
    /// When it can't be started.
    pub fn start(self) -> Result<Running, Failed> {
        self.process.start()
    }

    /// The digest of a tree or tar, as `rootfs-gen digest` prints it.
    ///
    /// # Errors
    /// When it fails.
    pub fn digest(self, path: &Path) -> Result<String, Failed> {
        let printed = self.arg("digest").arg(path).run()?.success()?.output;
        match printed.split_whitespace().next() {
            Some(digest) => Ok(digest.to_owned()),
            None => Err("`digest` printed nothing".into()),
        }
    }
}
