//! Trials with mirrors that do as they should not.

use std::path::PathBuf;
use std::sync::Arc;

use rootfs_package::fetch::Fetcher;
use rootfs_package::lock::{LOCAL, Lock, LockedPackage};
use rootfs_package::rpm::parse_metalink;
use rootfs_package::store::Store;
use rootfs_plugin::{Installer, Key, Plan, RpmRepository, RpmSource};

use super::Trial;
use super::bench::Bench;
use super::builds::{First, UNLOCKED};
use super::relay::{Fault, Relay, Upstream};
use crate::args::BuildArgs;
use crate::failure::Failure;
use crate::report::Summary;

const CHANGED: &str = "refuses a changed package";
const GONE: &str = "names a package that is gone";
const UNSIGNED: &str = "refuses an unsigned index";
const FOREIGN: &str = "refuses a foreign signature";
const MOVED: &str = "follows a redirect";
const SLOW: &str = "waits for a slow mirror";

/// The longest list of mirrors, in bytes.
const METALINK_LIMIT: u64 = 4 << 20;

/// Tries a distribution with each kind of mirror.
pub(super) fn run(bench: &Bench<'_>, plan: &Plan, first: &First) -> Vec<Trial> {
    let skipped = |reason: &str| [CHANGED, GONE, UNSIGNED, FOREIGN, MOVED, SLOW].map(|name| Trial::skipped(name, reason)).to_vec();
    let Some(lock) = &first.lock else { return skipped(UNLOCKED) };
    if bench.args.source.offline {
        return skipped("--offline: no mirror may be asked");
    }
    let Some(package) = lock.packages.iter().filter(|package| package.repository != LOCAL).max_by_key(|package| package.size) else {
        return skipped("no package comes from a mirror");
    };
    let hall = match Hall::new(bench, plan, lock) {
        Ok(hall) => hall,
        Err(reason) => return [CHANGED, GONE, UNSIGNED, FOREIGN, MOVED, SLOW].map(|name| Trial::of(name, Err(reason.clone()))).to_vec(),
    };
    let same = |built: Built| built.result.and_then(|summary| first.expect_same(&summary));
    vec![
        Trial::of(CHANGED, hall.build("changed", Fault::Changed(package.path.clone()), true).and_then(|built| named(built, package))),
        Trial::of(GONE, hall.build("gone", Fault::Gone(package.path.clone()), true).and_then(|built| named(built, package))),
        unsigned(&hall),
        Trial::of(FOREIGN, foreign(&hall)),
        Trial::of(MOVED, hall.build("moved", Fault::Moved, true).and_then(same)),
        Trial::of(SLOW, hall.build("slow", Fault::Slow, false).and_then(same)),
    ]
}

/// A build from a mirror at fault.
struct Built {
    result: Result<Summary, String>,
    /// Where its result would be.
    output: PathBuf,
}

impl Built {
    /// The error of a build that must not succeed.
    fn refused(self) -> Result<String, String> {
        match self.result {
            Ok(summary) => Err(format!("it built sha256:{}", summary.digest)),
            Err(_) if self.output.exists() => Err("it failed, and left a root".to_owned()),
            Err(error) => Ok(error),
        }
    }
}

fn named(built: Built, package: &LockedPackage) -> Result<String, String> {
    let error = built.refused()?;
    if error.contains(&package.name) {
        Ok(format!("by its name: {}", package.name))
    } else {
        Err(format!("the error does not name {}: {error}", package.name))
    }
}

fn unsigned(hall: &Hall<'_>) -> Trial {
    if matches!(hall.plan.installer, Installer::Rpm(_) | Installer::Portage(_)) {
        return Trial::skipped(UNSIGNED, "each of its packages is signed; its indexes need not be");
    }
    let refused = hall.build("unsigned", Fault::Unsigned, true).and_then(Built::refused);
    Trial::of(UNSIGNED, refused.map(|_| "nothing is taken from it".to_owned()))
}

/// What the mirror has is signed by somebody who is not asked for: the keys are other ones.
fn foreign(hall: &Hall<'_>) -> Result<String, String> {
    let plan = with_foreign_keys(hall.plan)?;
    let output = hall.bench.output("foreign");
    let args = BuildArgs { store: Some(hall.bench.stage.join("store-foreign")), ..hall.bench.args("foreign") };
    let result = hall.bench.build_by(plan, args).map_err(|failure| failure.in_one());
    let error = Built { result, output }.refused()?;
    if error.contains("sign") {
        Ok("nothing is taken from it".to_owned())
    } else {
        Err(format!("the error is about something else: {error}"))
    }
}

/// Where mirrors of all kinds are tried.
struct Hall<'a> {
    bench: &'a Bench<'a>,
    plan: &'a Plan,
    upstream: Arc<Upstream>,
}

impl<'a> Hall<'a> {
    fn new(bench: &'a Bench<'a>, plan: &'a Plan, lock: &Lock) -> Result<Self, String> {
        let invocation = bench.settle(bench.args("mirror")).map_err(|failure| failure.in_one())?.invocation;
        let store = Store::open(&invocation.store).map_err(|error| error.to_string())?;
        let fetcher = Fetcher::new(&store, invocation.fetch_options(), &bench.progress).map_err(|error| error.to_string())?;
        let repositories = repositories(plan, &fetcher)?;
        drop(fetcher);
        let held = lock.packages.iter().filter(|package| store.contains(&package.sha256, Some(package.size)));
        let packages = held.map(|package| (package.path.clone(), store.blob(&package.sha256))).collect();
        let kept = bench.stage.join("relayed");
        fs_err::create_dir(&kept).map_err(|error| error.to_string())?;
        let (options, interrupted) = (invocation.fetch_options(), bench.progress.interrupted());
        Ok(Self { bench, plan, upstream: Arc::new(Upstream { repositories, options, store, packages, kept, interrupted }) })
    }

    /// Builds from a mirror at fault; with a store that is empty, or the one that has all packages.
    fn build(&self, name: &str, fault: Fault, anew: bool) -> Result<Built, String> {
        let relay = Relay::start(&self.upstream, fault).map_err(|error| error.to_string())?;
        let plan = with_mirrors(self.plan, &|repository| relay.url(repository));
        let own = self.bench.args(name);
        let store = if anew { Some(self.bench.stage.join(format!("store-{name}"))) } else { own.store.clone() };
        let result = self.bench.build_by(plan, BuildArgs { store, ..own }).map_err(|failure: Failure| failure.in_one());
        if relay.has_misbehaved() {
            return Ok(Built { result, output: self.bench.output(name) });
        }
        let ended = result.err().map(|error| format!(": {error}")).unwrap_or_default();
        Err(format!("the mirror was not asked for what it does wrong{ended}"))
    }
}

/// The URLs of each repository, in the plan's order.
fn repositories(plan: &Plan, fetcher: &Fetcher<'_>) -> Result<Vec<Vec<String>>, String> {
    match &plan.installer {
        Installer::Apt(apt) => Ok(apt.repositories.iter().map(|repository| repository.bases().to_vec()).collect()),
        Installer::Apk(apk) => Ok(apk.repositories.iter().map(|repository| repository.bases().to_vec()).collect()),
        Installer::Rpm(rpm) => rpm.repositories.iter().map(|repository| rpm_bases(repository, fetcher)).collect(),
        Installer::Portage(portage) => Ok(portage.hosts.iter().map(|host| host.bases().to_vec()).collect()),
        Installer::Shell(_) => Ok(Vec::new()),
    }
}

fn rpm_bases(repository: &RpmRepository, fetcher: &Fetcher<'_>) -> Result<Vec<String>, String> {
    match &repository.source {
        _ if !repository.mirrors.is_empty() => Ok(repository.mirrors.clone()),
        RpmSource::Base(url) => Ok(vec![url.clone()]),
        RpmSource::Metalink(url) => {
            let (text, _) = fetcher.document(std::slice::from_ref(url), METALINK_LIMIT).map_err(|error| error.to_string())?;
            Ok(parse_metalink(&text).map_err(|error| error.to_string())?.mirrors)
        }
    }
}

/// The plan with one mirror for each repository, by the repository's place.
fn with_mirrors(plan: &Plan, url: &dyn Fn(usize) -> String) -> Plan {
    let mut plan = plan.clone();
    let mirrors: Vec<&mut Vec<String>> = match &mut plan.installer {
        Installer::Apt(apt) => apt.repositories.iter_mut().map(|repository| &mut repository.mirrors).collect(),
        Installer::Apk(apk) => apk.repositories.iter_mut().map(|repository| &mut repository.mirrors).collect(),
        Installer::Rpm(rpm) => rpm.repositories.iter_mut().map(|repository| &mut repository.mirrors).collect(),
        Installer::Portage(portage) => portage.hosts.iter_mut().map(|host| &mut host.mirrors).collect(),
        Installer::Shell(_) => Vec::new(),
    };
    mirrors.into_iter().enumerate().for_each(|(place, mirrors)| *mirrors = vec![url(place)]);
    plan
}

/// The plan with keys of which none has signed anything of it. Keys of apk keep their names, by which signatures call them.
fn with_foreign_keys(plan: &Plan) -> Result<Plan, String> {
    let key = |keys: &'static [(&'static str, &'static str)], name: &str| {
        let found = keys.iter().find(|(known, _)| *known == name).map(|(_, text)| Key::Armoured((*text).to_owned()));
        found.ok_or_else(|| format!("there is no key {name}"))
    };
    let mut plan = plan.clone();
    match &mut plan.installer {
        Installer::Apt(apt) => {
            let foreign = key(&rootfs_fedora::KEYS, "rocky-9")?;
            apt.repositories.iter_mut().for_each(|repository| repository.keys = vec![foreign.clone()]);
        }
        Installer::Rpm(rpm) => {
            let foreign = key(&rootfs_debian::KEYS, "bookworm-automatic")?;
            rpm.repositories.iter_mut().for_each(|repository| repository.keys = vec![foreign.clone()]);
        }
        Installer::Apk(apk) => {
            // Alpine's first key, which has signed nothing since 2014.
            let foreign = key(&rootfs_alpine::KEYS, "4a6a0840")?;
            apk.keys.iter_mut().for_each(|known| known.key = foreign.clone());
        }
        Installer::Portage(portage) => {
            let foreign = key(&rootfs_fedora::KEYS, "rocky-9")?;
            for host in &mut portage.hosts {
                (host.keys, host.fingerprints) = (vec![foreign.clone()], Vec::new());
            }
            portage.allow_unsigned = false;
        }
        Installer::Shell(_) => {}
    }
    Ok(plan)
}
