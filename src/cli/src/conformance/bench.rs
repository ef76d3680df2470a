use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use rootfs_plugin::{BuildContext, BuildError, Distro, Info, Plan, PlanError, Request};

use crate::args::{BuildArgs, PluginTestArgs};
use crate::environment::Environment;
use crate::failure::{Exit, Failure};
use crate::invocation::Verbosity;
use crate::pipeline;
use crate::progress::Progress;
use crate::report::Summary;
use crate::settings::{Host, Settled, settle};

/// Where builds are tried.
pub(super) struct Bench<'a> {
    pub(super) distro: &'static dyn Distro,
    pub(super) args: &'a PluginTestArgs,
    pub(super) environment: &'a Environment,
    pub(super) progress: Progress,
    /// A directory of ours.
    pub(super) stage: &'a Path,
    host: &'a Host,
    now: i64,
    options: BTreeMap<&'static str, String>,
}

impl<'a> Bench<'a> {
    pub(super) fn new(
        distro: &'static dyn Distro,
        args: &'a PluginTestArgs,
        environment: &'a Environment,
        host: &'a Host,
        now: i64,
        stage: &'a Path,
        interrupted: Arc<AtomicBool>,
    ) -> Result<Self, Failure> {
        let progress = Progress::new(Verbosity::Quiet, interrupted);
        Ok(Self { distro, args, environment, progress, stage, host, now, options: options(distro, &args.set)? })
    }

    /// Where the result of this name goes.
    pub(super) fn output(&self, name: &str) -> PathBuf {
        self.stage.join(format!("{name}.tar"))
    }

    /// What the first build writes.
    pub(super) fn lock(&self) -> PathBuf {
        self.stage.join("first.lock")
    }

    /// What every build is told; its results are called `name`.
    pub(super) fn args(&self, name: &str) -> BuildArgs {
        let PluginTestArgs { source, .. } = self.args;
        BuildArgs {
            output: Some(self.output(name)),
            release: self.args.release.clone(),
            variant: self.args.variant.clone(),
            package: self.args.package.clone(),
            mirror: source.mirror.clone(),
            keyring: source.keyring.clone(),
            offline: source.offline.then_some(true),
            store: source.store.clone(),
            options: self.options.clone(),
            // The distribution alone is tried.
            agent: Some("none".to_owned()),
            no_cache: true,
            ..BuildArgs::default()
        }
    }

    pub(super) fn settle(&self, args: BuildArgs) -> Result<Settled, Failure> {
        Ok(settle(self.distro, args, self.environment, self.host, self.now)?)
    }

    pub(super) fn build(&self, args: BuildArgs) -> Result<Summary, Failure> {
        let settled = self.settle(args)?;
        pipeline::run(&settled.invocation, &settled.request, &self.progress)
    }

    /// Builds by another plan than the distribution's own. Its mirrors are on this machine, where no proxy leads.
    pub(super) fn build_by(&self, plan: Plan, args: BuildArgs) -> Result<Summary, Failure> {
        let mut settled = self.settle(args)?;
        settled.invocation.proxies = rootfs_package::fetch::Proxies::default();
        settled.invocation.distro = Box::leak(Box::new(Replanned { distro: self.distro, plan }));
        pipeline::run(&settled.invocation, &settled.request, &self.progress)
    }
}

/// A distribution whose plan was changed.
#[derive(Debug)]
struct Replanned {
    distro: &'static dyn Distro,
    plan: Plan,
}

impl Distro for Replanned {
    fn info(&self) -> &Info {
        self.distro.info()
    }

    fn plan(&self, _request: &Request) -> Result<Plan, PlanError> {
        Ok(self.plan.clone())
    }

    fn build_rootfs(&self, plan: &Plan, context: &mut dyn BuildContext) -> Result<(), BuildError> {
        self.distro.build_rootfs(plan, context)
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
