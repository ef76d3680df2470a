//! Trees that several cases look at, each built once in a run.

use std::path::PathBuf;

use rootfs_tests::{Failed, Need, Release, Workbench};

/// What a case with a real build needs.
pub(crate) const BUILD: &[Need] = &[Need::Product, Need::Root, Need::Debian];

/// A package set that cases build.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Set {
    pub(crate) name: &'static str,
    pub(crate) variant: &'static str,
    pub(crate) extra: &'static [&'static str],
}

/// The smallest.
pub(crate) const MINBASE: Set = Set { name: "minbase", variant: "minbase", extra: &[] };

/// The default of the command line.
pub(crate) const GUEST: Set = Set { name: "guest", variant: "guest", extra: &[] };

impl Set {
    /// Packages on top of minbase, under their own name.
    pub(crate) const fn of(name: &'static str, extra: &'static [&'static str]) -> Self {
        Self { name, variant: "minbase", extra }
    }

    /// The tree, built by the first case that asks. No case may change it.
    pub(crate) fn tree(self, workbench: &Workbench, release: Release) -> Result<PathBuf, Failed> {
        workbench.once(&format!("{release}-{}", self.name), |path| {
            let build =
                workbench.product().afresh().debian()?.args(["--release", release.name(), "--variant", self.variant, "--agent", "none"]);
            let build = build.args(self.extra.iter().map(|package| format!("--extra-pkg={package}")));
            build.into_directory(path).run()?.success()?;
            Ok(())
        })
    }
}

/// The tree that most cases start from.
pub(crate) fn minbase(workbench: &Workbench) -> Result<PathBuf, Failed> {
    MINBASE.tree(workbench, Release::Trixie)
}
