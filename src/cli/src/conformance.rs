//! What every distribution has to do, tried on one of them: the same trials for those that are built in and those that are found.

mod plans;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use rootfs_check::Severity;
use rootfs_package::lock::Lock;
use rootfs_plugin::{Distro, Scripts};

use crate::args::{BuildArgs, PluginTestArgs};
use crate::environment::Environment;
use crate::failure::{Exit, Failure};
use crate::invocation::Verbosity;
use crate::pipeline;
use crate::privilege::become_root;
use crate::progress::Progress;
use crate::report::Summary;
use crate::settings::{Host, Settled, settle};

/// A package that no distribution has.
const NO_PACKAGE: &str = "rootfs-gen-has-no-such-package";

/// One thing that was tried.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Trial {
    /// What a distribution has to do, in a few words.
    pub(crate) name: &'static str,
    /// How it went.
    pub(crate) outcome: Outcome,
}

/// How a trial went.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// As it has to, with what was seen.
    Passed(String),
    /// Otherwise, with the reason.
    Failed(String),
    /// It could not be tried.
    Skipped(String),
}

impl Trial {
    fn of(name: &'static str, result: Result<String, String>) -> Self {
        Self { name, outcome: result.map_or_else(Outcome::Failed, Outcome::Passed) }
    }

    fn skipped(name: &'static str, reason: impl Into<String>) -> Self {
        Self { name, outcome: Outcome::Skipped(reason.into()) }
    }
}

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
    let options = options(distro, &args.set)?;
    let bench = Bench {
        options,
        distro,
        args,
        environment,
        host,
        now,
        stage: stage.path(),
        progress: Progress::new(Verbosity::Quiet, interrupted),
    };
    let plan = match bench.settle(bench.args("first")) {
        Ok(settled) => distro.plan(&settled.request),
        Err(failure) => return Err(failure),
    };
    match plan {
        Ok(plan) if plan.scripts() != Scripts::None => become_root(environment)?,
        Ok(_) => {}
        Err(error) => {
            trials.push(Trial::of("builds", Err(error.to_string())));
            return Ok(trials);
        }
    }
    bench.builds(&mut trials);
    Ok(trials)
}

/// Where builds are tried.
struct Bench<'a> {
    distro: &'static dyn Distro,
    args: &'a PluginTestArgs,
    environment: &'a Environment,
    host: &'a Host,
    now: i64,
    stage: &'a Path,
    options: BTreeMap<&'static str, String>,
    progress: Progress,
}

impl Bench<'_> {
    /// What every build is told; its results are called `name`.
    fn args(&self, name: &str) -> BuildArgs {
        BuildArgs {
            output: Some(self.stage.join(format!("{name}.tar"))),
            release: self.args.release.clone(),
            mirror: self.args.mirror.clone(),
            keyring: self.args.keyring.clone(),
            store: self.args.store.clone(),
            options: self.options.clone(),
            no_cache: true,
            ..BuildArgs::default()
        }
    }

    fn lock(&self) -> PathBuf {
        self.stage.join("first.lock")
    }

    fn settle(&self, args: BuildArgs) -> Result<Settled, Failure> {
        Ok(settle(self.distro, args, self.environment, self.host, self.now)?)
    }

    fn build(&self, args: BuildArgs) -> Result<Summary, Failure> {
        let settled = self.settle(args)?;
        pipeline::run(&settled.invocation, &settled.request, &self.progress)
    }

    fn builds(&self, trials: &mut Vec<Trial>) {
        let first = match self.build(BuildArgs { lock: Some(self.lock()), ..self.args("first") }) {
            Ok(summary) => summary,
            Err(failure) => return trials.push(Trial::of("builds", Err(told(&failure)))),
        };
        let digest = first.digest.to_string();
        trials.push(Trial::of("builds", Ok(format!("sha256:{digest}"))));
        trials.push(Trial::of("passes the checks", checked(&first)));
        let same = |name, args: BuildArgs| {
            let built = self.build(args).map_err(|failure| told(&failure));
            let result = built.and_then(|summary| match summary.digest.to_string() {
                same if same == digest => Ok("the same digest".to_owned()),
                other => Err(format!("another digest: sha256:{other}")),
            });
            Trial::of(name, result)
        };
        trials.push(same("builds the same again", self.args("second")));
        trials.push(same("builds without a network", BuildArgs { offline: Some(true), ..self.args("offline") }));
        trials.push(same("builds by its lock", BuildArgs { locked: Some(self.lock()), offline: Some(true), ..self.args("locked") }));
        trials.push(self.extra_package());
        trials.push(self.unknown_package());
    }

    fn extra_package(&self) -> Trial {
        let name = "installs an added package";
        let Some(package) = &self.args.extra_pkg else { return Trial::skipped(name, "say which: --extra-pkg PKG") };
        let lock = self.stage.join("extra.lock");
        let args = BuildArgs { extra_pkg: vec![package.clone()], lock: Some(lock.clone()), ..self.args("extra") };
        let built = self.build(args).map_err(|failure| told(&failure)).and_then(|_| {
            let text = fs_err::read_to_string(&lock).map_err(|error| error.to_string())?;
            let lock = Lock::parse(&text).map_err(|error| error.to_string())?;
            let found = lock.packages.iter().find(|known| known.name == *package);
            found.map(|found| format!("{} {}", found.name, found.version)).ok_or_else(|| format!("the lock has no {package}"))
        });
        Trial::of(name, built)
    }

    fn unknown_package(&self) -> Trial {
        let name = "refuses an unknown package";
        match self.build(BuildArgs { extra_pkg: vec![NO_PACKAGE.to_owned()], ..self.args("unknown") }) {
            Ok(_) => Trial::of(name, Err(format!("it built a root with {NO_PACKAGE}"))),
            Err(failure) if told(&failure).contains(NO_PACKAGE) => Trial::of(name, Ok("by its name".to_owned())),
            Err(failure) => Trial::of(name, Err(format!("the error does not name it: {}", told(&failure)))),
        }
    }
}

/// What `--set` says.
fn options(distro: &'static dyn Distro, set: &[String]) -> Result<BTreeMap<&'static str, String>, Failure> {
    let one = |said: &String| {
        let wrong = |reason: String| Failure::new(format!("--set {said}: {reason}")).exit(Exit::Usage);
        let (name, value) = said.split_once('=').ok_or_else(|| wrong("expected NAME=VALUE".to_owned()))?;
        let option = distro.info().options.iter().find(|option| option.name == name);
        let option = option.ok_or_else(|| wrong(format!("{} has no option `{name}`", distro.info().name)))?;
        Ok((option.name.as_str(), value.to_owned()))
    };
    set.iter().map(one).collect()
}

/// What the rules say of a root.
fn checked(summary: &Summary) -> Result<String, String> {
    let errors: Vec<String> = summary
        .findings
        .iter()
        .filter(|finding| finding.severity == Severity::Error)
        .map(|finding| format!("{}: {}", finding.path, finding.reason))
        .collect();
    if errors.is_empty() { Ok("an init, libraries, links, owners".to_owned()) } else { Err(errors.join("\n")) }
}

/// A failure in one text.
fn told(failure: &Failure) -> String {
    [&failure.message].into_iter().chain(&failure.causes).cloned().collect::<Vec<_>>().join(": ")
}
