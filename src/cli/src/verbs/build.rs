use std::io::Write as _;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use rootfs_check::Severity;
use rootfs_package::apt_host::{host_proxies, host_sources};
use rootfs_plugin::{Architecture, Distro, Plan, Request, Scripts};

use super::{print, print_json};
use crate::args::BuildArgs;
use crate::environment::Environment;
use crate::failure::{Exit, Failure};
use crate::invocation::{Invocation, Verbosity};
use crate::output::Boot;
use crate::pipeline;
use crate::privilege::{become_root, become_root_or_stay};
use crate::progress::Progress;
use crate::report::{Summary, plan_json, summary_json, write_findings, write_plan, write_summary};
use crate::settings::{Host, Settled, settle};
use crate::{starter, unlocked};

pub(super) fn run(
    distro: &'static dyn Distro,
    args: BuildArgs,
    environment: &Environment,
    interrupted: Arc<AtomicBool>,
) -> Result<Exit, Failure> {
    let Settled { request, invocation, dry_run } = settle(distro, args, environment, &host(), now())?;
    let plan = distro.plan(&request)?;
    starter::require_planned(&plan, invocation.boot())?;
    unlocked::require_allowed(&plan, &invocation)?;
    if dry_run {
        return show_plan(&invocation, &request, &plan);
    }
    if plan.scripts() == Scripts::Every || !request.hooks.is_empty() || invocation.boot() == Boot::Bios {
        require_own_architecture(plan.architecture)?;
        become_root(environment)?;
    } else if plan.source.is_some() {
        become_root(environment)?;
    } else if plan.scripts() == Scripts::Some || invocation.directory.is_some() {
        become_root_or_stay(environment)?;
    }
    let progress = Progress::new(invocation.verbosity, Arc::clone(&interrupted)).explaining(invocation.explain);
    progress.notes(&end_of_life(distro, &plan, invocation.now));
    let result = pipeline::run(&invocation, &request, &progress);
    progress.finish();
    match result {
        Ok(summary) => report(&invocation, &Summary { steps: progress.times(), decisions: progress.decisions(), ..summary }),
        Err(_) if interrupted.load(Ordering::Relaxed) => Err(Failure::new("interrupted").exit(Exit::Interrupted)),
        Err(failure) => Err(with_script(failure, &progress)),
    }
}

/// What is to be told of a release that nobody mends any more.
fn end_of_life(distro: &dyn Distro, plan: &Plan, now: i64) -> Vec<String> {
    let release = distro.info().releases.iter().find(|release| release.name == plan.release && release.has_ended(now));
    let day = release.and_then(|release| release.end_of_life.as_ref());
    day.map(|day| format!("{} {} has had no support since {day}", plan.distribution, plan.release)).into_iter().collect()
}

fn show_plan(invocation: &Invocation, request: &Request, plan: &Plan) -> Result<Exit, Failure> {
    if invocation.json {
        print_json(&plan_json(invocation, request, plan).map_err(|error| Failure::of(&error))?)?;
    } else {
        print(&write_plan(invocation, request, plan))?;
    }
    Ok(Exit::Done)
}

fn report(invocation: &Invocation, summary: &Summary) -> Result<Exit, Failure> {
    let mut text = String::new();
    if !summary.findings.is_empty() {
        text.push_str(&write_findings(&summary.findings));
    }
    let wrong = summary.findings.iter().any(|finding| finding.severity == Severity::Error);
    if invocation.verbosity > Verbosity::Quiet {
        text.push_str(&write_summary(summary));
    }
    if wrong || invocation.verbosity > Verbosity::Quiet {
        // The build is done; that nobody can be told so doesn't undo it.
        let _ = std::io::stderr().write_all(text.as_bytes());
    }
    if invocation.json {
        print_json(&summary_json(summary))?;
    }
    Ok(if wrong { Exit::Findings } else { Exit::Done })
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

pub(super) fn host() -> Host {
    let root = Path::new("/");
    Host { sources: host_sources(root), proxies: host_proxies(root) }
}

#[expect(clippy::disallowed_methods, reason = "the one place that reads the clock, for judging whether an index is still valid")]
pub(super) fn now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_secs()).unwrap_or(i64::MAX)
}
