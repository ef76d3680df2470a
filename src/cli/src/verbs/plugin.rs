use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use serde_json::{Value, json};

use super::build::{host, now};
use super::{print, print_json};
use crate::args::{PluginArgs, PluginTestArgs, PluginVerb};
use crate::conformance::{self, Outcome, Trial};
use crate::environment::Environment;
use crate::failure::{Exit, Failure};
use crate::registry::{Broken, Registry};

pub(super) fn run(
    args: &PluginArgs,
    registry: &Registry,
    environment: &Environment,
    interrupted: Arc<AtomicBool>,
) -> Result<Exit, Failure> {
    let PluginVerb::Test(args) = &args.verb;
    test(args, registry, environment, interrupted)
}

/// Why a plugin that was found can't be used.
pub(super) fn failure(broken: &Broken) -> Failure {
    let message = format!("the plugin {} in `{}` can't be used", broken.name, broken.path.display());
    Failure::new(message).because(&broken.error).hint(broken.error.hint())
}

/// Tries a distribution. What was tried and how it went is the result; that something failed is the exit code.
fn test(args: &PluginTestArgs, registry: &Registry, environment: &Environment, interrupted: Arc<AtomicBool>) -> Result<Exit, Failure> {
    if let Some(broken) = registry.broken.iter().find(|broken| broken.name == args.name) {
        return Err(failure(broken));
    }
    let distro = registry.find(&args.name).ok_or_else(|| {
        let hint = "`rootfs-gen list` shows all; `--plugin-dir DIR` looks in another place".to_owned();
        Failure::new(format!("there is no distribution `{}`", args.name)).hint(Some(hint)).exit(Exit::Usage)
    })?;
    let trials = conformance::run(distro, args, environment, &host(), now(), interrupted)?;
    if args.json {
        print_json(&Value::Array(trials.iter().map(to_json).collect()))?;
    } else {
        print(&table(&trials))?;
    }
    let failed = trials.iter().any(|trial| matches!(trial.outcome, Outcome::Failed(_)));
    Ok(if failed { Exit::Failed } else { Exit::Done })
}

fn to_json(trial: &Trial) -> Value {
    let (outcome, detail) = words(&trial.outcome);
    json!({ "name": trial.name, "outcome": outcome, "detail": detail })
}

fn words(outcome: &Outcome) -> (&'static str, &str) {
    match outcome {
        Outcome::Passed(detail) => ("passed", detail),
        Outcome::Failed(reason) => ("failed", reason),
        Outcome::Skipped(reason) => ("skipped", reason),
    }
}

fn table(trials: &[Trial]) -> String {
    let width = trials.iter().map(|trial| trial.name.len()).max().unwrap_or(0);
    let mut text = String::new();
    for trial in trials {
        let (outcome, detail) = words(&trial.outcome);
        let detail = detail.trim_end().replace('\n', &format!("\n{:width$}", "", width = width + 10));
        text.push_str(format!("{outcome:<8} {:<width$} {detail}", trial.name).trim_end());
        text.push('\n');
    }
    let count = |wanted| trials.iter().filter(|trial| words(&trial.outcome).0 == wanted).count();
    text.push_str(&format!("{} passed, {} failed, {} skipped\n", count("passed"), count("failed"), count("skipped")));
    text
}
