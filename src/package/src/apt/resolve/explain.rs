//! Why a choice failed, for a person: who needs what, and what stands against it.

use std::collections::BTreeSet;

use super::super::universe::{NameId, VersionId};
use super::dependency::{Dependency, Field, matches};
use super::error::{Chain, Link, ResolveError};
use super::marks::Marks;
use super::request::{Request, describe_version};
use super::selection::{Reason, reasons};

/// Finds the first thing that can't be had, going from each request as far down as it takes.
pub(super) fn explain(marks: &mut Marks<'_>, requests: &[Request]) -> ResolveError {
    let mut explorer = Explorer { marks, requests, visited: BTreeSet::new(), links: Vec::new() };
    for request in requests {
        if let Some(error) = explorer.explore(request, request.name) {
            return error;
        }
    }
    let names: Vec<_> = marks.broken().into_iter().map(|name| marks.universe.name(name)).collect();
    ResolveError::Tangled { names: names.join(", ") }
}

struct Explorer<'m, 'u> {
    marks: &'m mut Marks<'u>,
    requests: &'m [Request],
    visited: BTreeSet<NameId>,
    links: Vec<Link>,
}

impl<'u> Explorer<'_, 'u> {
    /// The version that would be chosen if nothing stood against it.
    fn preferred(&self, name: NameId) -> Option<VersionId> {
        preferred(self.marks, self.requests, name)
    }

    fn explore(&mut self, request: &Request, name: NameId) -> Option<ResolveError> {
        let version = self.preferred(name)?;
        if !self.visited.insert(name) {
            return None;
        }
        let dependencies = self.marks.dependencies(version);
        if let Some(fault) = self.marks.unreadable(version) {
            return Some(ResolveError::Unreadable { package: self.describe(version), fault: fault.to_owned() });
        }
        for dependency in dependencies.iter().filter(|dependency| dependency.field.is_critical() && !dependency.field.is_negative()) {
            if let Some(error) = self.explore_need(request, name, version, dependency) {
                return Some(error);
            }
        }
        self.find_conflict(request, name, version)
    }

    fn explore_need(&mut self, request: &Request, name: NameId, version: VersionId, dependency: &Dependency<'u>) -> Option<ResolveError> {
        let preferred = |name| preferred(self.marks, self.requests, name);
        let universe = self.marks.universe;
        let solutions: Vec<_> =
            dependency.alternatives.iter().flat_map(|target| matches(universe, name, dependency.field, target, preferred)).collect();
        if solutions.is_empty() {
            return Some(ResolveError::Unsatisfiable {
                package: self.describe(version),
                field: dependency.field,
                relation: dependency.to_string(),
                fault: self.what_there_is(dependency),
                chain: self.chain(request),
            });
        }
        self.links.push(Link { name: universe.name(name).to_owned(), field: dependency.field, relation: dependency.to_string() });
        // An alternative that works is no reason, whatever is wrong with the others.
        let mut first = None;
        for solution in solutions {
            let solution = universe.name_of(solution);
            let works = self.marks.install(solution).is_some() && !self.marks.is_broken(solution, true);
            let error = self.explore(request, solution);
            if error.is_none() && (works || self.visited.contains(&solution)) {
                first = None;
                break;
            }
            first = first.or(error);
        }
        self.links.pop();
        first
    }

    /// Something that is going to be installed and excludes this package, either way round.
    fn find_conflict(&mut self, request: &Request, name: NameId, version: VersionId) -> Option<ResolveError> {
        let mut parties = vec![(name, version)];
        parties.extend(self.marks.installed().filter(|(other, _)| *other != name));
        for (owner, owner_version) in parties {
            let dependencies = self.marks.dependencies(owner_version);
            for dependency in dependencies.iter().filter(|dependency| dependency.field.is_negative()) {
                let marks = &*self.marks;
                let there = |other: NameId| if owner == name { marks.install(other) } else { Some(version).filter(|_| other == name) };
                let target = &dependency.alternatives[0];
                let found = matches(marks.universe, owner, dependency.field, target, there).next();
                if let Some(other) = found {
                    let other = marks.universe.name_of(other);
                    return Some(self.conflict(request, name, owner, dependency.field, &dependency.to_string(), other));
                }
            }
        }
        None
    }

    fn conflict(&mut self, request: &Request, name: NameId, left: NameId, field: Field, relation: &str, right: NameId) -> ResolveError {
        let universe = self.marks.universe;
        let here = self.chain(request);
        let there = self.installed_chain(if left == name { right } else { left });
        let (left_chain, right_chain) = if left == name { (here, there) } else { (there, here) };
        ResolveError::Conflict {
            left: universe.name(left).to_owned(),
            field,
            relation: relation.to_owned(),
            right: universe.name(right).to_owned(),
            left_chain,
            right_chain,
        }
    }

    fn chain(&self, request: &Request) -> Chain {
        Chain { start: self.marks.universe.name(request.name).to_owned(), reason: request.reason.to_string(), links: self.links.clone() }
    }

    /// How something that is going to be installed was come to.
    fn installed_chain(&mut self, name: NameId) -> Chain {
        let universe = self.marks.universe;
        let reasons = reasons(self.marks, self.requests);
        let mut links = Vec::new();
        let mut at = name;
        while let Some(Reason::Needed { by, field, relation }) = reasons.get(&at)
            && let Some(owner) = universe.find(by)
        {
            links.push(Link { name: by.clone(), field: *field, relation: relation.clone() });
            at = owner;
        }
        links.reverse();
        let reason = reasons.get(&at).map_or_else(|| "installed before".to_owned(), ToString::to_string);
        Chain { start: universe.name(at).to_owned(), reason, links }
    }

    fn describe(&self, version: VersionId) -> String {
        let universe = self.marks.universe;
        format!("{} {}", universe.name(universe.name_of(version)), describe_version(universe, version))
    }

    /// `but b is 1 (trixie)`, `and there is no package b`.
    fn what_there_is(&self, dependency: &Dependency<'u>) -> String {
        let universe = self.marks.universe;
        let parts = dependency.alternatives.iter().map(|target| {
            let asked = target.relation.name;
            let versions = target.name.map(|name| universe.versions(name)).unwrap_or_default();
            let providers = target.name.map(|name| universe.providers(name)).unwrap_or_default();
            if !versions.is_empty() {
                let known: Vec<_> = versions.iter().map(|version| describe_version(universe, *version)).collect();
                format!("but {asked} is {}", known.join(" or "))
            } else if let Some(provider) = providers.first() {
                let by = self.describe(provider.version);
                format!("but {asked} is provided by {by} only, as {}", provider.provided().unwrap_or("no version"))
            } else {
                format!("and no repository has {asked}")
            }
        });
        let parts: Vec<_> = parts.collect();
        if parts.is_empty() { "which can't be read".to_owned() } else { parts.join(", ") }
    }
}

fn preferred(marks: &Marks<'_>, requests: &[Request], name: NameId) -> Option<VersionId> {
    let asked = requests.iter().find(|request| request.name == name).and_then(|request| request.version.as_ref());
    let first = || marks.universe.versions(name).first().copied();
    asked.map(|(version, _)| *version).or_else(|| marks.install(name)).or_else(first)
}
