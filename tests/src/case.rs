//! One end-to-end case, and whether it can run here.

use std::sync::{Arc, OnceLock};

use libtest_mimic::{Completion, Failed, Trial};

use crate::timing::timed;
use crate::{Process, Workbench, judge};

/// What a case can't do without.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Need {
    /// The program under test.
    Product,
    /// The rights of root.
    Root,
    /// A program of the host.
    Judge(&'static str),
    /// A mirror of Debian that answers.
    Debian,
    /// A container engine that answers Docker's own client.
    Docker,
    /// A file or directory below the shared fixtures.
    Fixture(&'static str),
}

impl Need {
    /// Why it is not there; none when it is.
    #[must_use]
    pub fn absence(self, workbench: &Workbench) -> Option<String> {
        match self {
            Self::Product => {
                (!workbench.settings().product.is_file()).then(|| format!("{} is not built", workbench.settings().product.display()))
            }
            Self::Root => (!rustix::process::geteuid().is_root()).then(|| "not run as root".to_owned()),
            Self::Judge(program) => judge::absence(program),
            Self::Debian => workbench.archive().err().map(|failed| failed.message().unwrap_or_default().to_owned()),
            Self::Docker => docker_absence(),
            Self::Fixture(path) => {
                (!workbench.settings().shared.join(path).exists()).then(|| format!("the fixture {path} is not there (ROOTFS_TEST_SHARED)"))
            }
        }
    }
}

/// Asked once for all cases.
fn docker_absence() -> Option<String> {
    static ABSENCE: OnceLock<Option<String>> = OnceLock::new();
    let ask = || match judge::absence("docker") {
        Some(absence) => Some(absence),
        None => match Process::judge("docker").arg("version").run() {
            Ok(answer) if answer.status.success() => None,
            _ => Some("no container engine answers (`systemctl start docker`)".to_owned()),
        },
    };
    ABSENCE.get_or_init(ask).clone()
}

type Body = Box<dyn FnOnce(&Workbench) -> Result<(), Failed> + Send>;

/// One case.
pub struct Case {
    name: String,
    needs: Vec<Need>,
    thorough: bool,
    body: Body,
}

impl std::fmt::Debug for Case {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Case").field("name", &self.name).field("needs", &self.needs).finish_non_exhaustive()
    }
}

impl Case {
    /// A case that the quick run has too.
    pub fn new(name: impl Into<String>, needs: &[Need], body: impl FnOnce(&Workbench) -> Result<(), Failed> + Send + 'static) -> Self {
        Self { name: name.into(), needs: needs.to_vec(), thorough: false, body: Box::new(body) }
    }

    /// Says that only the full run has it.
    #[must_use]
    pub fn only_in_full(mut self) -> Self {
        self.thorough = true;
        self
    }

    /// Whether a run with these settings has it.
    #[must_use]
    pub fn is_selected(&self, full: bool) -> bool {
        full || !self.thorough
    }

    /// The case as libtest-mimic runs it. When something it needs is absent it is ignored with the reason, or fails in a strict run.
    #[must_use]
    pub fn into_trial(self, workbench: &Arc<Workbench>) -> Trial {
        let workbench = Arc::clone(workbench);
        let Self { name, needs, body, .. } = self;
        Trial::ignorable_test(name.clone(), move || {
            let absent = needs.iter().find_map(|need| need.absence(&workbench));
            match absent {
                None => timed(&name, || body(&workbench)).map(|()| Completion::Completed),
                Some(reason) => {
                    judge::count_skipped(&reason);
                    if workbench.settings().strict { Err(reason.into()) } else { Ok(Completion::ignored_with(reason)) }
                }
            }
        })
    }
}
