use std::io::Write as _;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::{SystemTime, UNIX_EPOCH};

use rootfs_package::apt_host::{host_proxies, host_sources};
use rootfs_plugin::Distro;

use super::{print, print_json};
use crate::args::BuildArgs;
use crate::environment::Environment;
use crate::failure::{Exit, Failure};
use crate::invocation::{Invocation, Verbosity};
use crate::prepared::{Needed, Prepared};
use crate::privilege::{become_root, become_root_or_stay};
use crate::progress::Progress;
use crate::report::{Summary, plan_json, summary_json, write_findings, write_plan, write_summary};
use crate::settings::{Host, Settled, settle};

pub(super) fn run(
    distro: &'static dyn Distro,
    args: BuildArgs,
    environment: &Environment,
    interrupted: Arc<AtomicBool>,
) -> Result<Exit, Failure> {
    let Settled { request, invocation, dry_run } = settle(distro, args, environment, &host(), now())?;
    let build = Prepared::of(request, invocation)?;
    if dry_run {
        return show_plan(&build);
    }
    match build.needed()? {
        Needed::Root => become_root(environment)?,
        Needed::RootIfPossible => become_root_or_stay(environment)?,
        Needed::Nothing => {}
    }
    let progress = Progress::new(build.invocation.verbosity, interrupted).explaining(build.invocation.explain);
    let summary = build.run(&progress)?;
    report(&build.invocation, &summary)
}

fn show_plan(build: &Prepared) -> Result<Exit, Failure> {
    let Prepared { request, invocation, plan } = build;
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
    let wrong = summary.has_errors();
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

pub(super) fn host() -> Host {
    let root = Path::new("/");
    Host { sources: host_sources(root), proxies: host_proxies(root) }
}

#[expect(clippy::disallowed_methods, reason = "the one place that reads the clock, for judging whether an index is still valid")]
pub(super) fn now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_secs()).unwrap_or(i64::MAX)
}
