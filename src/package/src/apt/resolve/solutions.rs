//! Which packages answer a relation, the one apt would take first.

use std::cmp::Ordering;

use super::super::universe::{NameId, VersionId};
use super::dependency::{Dependency, Target, matches};
use super::marks::{Marks, Mode};

impl Marks<'_> {
    /// The candidates that answer a relation (or offend it, if it is a negative one), in the order to try them.
    pub(super) fn candidate_solutions(&mut self, owner: NameId, dependency: &Dependency<'_>) -> Vec<VersionId> {
        let mut installed = Vec::new();
        let mut new = Vec::new();
        for target in &dependency.alternatives {
            let mut found: Vec<_> = matches(self.universe, owner, dependency.field, target, |name| self.candidate(name)).collect();
            self.sort_solutions(&mut found, target);
            for version in found {
                let there = self.current(self.universe.name_of(version)).is_some();
                if there { &mut installed } else { &mut new }.push(version);
            }
        }
        installed.append(&mut new);
        self.without_ruled_out(installed, dependency)
    }

    /// What is installed now and answers a relation.
    pub(super) fn current_solutions(&self, owner: NameId, dependency: &Dependency<'_>) -> Vec<VersionId> {
        let current = |target| matches(self.universe, owner, dependency.field, target, |name| self.current(name));
        dependency.alternatives.iter().flat_map(current).collect()
    }

    /// Everything that answers a relation, installed or not, in no order that matters.
    pub(super) fn all_solutions(&self, owner: NameId, dependency: &Dependency<'_>) -> Vec<VersionId> {
        let candidate = |target| matches(self.universe, owner, dependency.field, target, |name| self.candidate(name));
        let mut found: Vec<_> = dependency.alternatives.iter().flat_map(candidate).collect();
        found.extend(self.current_solutions(owner, dependency));
        found.sort_unstable();
        self.without_ruled_out(found, dependency)
    }

    fn without_ruled_out(&self, mut found: Vec<VersionId>, dependency: &Dependency<'_>) -> Vec<VersionId> {
        found.dedup();
        if !dependency.field.is_negative() {
            found.retain(|version| {
                let mark = self.mark(self.universe.name_of(*version));
                !(mark.protected && (mark.mode == Mode::Delete || (mark.mode == Mode::Keep && mark.current.is_none())))
            });
        }
        found
    }

    fn sort_solutions(&mut self, found: &mut [VersionId], target: &Target<'_>) {
        if found.len() > 1 {
            found.sort_by(|left, right| self.compare_solutions(*left, *right, target));
        }
    }

    /// apt's preferences: what stays anyway, what is installed, the package itself before those that provide it, Essential, Important, the higher
    /// priority; and else the name that the indexes mention last.
    fn compare_solutions(&self, left: VersionId, right: VersionId, target: &Target<'_>) -> Ordering {
        let universe = self.universe;
        let names = [left, right].map(|version| universe.name_of(version));
        let first = |wanted: &dyn Fn(NameId) -> bool| wanted(names[1]).cmp(&wanted(names[0]));
        first(&|name| self.mark(name).protected)
            .then_with(|| first(&|name| self.current(name).is_some()))
            .then_with(|| first(&|name| Some(name) == target.name))
            .then_with(|| first(&|name| universe.is_essential(name)))
            .then_with(|| first(&|name| universe.is_important(name)))
            .then_with(|| universe.priority(left).cmp(&universe.priority(right)))
            .then_with(|| if names[0] == names[1] { Ordering::Equal } else { self.rank(names[1]).cmp(&self.rank(names[0])) })
    }
}
