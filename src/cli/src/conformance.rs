//! What every distribution has to do, tried on one of them: the same trials for those that are built in and those that are found.

mod bench;
mod boots;
mod builds;
mod hostile;
mod http;
mod mirrors;
mod plans;
mod relay;
mod required;
mod trial;

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use rootfs_plugin::{Distro, Installer, Scripts};

use crate::args::PluginTestArgs;
use crate::environment::Environment;
use crate::failure::Failure;
use crate::privilege::become_root;
use crate::settings::Host;

use bench::Bench;
pub(crate) use trial::{Outcome, Trial};

/// Tries a distribution: its plans first, then builds of its default variant.
///
/// # Errors
/// When nothing can be tried here at all.
pub(crate) fn run(
    distro: &'static dyn Distro,
    args: &PluginTestArgs,
    environment: &Environment,
    host: &Host,
    now: i64,
    interrupted: Arc<AtomicBool>,
) -> Result<Vec<Trial>, Failure> {
    let mut trials = plans::run(distro);
    let stage = tempfile::tempdir().map_err(|error| Failure::of(&error))?;
    let bench = Bench::new(distro, args, environment, host, now, stage.path(), interrupted)?;
    let plan = match distro.plan(&bench.settle(bench.args("first"))?.request) {
        Ok(plan) => plan,
        Err(error) => {
            trials.push(Trial::of(builds::BUILDS, Err(error.to_string())));
            return Ok(trials);
        }
    };
    if plan.scripts() != Scripts::None {
        become_root(environment)?;
    }
    let first = match builds::first(&bench, &plan) {
        Ok(first) => first,
        Err(reason) => {
            trials.push(match &plan.installer {
                Installer::Shell(shell) if shell.can_fail => {
                    Trial::skipped(builds::BUILDS, format!("BUILD_CAN_FAIL, and it does: {reason}"))
                }
                _ => Trial::of(builds::BUILDS, Err(reason)),
            });
            return Ok(trials);
        }
    };
    trials.extend(builds::run(&bench, &plan, &first));
    trials.push(required::run(&bench, &plan));
    trials.extend(mirrors::run(&bench, &plan, &first));
    trials.push(hostile::run(&bench, &plan));
    trials.push(boots::run(&bench, &plan));
    Ok(trials)
}
