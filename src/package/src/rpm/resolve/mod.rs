//! Which packages dnf would install into an empty root.
//!
//! dnf's answers are libsolv's, and which of several possible answers that gives depends on how it searches. So the search here is the same one (see
//! `solver`, `search`, `policy`), with the settings of dnf 4.14 and Fedora's libsolv, and without all that is about installed packages.
//!
//! Known not to be the same: packages that supplement others by way of languages or kernels are not put into another order (libsolv's
//! `SOLVER_FLAG_URPM_REORDER`, made for Mageia's names, which Fedora doesn't use), and modules are not looked at.

mod build;
mod error;
mod explain;
mod learn;
mod pattern;
mod policy;
mod providers;
mod request;
mod rich;
mod rules;
mod search;
mod selection;
mod solver;
mod usage;
mod weak;

use self::build::{Builder, Marks};
use self::providers::Providers;
use self::request::{Job, Jobs, Requests};
use self::rules::{Cause, Kind, Literal, RuleId, Rules};
use self::solver::{DeadEnd, Solver};
use super::comps::Comps;
use super::universe::{PackageId, RpmUniverse};

pub use error::{RpmProblem, RpmResolveError};
pub use selection::{RpmEdge, RpmReason, RpmSelection, SelectedRpm};

/// What is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RpmRequest {
    /// Each as on dnf's command line: `bash`, `glibc.i686`, `bash-5.2*`, `/usr/bin/cc`, `libz.so.1()(64bit)`, `python3 >= 3.12`, `@core`.
    pub install: Vec<String>,
    /// Packages that are not to be taken: names or longer forms, with `*`.
    pub exclude: Vec<String>,
    /// Whether what packages recommend comes along, and what supplements them.
    pub weak: bool,
    /// Whether it is an error if the best version of what is asked for can't be installed; else an older one is.
    pub best: bool,
    /// Whether only the mandatory packages of groups come along, and not the ones that come by default.
    pub only_mandatory: bool,
    /// Whether the optional packages of groups come along too.
    pub with_optional: bool,
    /// What packages provide of which several versions may be there.
    pub install_only: Vec<String>,
    /// Whether packages for 64 and 32 bits may be there side by side, as in Fedora.
    pub multilib: bool,
}

impl Default for RpmRequest {
    /// Nothing, without weak dependencies, with the best versions, and several kernels as in Fedora.
    fn default() -> Self {
        let install_only = [
            "kernel",
            "kernel-PAE",
            "installonlypkg(kernel)",
            "installonlypkg(kernel-module)",
            "installonlypkg(vm)",
            "multiversion(kernel)",
        ];
        Self {
            install: Vec::new(),
            exclude: Vec::new(),
            weak: false,
            best: true,
            only_mandatory: false,
            with_optional: false,
            install_only: install_only.into_iter().map(str::to_owned).collect(),
            multilib: true,
        }
    }
}

/// What came of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RpmResolution {
    /// The packages.
    Done(RpmSelection),
    /// It can't be told before the complete lists of files are there: [`RpmUniverse::add_filelists`] of every repository, then again.
    NeedsFilelists {
        /// The files that are depended on or asked for.
        paths: Vec<String>,
    },
}

/// More packages than this are not told apart.
const MOST_PACKAGES: usize = 1 << 24;

/// Chooses the packages.
///
/// The same universe, groups and request always give the same packages in the same order.
///
/// # Errors
/// When something that is asked for is not there, or can't be with what it needs.
pub fn resolve(universe: &RpmUniverse, comps: &Comps, request: &RpmRequest) -> Result<RpmResolution, RpmResolveError> {
    if universe.len() > MOST_PACKAGES {
        return Err(RpmResolveError::TooMany { limit: MOST_PACKAGES });
    }
    let providers = Providers::new(universe);
    let marks = mark(&providers, request);
    let jobs = Requests { providers: &providers, excluded: &marks.excluded, comps }.find(request)?;
    if !jobs.unknown_files.is_empty() {
        return Ok(RpmResolution::NeedsFilelists { paths: jobs.unknown_files });
    }
    let (rules, job_rules) = make_rules(&providers, &marks, &jobs, request.best);
    let mut solver = Solver::new(&providers, &marks, rules, job_rules);
    match solver.run(request.weak) {
        Ok(()) => {
            let chosen: Vec<_> = universe.ids().filter(|id| solver.is_in(*id)).collect();
            let paths = unknown_files(universe, &chosen, request.weak);
            if !paths.is_empty() {
                return Ok(RpmResolution::NeedsFilelists { paths });
            }
            Ok(RpmResolution::Done(selection::select(&providers, &jobs, &chosen)))
        }
        Err(DeadEnd(proof)) => {
            let relations = proof.iter().filter_map(|rule| solver.rules.get(*rule).cause.relation);
            let paths = unknown_paths(universe, relations);
            if paths.is_empty() { Err(explain::explain(&solver, &jobs, &proof)) } else { Ok(RpmResolution::NeedsFilelists { paths }) }
        }
    }
}

fn mark(providers: &Providers<'_>, request: &RpmRequest) -> Marks {
    let universe = providers.universe;
    let mut excluded = vec![false; universe.len()];
    for word in &request.exclude {
        request::find_excluded(providers, word).into_iter().for_each(|id| excluded[id.index()] = true);
    }
    let mut install_only = vec![false; universe.len()];
    for name in request.install_only.iter().filter_map(|name| universe.strings.lookup(name)) {
        providers.entries(name).iter().for_each(|(id, _)| install_only[id.index()] = true);
    }
    Marks { excluded, install_only, has_colors: request.multilib }
}

/// The rules of packages, in order, then those of what is asked for, then those that keep lesser architectures and versions out.
fn make_rules(providers: &Providers<'_>, marks: &Marks, jobs: &Jobs, best: bool) -> (Rules, (RuleId, RuleId)) {
    let mut builder = Builder::new(providers, marks);
    for job in &jobs.all {
        job.packages.iter().for_each(|id| builder.add(*id));
    }
    builder.add_weak();
    builder.rules.unify();
    let start = builder.rules.end();
    let mut asked = Vec::new();
    for (number, job) in (0..).zip(&jobs.all) {
        for literals in job_clauses(job) {
            builder.rules.add(&literals, Cause::job(Kind::Job, number));
            asked.push((number, literals));
        }
    }
    let end = builder.rules.end();
    let named = jobs.all.iter().filter(|job| job.condition.is_none()).flat_map(|job| job.packages.iter().copied()).collect();
    builder.add_architectures(&named);
    if best {
        builder.add_best(&asked);
    }
    (builder.rules, (start, end))
}

fn job_clauses(job: &Job) -> Vec<Vec<Literal>> {
    let packages: Vec<_> = job.packages.iter().map(|id| Literal::yes(*id)).collect();
    match &job.condition {
        None => vec![packages],
        // Whatever is itself what is asked for needs nothing more.
        Some(conditions) => {
            let others = conditions.iter().filter(|id| !job.packages.contains(id));
            others.map(|id| [vec![Literal::no(*id)], packages.clone()].concat()).collect()
        }
    }
}

fn unknown_files(universe: &RpmUniverse, chosen: &[PackageId], is_weak: bool) -> Vec<String> {
    let relations = chosen.iter().flat_map(|id| {
        let package = universe.package(*id);
        let recommends = if is_weak { universe.list(package.recommends) } else { &[] };
        let others = universe.list(package.conflicts).iter().chain(universe.list(package.obsoletes)).chain(recommends);
        universe.requires(package).map(|(relation, _)| relation).chain(others.copied())
    });
    unknown_paths(universe, relations)
}

fn unknown_paths(universe: &RpmUniverse, relations: impl Iterator<Item = super::dependency::RelationId>) -> Vec<String> {
    let paths: std::collections::BTreeSet<_> =
        relations.filter(|relation| universe.is_unknown_file(*relation)).map(|relation| universe.shown(relation)).collect();
    paths.into_iter().collect()
}
