//! How a build is run and where its results go.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use rootfs_package::fetch::{FetchOptions, Proxies};
use rootfs_plugin::Distro;
use rootfs_sandbox::Seats;

use crate::output::{Boot, Output};

/// How a build is run and where its results go: all that is not part of what is built.
#[derive(Debug, Clone)]
pub struct Invocation {
    /// The distribution.
    pub distro: &'static dyn Distro,
    /// The directory to fill (`-r`).
    pub directory: Option<PathBuf>,
    /// The file to write (`-o`). At least one of the two is there.
    pub output: Option<Output>,
    /// Where to write the lock besides what `DIR.rootfs-gen` has.
    pub lock: Option<PathBuf>,
    /// The lock to follow; never together with `lock`.
    pub locked: Option<PathBuf>,
    /// Use nothing but the store.
    pub offline: bool,
    /// The store's directory.
    pub store: PathBuf,
    /// Replace what an earlier build left at the targets.
    pub force: bool,
    /// Reuse what earlier builds made.
    pub cache: bool,
    /// Say of each stage whether it was reused, and why.
    pub explain: bool,
    /// Check the tree.
    pub check: bool,
    /// Results as JSON on standard output.
    pub json: bool,
    /// How much to say on standard error.
    pub verbosity: Verbosity,
    /// Which proxy leads where: the environment's, else what the host's own package manager uses.
    pub proxies: Proxies,
    /// Where scripts run.
    pub seats: Arc<dyn Seats>,
    /// Seconds since 1970, for judging whether an index is still valid; nothing else may depend on it.
    pub now: i64,
}

impl Invocation {
    /// How packages are fetched.
    #[must_use]
    pub fn fetch_options(&self) -> FetchOptions {
        FetchOptions { offline: self.offline, proxies: self.proxies.clone(), ..FetchOptions::default() }
    }

    /// What starts the output file.
    #[must_use]
    pub fn boot(&self) -> Boot {
        self.output.as_ref().map_or(Boot::Direct, |output| output.form.boot())
    }

    /// Where the output file goes, if there is to be one.
    #[must_use]
    pub fn output_path(&self) -> Option<&Path> {
        self.output.as_ref().map(|output| output.path.as_path())
    }
}

/// How much is said on standard error.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub enum Verbosity {
    /// Errors.
    Quiet,
    /// Progress and the summary.
    #[default]
    Normal,
    /// What scripts print, too.
    Verbose,
}
