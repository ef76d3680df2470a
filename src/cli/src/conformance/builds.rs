//! Trials that build, from mirrors that do as they should.

use rootfs_check::Severity;
use rootfs_package::lock::Lock;
use rootfs_plugin::Plan;

use super::Trial;
use super::bench::Bench;
use crate::args::BuildArgs;
use crate::report::Summary;

pub(super) const BUILDS: &str = "builds";
const CHECKED: &str = "passes the checks";
const AGAIN: &str = "builds the same again";
const OFFLINE: &str = "builds without a network";
const LOCKED: &str = "builds by its lock";
const ADDED: &str = "installs an added package";
const UNKNOWN: &str = "refuses an unknown package";

/// Why what needs a lock is not tried.
pub(super) const UNLOCKED: &str = "its scripts download for themselves";

/// A package that no distribution has.
const NO_PACKAGE: &str = "rootfs-gen-has-no-such-package";

/// What came of the first build, which all others are held against.
pub(super) struct First {
    summary: Summary,
    /// None where nothing can be pinned.
    pub(super) lock: Option<Lock>,
}

impl First {
    /// Of the same packages must come the same tree.
    pub(super) fn expect_same(&self, built: &Summary) -> Result<String, String> {
        if built.digest == self.summary.digest {
            return Ok("the same digest".to_owned());
        }
        Err(format!("another digest: sha256:{}", built.digest))
    }
}

/// Builds what is tried.
pub(super) fn first(bench: &Bench<'_>, plan: &Plan) -> Result<First, String> {
    let lock = plan.installer.can_be_locked().then(|| bench.lock());
    let summary = bench.build(BuildArgs { lock, ..bench.args("first") }).map_err(|failure| failure.in_one())?;
    let lock = plan.installer.can_be_locked().then(|| read(&bench.lock())).transpose()?;
    Ok(First { summary, lock })
}

fn read(path: &std::path::Path) -> Result<Lock, String> {
    let text = fs_err::read_to_string(path).map_err(|error| error.to_string())?;
    Lock::parse(&text).map_err(|error| error.to_string())
}

/// Tries what is the same whenever it is built, and what is added.
pub(super) fn run(bench: &Bench<'_>, plan: &Plan, first: &First) -> Vec<Trial> {
    let mut trials = vec![Trial::of(BUILDS, Ok(format!("sha256:{}", first.summary.digest))), Trial::of(CHECKED, checked(&first.summary))];
    if !plan.installer.can_be_locked() {
        trials.extend([AGAIN, OFFLINE, LOCKED, ADDED, UNKNOWN].map(|name| Trial::skipped(name, UNLOCKED)));
        return trials;
    }
    let same = |name, args: BuildArgs| {
        let built = bench.build(args).map_err(|failure| failure.in_one());
        Trial::of(name, built.and_then(|summary| first.expect_same(&summary)))
    };
    trials.extend([
        same(AGAIN, bench.args("second")),
        same(OFFLINE, BuildArgs { offline: Some(true), ..bench.args("offline") }),
        same(LOCKED, BuildArgs { locked: Some(bench.lock()), offline: Some(true), ..bench.args("locked") }),
        added(bench),
        unknown(bench),
    ]);
    trials
}

fn added(bench: &Bench<'_>) -> Trial {
    let Some(package) = &bench.args.extra_pkg else { return Trial::skipped(ADDED, "say which: --extra-pkg PKG") };
    let path = bench.stage.join("extra.lock");
    let args = BuildArgs { extra_pkg: vec![package.clone()], lock: Some(path.clone()), ..bench.args("extra") };
    let built = bench.build(args).map_err(|failure| failure.in_one()).and_then(|_| {
        let lock = read(&path)?;
        let found = lock.packages.iter().find(|known| known.name == *package);
        found.map(|found| format!("{} {}", found.name, found.version)).ok_or_else(|| format!("the lock has no {package}"))
    });
    Trial::of(ADDED, built)
}

fn unknown(bench: &Bench<'_>) -> Trial {
    match bench.build(BuildArgs { extra_pkg: vec![NO_PACKAGE.to_owned()], ..bench.args("unknown") }) {
        Ok(_) => Trial::of(UNKNOWN, Err(format!("it built a root with {NO_PACKAGE}"))),
        Err(failure) if failure.in_one().contains(NO_PACKAGE) => Trial::of(UNKNOWN, Ok("by its name".to_owned())),
        Err(failure) => Trial::of(UNKNOWN, Err(format!("the error does not name it: {}", failure.in_one()))),
    }
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
