//! Any set that works, when apt's rules end in one that doesn't.
//!
//! A plain search: what is requested is taken, then each open relation in turn, the tightest first, its solutions in apt's order; what excludes
//! something taken is left out, and a dead end goes back to the last choice. It only ever decides between what apt would refuse and a set that holds.

use std::collections::BTreeSet;
use std::rc::Rc;

use super::super::universe::{NameId, VersionId};
use super::dependency::{Dependency, holds, matches};
use super::marks::{Marks, Mode};
use super::request::Request;

/// Dead ends before it is given up.
const MOST_DEAD_ENDS: usize = 2_000;

/// Marks a set that holds, and nothing beside it. None when there is none or it isn't found soon enough.
pub(super) fn search(marks: &mut Marks<'_>, requests: &[Request]) -> Option<()> {
    let candidates: Vec<_> = marks.universe.names().map(|name| original_candidate(marks, requests, name)).collect();
    let chosen = candidates.iter().map(|_| None).collect();
    let mut search = Search { marks, candidates, chosen, trail: Vec::new(), dead_ends: 0 };
    let settled: Vec<_> = search.marks.universe.names().filter_map(|name| search.marks.current(name)).collect();
    let requested = requests.iter().map(|request| search.candidates[request.name.index()]);
    for version in settled.into_iter().map(Some).chain(requested.collect::<Vec<_>>()) {
        search.take(version?).then_some(())?;
    }
    search.solve().then_some(())?;
    let chosen = search.chosen;
    for name in marks.universe.names() {
        let asked = requests.iter().any(|request| request.name == name);
        let version = chosen[name.index()];
        let mark = marks.mark_mut(name);
        mark.install = version;
        mark.candidate = version;
        mark.mode = if version.is_some() && version != mark.current { Mode::Install } else { Mode::Keep };
        mark.automatic = !asked && mark.current.is_none();
    }
    Some(())
}

fn original_candidate(marks: &Marks<'_>, requests: &[Request], name: NameId) -> Option<VersionId> {
    let asked = requests.iter().find(|request| request.name == name).and_then(|request| request.version.as_ref());
    let first = || marks.universe.versions(name).first().copied();
    asked.map(|(version, _)| *version).or_else(|| marks.current(name)).or_else(first)
}

struct Search<'m, 'u> {
    marks: &'m mut Marks<'u>,
    candidates: Vec<Option<VersionId>>,
    chosen: Vec<Option<VersionId>>,
    trail: Vec<NameId>,
    dead_ends: usize,
}

impl Search<'_, '_> {
    /// Takes a version, unless something taken excludes it or is excluded by it.
    fn take(&mut self, version: VersionId) -> bool {
        let universe = self.marks.universe;
        let name = universe.name_of(version);
        if let Some(taken) = self.chosen[name.index()] {
            return taken == version;
        }
        self.chosen[name.index()] = Some(version);
        self.trail.push(name);
        let own = self.marks.dependencies(version);
        let mut fits = self.keeps_out_nothing(name, &own);
        for at in 0..self.trail.len() {
            let other = self.trail[at];
            if let Some(taken) = self.chosen[other.index()].filter(|_| fits && other != name) {
                let dependencies = self.marks.dependencies(taken);
                fits = self.keeps_out_nothing(other, &dependencies);
            }
        }
        if !fits {
            self.undo(self.trail.len() - 1);
        }
        fits
    }

    fn keeps_out_nothing(&self, name: NameId, dependencies: &Rc<[Dependency<'_>]>) -> bool {
        let negative = dependencies.iter().filter(|dependency| dependency.field.is_negative());
        negative.into_iter().all(|dependency| holds(self.marks.universe, name, dependency, |name| self.chosen[name.index()]))
    }

    fn undo(&mut self, length: usize) {
        for name in self.trail.drain(length..) {
            self.chosen[name.index()] = None;
        }
    }

    /// Completes what is taken to a set that holds.
    fn solve(&mut self) -> bool {
        let Some(choices) = self.tightest() else { return true };
        let length = self.trail.len();
        for version in choices {
            if self.take(version) {
                if self.solve() {
                    return true;
                }
                self.undo(length);
            }
            self.dead_ends += 1;
            if self.dead_ends > MOST_DEAD_ENDS {
                break;
            }
        }
        false
    }

    /// The solutions of the open relation that has the fewest; none when nothing is open.
    fn tightest(&mut self) -> Option<Vec<VersionId>> {
        let mut best: Option<Vec<VersionId>> = None;
        for at in 0..self.trail.len() {
            let name = self.trail[at];
            let Some(version) = self.chosen[name.index()] else { continue };
            for dependency in self.marks.dependencies(version).iter() {
                let wanted = dependency.field.is_critical() && !dependency.field.is_negative();
                if !wanted || holds(self.marks.universe, name, dependency, |name| self.chosen[name.index()]) {
                    continue;
                }
                let solutions = self.solutions(name, dependency);
                if solutions.len() <= 1 {
                    return Some(solutions);
                }
                if best.as_ref().is_none_or(|best| solutions.len() < best.len()) {
                    best = Some(solutions);
                }
            }
        }
        best
    }

    fn solutions(&self, name: NameId, dependency: &Dependency<'_>) -> Vec<VersionId> {
        let universe = self.marks.universe;
        let free = |name: NameId| self.candidates[name.index()].filter(|_| self.chosen[name.index()].is_none());
        let mut seen = BTreeSet::new();
        let found = dependency.alternatives.iter().flat_map(|target| matches(universe, name, dependency.field, target, free));
        found.filter(|version| seen.insert(*version)).collect()
    }
}
