//! Why nothing can be selected, from the rules that prove it.

use std::collections::{BTreeSet, HashMap, VecDeque};

use super::PackageId;
use super::error::{RpmProblem, RpmResolveError};
use super::request::Jobs;
use super::rules::{Kind, RuleId};
use super::solver::Solver;
use crate::rpm::strings::index;

/// More lines than these nobody reads.
const MOST_PROBLEMS: usize = 20;

/// What the rules of a proof say, those about what is missing or in the way first.
pub(super) fn explain(solver: &Solver<'_>, jobs: &Jobs, proof: &[RuleId]) -> RpmResolveError {
    let explainer = Explainer { solver, jobs, proof };
    let ways = explainer.ways();
    let (mut problems, mut needs) = (Vec::new(), Vec::new());
    let mut seen = BTreeSet::new();
    for rule in proof {
        let (Some(text), kind) = (explainer.text(*rule), solver.rules.get(*rule).cause.kind) else { continue };
        if seen.insert(text.clone()) {
            let source = solver.rules.get(*rule).cause.source;
            let wanted_by = source.map_or_else(Vec::new, |id| explainer.way_to(id, &ways));
            let list = if kind == Kind::Requires { &mut needs } else { &mut problems };
            list.push(RpmProblem { text, wanted_by });
        }
    }
    // Chains of needs are told with what they lead to; alone they are all there is to tell.
    if problems.is_empty() {
        problems = needs;
    }
    problems.truncate(MOST_PROBLEMS);
    RpmResolveError::Unsatisfiable { problems }
}

/// From whom a package is wanted, and what for.
type Ways = HashMap<PackageId, (Option<PackageId>, String)>;

struct Explainer<'a> {
    solver: &'a Solver<'a>,
    jobs: &'a Jobs,
    proof: &'a [RuleId],
}

impl Explainer<'_> {
    fn title(&self, id: PackageId) -> String {
        self.solver.providers.universe.title(id)
    }

    /// What a rule says; none for those that say only what was asked for.
    fn text(&self, rule: RuleId) -> Option<String> {
        let universe = self.solver.providers.universe;
        let cause = self.solver.rules.get(rule).cause;
        let asked = || self.jobs.all.get(index(cause.job)).map_or("", |job| job.asked.as_str());
        let relation = || cause.relation.map(|relation| universe.shown(relation)).unwrap_or_default();
        let Some(source) = cause.source else {
            return (cause.kind == Kind::Best).then(|| {
                let best: Vec<_> = self.positive(rule).map(|id| self.title(id)).collect();
                format!("of `{}` only the best version is to be taken: {}", asked(), best.join(" or "))
            });
        };
        let subject = self.title(source);
        let others = || {
            let literals = self.solver.rules.literals(rule).iter().map(|literal| literal.package());
            literals.filter(|id| *id != source).map(|id| self.title(id)).collect::<Vec<_>>().join(" or ")
        };
        Some(match cause.kind {
            Kind::NotInstallable => {
                let fault = universe.text(universe.package(source).fault);
                if fault.is_empty() { format!("{subject} is excluded") } else { format!("{subject} can't be installed: {fault}") }
            }
            Kind::NothingProvides => format!("{subject} needs {}, which nothing provides", relation()),
            Kind::Requires => format!("{subject} needs {}, which only {} provides", relation(), others()),
            Kind::Conflicts => format!("{subject} conflicts with {}, which is {}", relation(), others()),
            Kind::Obsoletes => format!("{subject} obsoletes {}, which is {}", relation(), others()),
            Kind::SameName => format!("{subject} and {} can't both be there: they are versions of one package", others()),
            Kind::InferiorArchitecture => format!("{subject} is for a lesser architecture than others of its name"),
            Kind::Job | Kind::Best | Kind::Learnt => return None,
        })
    }

    fn positive(&self, rule: RuleId) -> impl Iterator<Item = PackageId> + '_ {
        self.solver.rules.literals(rule).iter().filter(|literal| literal.is_yes()).map(|literal| literal.package())
    }

    /// The shortest way from what was asked for to each package of the proof.
    fn ways(&self) -> Ways {
        let mut ways = Ways::new();
        let mut queue = VecDeque::new();
        let of = |kind: Kind| self.proof.iter().copied().filter(move |rule| self.solver.rules.get(*rule).cause.kind == kind);
        for rule in of(Kind::Job) {
            let asked = self.jobs.all.get(index(self.solver.rules.get(rule).cause.job)).map_or("", |job| job.asked.as_str());
            for id in self.positive(rule) {
                ways.entry(id).or_insert_with(|| {
                    queue.push_back(id);
                    (None, asked.to_owned())
                });
            }
        }
        let mut needs: HashMap<PackageId, Vec<RuleId>> = HashMap::new();
        for rule in of(Kind::Requires) {
            if let Some(source) = self.solver.rules.get(rule).cause.source {
                needs.entry(source).or_default().push(rule);
            }
        }
        while let Some(by) = queue.pop_front() {
            for rule in needs.get(&by).into_iter().flatten() {
                let relation = self.solver.rules.get(*rule).cause.relation;
                let what = relation.map(|relation| self.solver.providers.universe.shown(relation)).unwrap_or_default();
                for id in self.positive(*rule) {
                    ways.entry(id).or_insert_with(|| {
                        queue.push_back(id);
                        (Some(by), what.clone())
                    });
                }
            }
        }
        ways
    }

    fn way_to(&self, id: PackageId, ways: &Ways) -> Vec<String> {
        let mut way = Vec::new();
        let mut next = Some(id);
        while let Some((by, what)) = next.and_then(|id| ways.get(&id)).filter(|_| way.len() <= ways.len()) {
            way.push(match by {
                Some(by) => format!("{} (needs {what})", self.title(*by)),
                None => format!("the request for `{what}`"),
            });
            next = *by;
        }
        way.reverse();
        way
    }
}
