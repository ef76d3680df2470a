//! What a user reads when it is done, and before it begins.

mod containers;
mod findings;
mod inspection;
mod inspection_json;
mod matrix;
mod plan;
mod request;
mod summary;
mod verification;

use std::collections::BTreeSet;
use std::io::{self, Write};
use std::path::PathBuf;
use std::time::Duration;

use rootfs_check::{Finding, Severity};
use rootfs_package::lock::Lock;
use rootfs_package::observer::Step;
use rootfs_plugin::{Architecture, Plan};
use rootfs_tree::{Digest, Tree};

use crate::progress::Decision;

pub(crate) use containers::{containers_json, verified_containers_json, write_containers, write_verified_containers};
pub(crate) use findings::{findings_json, write_findings};
pub(crate) use inspection::write_inspection;
pub(crate) use inspection_json::inspection_json;
pub(crate) use matrix::{matrix_json, write_matrix, write_matrix_plan};
pub(crate) use plan::{plan_json, write_plan};
pub(crate) use summary::{summary_json, write_summary};
pub(crate) use verification::{verification_json, write_verification};

/// What a build made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Summary {
    /// The distribution's name.
    pub distribution: String,
    /// The release's own name.
    pub release: String,
    /// The variant's name.
    pub variant: String,
    /// What the guest runs on.
    pub architecture: Architecture,
    /// How many packages are installed.
    pub packages: usize,
    /// The lengths of all regular files, each inode once.
    pub bytes: u64,
    /// The tree's digest.
    pub digest: Digest,
    /// The time by step, in order.
    pub steps: Vec<(Step, Duration)>,
    /// What was reused and what was not, in order.
    pub decisions: Vec<Decision>,
    /// What the check found; empty when there was none.
    pub findings: Vec<Finding>,
    /// Directories and files that were written.
    pub outputs: Vec<PathBuf>,
    /// The digest of the lock.
    pub lock: Option<Digest>,
    /// Whether a lock could pin what was installed.
    pub can_be_locked: bool,
    /// What starts in the tree.
    pub init: Init,
}

/// What a guest of a tree starts first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Init {
    /// systemd.
    Systemd,
    /// Another program.
    Other,
    /// None: it doesn't boot by itself.
    None,
}

impl Init {
    fn of(tree: &Tree) -> Self {
        match tree.resolve(b"/sbin/init") {
            Err(_) => Self::None,
            Ok(init) if tree.resolve(b"/usr/lib/systemd/systemd").is_ok_and(|systemd| systemd == init) => Self::Systemd,
            Ok(_) => Self::Other,
        }
    }
}

impl Summary {
    /// What the tree and the lock say; the times are the watcher's to tell.
    pub(crate) fn of(plan: &Plan, tree: &Tree, digest: Digest, lock: Option<&Lock>, findings: Vec<Finding>, outputs: Vec<PathBuf>) -> Self {
        let files: BTreeSet<_> = tree.walk().map(|entry| entry.id).collect();
        Self {
            distribution: plan.distribution.clone(),
            release: plan.release.clone(),
            variant: plan.variant.clone(),
            architecture: plan.architecture,
            packages: lock.map_or(0, |lock| lock.packages.len()),
            bytes: files.into_iter().filter_map(|id| tree.file(id)).map(|file| file.length).sum(),
            digest,
            steps: Vec::new(),
            decisions: Vec::new(),
            findings,
            outputs,
            lock: lock.map(Lock::digest),
            can_be_locked: plan.installer.can_be_locked(),
            init: Init::of(tree),
        }
    }

    /// Whether the check found what must not be.
    #[must_use]
    pub fn has_errors(&self) -> bool {
        self.findings.iter().any(|finding| finding.severity == Severity::Error)
    }
}

/// Writes to standard output. A reader that has gone away is no error: it has seen what it wanted.
///
/// # Errors
/// When writing fails for another reason.
pub(crate) fn print(text: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        result => result,
    }
}
