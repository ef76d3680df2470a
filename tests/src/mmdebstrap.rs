//! The foreign judge of Debian trees: what mmdebstrap makes of the same suites and packages.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use libtest_mimic::Failed;

use crate::dpkg::parse_stanzas;
use crate::process::{Process, words};
use crate::repository::hex;
use crate::{PackageSet, Release, Workbench, package_set};

/// Held by who asks the host for a free port.
static PORTS: Mutex<()> = Mutex::new(());

/// A tree by mmdebstrap, kept as a tar under the state of the archive it was made from.
#[derive(Debug, Clone)]
pub struct Reference {
    archive: PathBuf,
}

impl Reference {
    /// The tree of a release's minbase and more packages, from the workbench's mirror; made at most once for each state of the archive.
    ///
    /// # Errors
    /// When mmdebstrap fails.
    pub fn of(workbench: &Workbench, release: Release, include: &[String]) -> Result<Self, Failed> {
        let archive = workbench.cache("mmdebstrap").join(format!("{release}-{}.tar", key(workbench, release, include)?));
        if !archive.is_file() {
            Self::make(workbench, release, include, &[], &archive)?;
        }
        Ok(Self { archive })
    }

    /// A tree with packages of further sources.list lines too; made anew each time, as `file`.
    ///
    /// # Errors
    /// When mmdebstrap fails.
    pub fn with_sources(
        workbench: &Workbench,
        release: Release,
        include: &[String],
        sources: &[String],
        file: &Path,
    ) -> Result<Self, Failed> {
        Self::make(workbench, release, include, sources, file)?;
        Ok(Self { archive: file.to_path_buf() })
    }

    /// A tree of another archive than Debian's; made anew each time, as `file`.
    ///
    /// # Errors
    /// When mmdebstrap fails.
    pub fn of_sources(suite: &str, include: &[String], sources: &[String], file: &Path) -> Result<Self, Failed> {
        run(suite, include, sources, file)?;
        Ok(Self { archive: file.to_path_buf() })
    }

    /// A tar that was made before.
    #[must_use]
    pub fn at(file: &Path) -> Self {
        Self { archive: file.to_path_buf() }
    }

    fn make(workbench: &Workbench, release: Release, include: &[String], sources: &[String], file: &Path) -> Result<(), Failed> {
        if let Some(parent) = file.parent() {
            fs_err::create_dir_all(parent)?;
        }
        // PostgreSQL's postinst takes the first port that is free, and mmdebstrap has the host's network: two at once would disturb each other.
        let ports = include.iter().any(|package| package == "postgresql");
        let _alone = ports.then(|| PORTS.lock().unwrap_or_else(PoisonError::into_inner));
        let sources = [release.sources(&workbench.mirror()?.url()).as_slice(), sources].concat();
        run(release.name(), include, &sources, file)
    }

    /// What mmdebstrap installed.
    ///
    /// # Errors
    /// When the tar can't be read.
    pub fn packages(&self) -> Result<PackageSet, Failed> {
        let arguments = words([&"--extract", &"--to-stdout", &"--file", &self.archive, &"./var/lib/dpkg/status"]);
        let status = Process::judge("tar").args(arguments).run()?.success()?.output;
        Ok(package_set(&parse_stanzas(&status)))
    }

    /// The tree as a directory.
    ///
    /// # Errors
    /// When tar fails.
    pub fn unpack(&self, directory: &Path) -> Result<(), Failed> {
        fs_err::create_dir_all(directory)?;
        let arguments = words([&"--extract", &"--numeric-owner", &"--file", &self.archive, &"--directory", &directory]);
        Process::judge("tar").args(arguments).args(["--xattrs", "--xattrs-include=*"]).run()?.success()?;
        Ok(())
    }
}

fn run(suite: &str, include: &[String], sources: &[String], file: &Path) -> Result<(), Failed> {
    let part = file.with_extension("part.tar");
    let mut run = Process::judge("mmdebstrap")
        .args(["--mode=root", "--variant=minbase", "--architectures=amd64"])
        .arg(r#"--aptopt=Acquire::http::Proxy::127.0.0.1 "DIRECT""#);
    if !include.is_empty() {
        run = run.arg(format!("--include={}", include.join(",")));
    }
    run.args(words([&suite, &part])).args(sources).run()?.success()?;
    Ok(fs_err::rename(part, file)?)
}

/// A name for the state of the archive and for what is asked of it.
fn key(workbench: &Workbench, release: Release, include: &[String]) -> Result<String, Failed> {
    let mut state = Vec::new();
    for path in release.indexes() {
        state.extend(workbench.forward()?.read(&path)?.ok_or_else(|| format!("the mirror has no {path}"))?);
    }
    let mut include = include.to_vec();
    include.sort();
    state.extend(include.join("\n").into_bytes());
    Ok(hex(&state)[..16].to_owned())
}
