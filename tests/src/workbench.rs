//! What all cases of a run share.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use libtest_mimic::Failed;
use tempfile::TempDir;

use crate::{Archive, Forward, Mirror, Origin, Process, Product, Settings};

/// How the names of scratch directories begin; the process id follows.
const SCRATCH: &str = "run-";

type Made = Arc<OnceLock<Result<PathBuf, String>>>;

/// Caches that outlive a run, scratch directories that don't, and one mirror.
#[derive(Debug)]
pub struct Workbench {
    settings: Settings,
    scratch: TempDir,
    forward: OnceLock<Result<Arc<Forward>, String>>,
    mirror: OnceLock<Result<Mirror, String>>,
    made: Mutex<BTreeMap<String, Made>>,
}

impl Workbench {
    /// A workbench below the settings' directory, on the same filesystem as the caches.
    ///
    /// # Errors
    /// When the directory can't be written.
    pub fn new(settings: Settings) -> Result<Self, Failed> {
        fs_err::create_dir_all(&settings.directory)?;
        remove_abandoned(&settings.directory)?;
        let prefix = format!("{SCRATCH}{}-", std::process::id());
        let scratch = tempfile::Builder::new().prefix(&prefix).tempdir_in(&settings.directory)?;
        Ok(Self { settings, scratch, forward: OnceLock::new(), mirror: OnceLock::new(), made: Mutex::default() })
    }

    /// What the environment said.
    #[must_use]
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// The program under test.
    #[must_use]
    pub fn product(&self) -> Product<'_> {
        Product::new(self)
    }

    /// The same program without a distribution that is built in.
    #[must_use]
    pub fn bare_product(&self) -> Product<'_> {
        Product::of(self, Process::new(self.settings.bare()))
    }

    /// The store that most cases share, so that a package is fetched once.
    #[must_use]
    pub fn store(&self) -> PathBuf {
        self.settings.directory.join("store")
    }

    /// A directory that outlives the run, for what is dear to make.
    #[must_use]
    pub fn cache(&self, name: &str) -> PathBuf {
        self.settings.directory.join(name)
    }

    /// An empty directory for a case, gone when it is dropped.
    ///
    /// # Errors
    /// When it can't be made.
    pub fn scratch(&self) -> Result<TempDir, Failed> {
        Ok(tempfile::tempdir_in(self.scratch.path())?)
    }

    /// Debian's archive as this host reaches it.
    ///
    /// # Errors
    /// When there is none, or it doesn't answer.
    pub fn archive(&self) -> Result<Archive, Failed> {
        Ok(self.forward()?.archive().clone())
    }

    /// The archive behind a cache on disk.
    ///
    /// # Errors
    /// As [`Workbench::archive`].
    pub fn forward(&self) -> Result<Arc<Forward>, Failed> {
        let find = || {
            let archive = Archive::find(&self.settings).map_err(message)?;
            Forward::new(archive, &self.cache("mirror")).map(Arc::new).map_err(message)
        };
        Ok(self.forward.get_or_init(find).clone()?)
    }

    /// The mirror that most cases share: the archive, through the cache, without faults.
    ///
    /// # Errors
    /// As [`Workbench::archive`].
    pub fn mirror(&self) -> Result<&Mirror, Failed> {
        let start = || self.faulty_mirror().map_err(message);
        self.mirror.get_or_init(start).as_ref().map_err(|message| message.as_str().into())
    }

    /// A mirror of the archive for one case, to which the case gives faults.
    ///
    /// # Errors
    /// As [`Workbench::archive`].
    pub fn faulty_mirror(&self) -> Result<Mirror, Failed> {
        Mirror::start(Origin::Archive(self.forward()?))
    }

    /// A path that is made once in a run, by whichever case comes first, and failed for all when that failed.
    ///
    /// # Errors
    /// As `make` did.
    pub fn once(&self, name: &str, make: impl FnOnce(&Path) -> Result<(), Failed>) -> Result<PathBuf, Failed> {
        let made = Arc::clone(self.made.lock().unwrap_or_else(PoisonError::into_inner).entry(name.to_owned()).or_default());
        let path = self.scratch.path().join(name);
        Ok(made.get_or_init(|| make(&path).map(|()| path).map_err(message)).clone()?)
    }
}

/// Takes away the scratch directories of runs that were killed; a running one is known by its process id.
fn remove_abandoned(directory: &Path) -> Result<(), Failed> {
    for entry in fs_err::read_dir(directory)? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        let process = name.strip_prefix(SCRATCH).and_then(|rest| rest.split_once('-')).map(|(process, _)| process);
        if process.is_some_and(|process| !Path::new("/proc").join(process).exists()) {
            fs_err::remove_dir_all(entry.path())?;
        }
    }
    Ok(())
}

fn message(failed: Failed) -> String {
    failed.message().unwrap_or("no reason given").to_owned()
}
