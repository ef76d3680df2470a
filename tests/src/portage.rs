//! Gentoo's portage, from PyPI: the real emerge, on a host that is no Gentoo.

use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use libtest_mimic::Failed;
use rustix::fs::{FlockOperation, flock};

use crate::{Process, Settings, judge};

/// Portage in a virtual environment of its own below cargo's target directory, made once for all runs.
#[derive(Debug, Clone)]
pub struct Portage {
    environment: PathBuf,
}

impl Portage {
    /// The version that judges; what the project says of portage is said of this one.
    pub const VERSION: &'static str = "3.0.83";

    /// Installs it where it is not yet.
    ///
    /// # Errors
    /// When there is no Python, or PyPI can't be reached.
    pub fn install(settings: &Settings) -> Result<Self, Failed> {
        static INSTALLED: OnceLock<Result<PathBuf, String>> = OnceLock::new();
        let made = INSTALLED.get_or_init(|| install(&settings.directory).map_err(|failed| failed.message().unwrap_or_default().to_owned()));
        Ok(Self { environment: made.clone().map_err(Failed::from)? })
    }

    /// The virtual environment.
    #[must_use]
    pub fn environment(&self) -> &Path {
        &self.environment
    }

    /// Where its Python modules are.
    ///
    /// # Errors
    /// When they are nowhere.
    pub fn modules(&self) -> Result<PathBuf, Failed> {
        for entry in fs_err::read_dir(self.environment.join("lib"))? {
            let modules = entry?.path().join("site-packages");
            if modules.join("portage").is_dir() {
                return Ok(modules);
            }
        }
        Err("portage has no modules".into())
    }

    /// A script for the Python that portage is installed in.
    #[must_use]
    pub fn python(&self) -> Process {
        judge::count_run("portage");
        Process::new(self.environment.join("bin/python3")).env("PYTHONWARNINGS", "ignore")
    }

    /// One of portage's programs (`emerge`, `ebuild`, `quickpkg`, …) with a site's configuration.
    ///
    /// A site is a directory with `conf/etc/portage` (the configuration of the root that is installed into) and `repo` (an ebuild repository called
    /// `tiny`, with a profile of that name). `ROOT` is the caller's to set.
    ///
    /// # Errors
    /// When the site can't be written to.
    pub fn program(&self, name: &str, site: &Path) -> Result<Process, Failed> {
        self.set_up(Process::new(self.environment.join("bin/python3")), name, site)
    }

    /// The same, started by another program that the arguments go to.
    ///
    /// # Errors
    /// As [`Portage::program`].
    pub fn program_by(&self, process: Process, name: &str, site: &Path) -> Result<Process, Failed> {
        self.set_up(process.arg(self.environment.join("bin/python3")), name, site)
    }

    fn set_up(&self, python: Process, name: &str, site: &Path) -> Result<Process, Failed> {
        judge::count_run("portage");
        // What is for the host that emerge itself runs on: it reads no PORTAGE_CONFIGROOT there.
        let host = site.join("host");
        let configuration = host.join("etc/portage");
        if !configuration.exists() {
            fs_err::create_dir_all(&configuration)?;
            fs_err::os::unix::fs::symlink(site.join("repo/profiles/tiny"), configuration.join("make.profile"))?;
            fs_err::os::unix::fs::symlink(site.join("conf/etc/portage/make.conf"), configuration.join("make.conf"))?;
            // Portage's own defaults.
            fs_err::os::unix::fs::symlink(self.environment.join("share"), host.join("share"))?;
        }
        let repositories = format!("[DEFAULT]\nmain-repo = tiny\n[tiny]\nlocation = {}\nauto-sync = no\n", site.join("repo").display());
        let program = python.arg(self.environment.join("bin").join(name)).env("PYTHONWARNINGS", "ignore");
        Ok(program
            .env("PATH", format!("{}:/usr/sbin:/usr/bin:/sbin:/bin", self.environment.join("bin").display()))
            .env("PORTAGE_CONFIGROOT", site.join("conf"))
            .env("PORTAGE_OVERRIDE_EPREFIX", host)
            .env("EPREFIX", "")
            .env("PORTAGE_REPOSITORIES", repositories)
            .env("PORTAGE_USERNAME", "root")
            .env("PORTAGE_GRPNAME", "root"))
    }
}

/// Programs know the path they were installed at, so that it is made where it stays, by one process at a time.
fn install(directory: &Path) -> Result<PathBuf, Failed> {
    fs_err::create_dir_all(directory)?;
    let _lock = lock(&directory.join("portage.lock"))?;
    let environment = directory.join(format!("portage-{}", Portage::VERSION));
    let finished = environment.join("finished");
    if !finished.exists() {
        if environment.exists() {
            fs_err::remove_dir_all(&environment)?;
        }
        Process::judge("python3").args(["-m", "venv"]).arg(&environment).run()?.success()?;
        let package = format!("portage=={}", Portage::VERSION);
        let pip = Process::new(environment.join("bin/python3")).args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check"]);
        pip.arg(package).run()?.success()?;
        // It packs xpak packages with a tar of this name.
        fs_err::os::unix::fs::symlink("/bin/tar", environment.join("bin/gtar"))?;
        fs_err::write(finished, "")?;
    }
    Ok(environment)
}

/// Waits until no other process has it; it is let go when it is dropped.
pub(crate) fn lock(path: &Path) -> Result<fs_err::File, Failed> {
    let file = fs_err::File::create(path)?;
    flock(&file, FlockOperation::LockExclusive)?;
    Ok(file)
}
