//! A build that is ready to run.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use rootfs_plugin::{Architecture, Plan, Request, Scripts};
use rootfs_sandbox::Seats;

use crate::failure::{Exit, Failure};
use crate::invocation::Invocation;
use crate::output::Boot;
use crate::progress::Progress;
use crate::report::Summary;
use crate::{pipeline, starter, unlocked};

/// What is built, how, and by which plan: all that can be refused beforehand was not.
#[derive(Debug, Clone)]
pub(crate) struct Prepared {
    pub(crate) request: Request,
    pub(crate) invocation: Invocation,
    pub(crate) plan: Plan,
}

/// Who a build has to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Needed {
    /// Anybody.
    Nothing,
    /// Root of a directory's files, where the system lets it.
    RootIfPossible,
    /// Root of what it builds.
    Root,
}

impl Prepared {
    /// Makes the plan.
    ///
    /// # Errors
    /// When there is none, or what was asked for does not fit it.
    pub(crate) fn of(request: Request, invocation: Invocation) -> Result<Self, Failure> {
        let plan = invocation.distro.plan(&request)?;
        starter::require_planned(&plan, invocation.boot())?;
        unlocked::require_allowed(&plan, &invocation)?;
        Ok(Self { request, invocation, plan })
    }

    /// Who it has to be.
    ///
    /// # Errors
    /// When scripts would have to run that are for other machines.
    pub(crate) fn needed(&self) -> Result<Needed, Failure> {
        let Self { request, invocation, plan } = self;
        if plan.scripts() == Scripts::Every || !request.hooks.is_empty() || invocation.boot() == Boot::Bios {
            require_own_architecture(plan.architecture)?;
            return Ok(Needed::Root);
        }
        let compiles = plan.installer.compiles() && invocation.locked.is_none();
        if compiles {
            require_own_architecture(plan.architecture)?;
        }
        Ok(match plan.scripts() {
            _ if compiles || plan.source.is_some() => Needed::Root,
            Scripts::Some => Needed::RootIfPossible,
            _ if invocation.directory.is_some() => Needed::RootIfPossible,
            _ => Needed::Nothing,
        })
    }

    /// The same with its scripts run elsewhere.
    pub(crate) fn at(&self, seats: Arc<dyn Seats>) -> Self {
        Self { invocation: Invocation { seats, ..self.invocation.clone() }, ..self.clone() }
    }

    /// Builds it.
    ///
    /// # Errors
    /// As of [`pipeline::run`], with what the script printed that failed.
    pub(crate) fn run(&self, progress: &Progress) -> Result<Summary, Failure> {
        progress.notes(&self.end_of_life());
        let result = pipeline::run(&self.invocation, &self.request, progress);
        progress.finish();
        match result {
            Ok(summary) => Ok(Summary { steps: progress.times(), decisions: progress.decisions(), ..summary }),
            Err(_) if progress.interrupted().load(Ordering::Relaxed) => Err(Failure::new("interrupted").exit(Exit::Interrupted)),
            Err(failure) => Err(with_script(failure, progress)),
        }
    }

    /// What is to be told of a release that nobody mends any more.
    fn end_of_life(&self) -> Vec<String> {
        let Self { invocation, plan, .. } = self;
        let releases = &invocation.distro.info().releases;
        let release = releases.iter().find(|release| release.name == plan.release && release.has_ended(invocation.now));
        let day = release.and_then(|release| release.end_of_life.as_ref());
        day.map(|day| format!("{} {} has had no support since {day}", plan.distribution, plan.release)).into_iter().collect()
    }
}

/// The output of the script that failed, when the error names that script and doesn't quote it already.
fn with_script(mut failure: Failure, progress: &Progress) -> Failure {
    if failure.output.is_none()
        && let Some(output) = progress.script_tail()
    {
        let texts = || failure.causes.iter().chain([&failure.message]);
        let quoted = output.lines.last().is_some_and(|last| texts().any(|text| text.contains(last.as_str())));
        if !quoted && texts().any(|text| text.contains(&output.origin)) {
            failure.output = Some(Box::new(output));
        }
    }
    failure
}

/// The distribution's scripts run on this machine.
fn require_own_architecture(wanted: Architecture) -> Result<(), Failure> {
    if Architecture::native() == Some(wanted) {
        return Ok(());
    }
    let message = format!("a guest for {wanted} can't be built on {} yet", std::env::consts::ARCH);
    Err(Failure::new(message).hint(Some("build it on a machine of that architecture".to_owned())))
}
