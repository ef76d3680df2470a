//! Marking a package for installation, with all that it needs.

use super::super::universe::{NameId, VersionId};
use super::dependency::Dependency;
use super::marks::{Marks, Mode};

/// How far a mark goes to make itself work.
#[derive(Debug, Clone, Copy)]
struct Resolve {
    /// The package was there to stay before: what it needs and keeps out is settled with it.
    settled: bool,
    /// A failure doesn't end it; it is reported with the others.
    to_the_end: bool,
    depth: usize,
}

impl<'u> Marks<'u> {
    /// Marks what somebody asked for: it stays, whatever it costs. What it needs follows later, with [`Marks::mark_needs`].
    pub(super) fn mark_requested(&mut self, name: NameId) {
        self.mark_mut(name).protected = true;
        self.mark_install(name, false, true, 0);
    }

    /// Marks what a requested package needs. False when something of it can't be had.
    pub(super) fn mark_needs(&mut self, name: NameId) -> bool {
        self.mark_install(name, true, true, 0)
    }

    fn mark_install(&mut self, name: NameId, needs: bool, requested: bool, depth: usize) -> bool {
        let mark = *self.mark(name);
        let stays = mark.protected && mark.mode == Mode::Keep && mark.candidate.is_some() && mark.candidate == mark.current;
        if !self.step() || (!stays && !self.may_become(name, Mode::Install, requested, depth)) {
            return false;
        }
        let Some(candidate) = mark.candidate else { return false };
        if !mark.protected && !self.is_broken(name, false) {
            if mark.current == Some(candidate) {
                return mark.install.is_some() || self.mark_keep(name, requested, depth);
            }
            if mark.mode == Mode::Install {
                return true;
            }
        }
        if needs && !self.can_be_satisfied(name, candidate) {
            return false;
        }
        if requested || !needs {
            self.set_install(name, requested);
        }
        !needs || self.mark_with_needs(name, candidate, requested, depth)
    }

    /// The mark itself and all that follows from it. A failure is taken back, unless the package is there to stay.
    fn mark_with_needs(&mut self, name: NameId, candidate: VersionId, requested: bool, depth: usize) -> bool {
        let settled = self.mark(name).protected;
        let how = Resolve { settled, to_the_end: settled || requested, depth };
        let (wanted, unwanted) = self.collect(name, candidate, settled);
        let mut removals = Vec::new();
        let mut complete = self.take_away(name, &unwanted, how, &mut removals);
        if !complete && !how.to_the_end {
            return false;
        }
        if !requested {
            self.set_install(name, false);
        }
        // While its needs are followed, nothing that they bring may take it away again.
        self.mark_mut(name).protected = true;
        complete &= self.bring_in(name, &wanted, how);
        if complete || how.to_the_end {
            for removal in removals {
                complete &= self.mark_delete(removal, depth);
            }
        }
        if !complete && !how.to_the_end {
            self.take_back(name);
        }
        self.mark_mut(name).protected = settled;
        complete
    }

    /// The relations that still want something done: those to bring in, and those to keep out.
    fn collect(&mut self, name: NameId, candidate: VersionId, settled: bool) -> (Vec<Dependency<'u>>, Vec<Dependency<'u>>) {
        let dependencies = self.dependencies(candidate);
        let open = |dependency: &&Dependency<'u>| self.follows(dependency.field) && (settled || !self.holds_installed(name, dependency));
        dependencies.iter().filter(open).cloned().partition(|dependency| !dependency.field.is_negative())
    }

    /// Keeps out what conflicts. What is installed already is noted in `removals`, to go last.
    fn take_away(&mut self, name: NameId, unwanted: &[Dependency<'u>], how: Resolve, removals: &mut Vec<NameId>) -> bool {
        let mut complete = true;
        for dependency in unwanted {
            for version in self.candidate_solutions(name, dependency) {
                let other = self.universe.name_of(version);
                if self.candidate(other) != Some(version) {
                    continue;
                }
                complete &=
                    if self.current(other) == Some(version) { self.remove_later(other, how, removals) } else { self.keep_out(other, how) };
                if !complete && !how.to_the_end {
                    return false;
                }
            }
            for version in self.current_solutions(name, dependency) {
                let other = self.universe.name_of(version);
                if self.candidate(other).is_none() && !self.remove_later(other, how, removals) {
                    complete = false;
                    if !how.to_the_end {
                        return false;
                    }
                }
            }
        }
        complete
    }

    /// Takes back the mark of a package that isn't installed yet; for good when the conflict is.
    fn keep_out(&mut self, other: NameId, how: Resolve) -> bool {
        if self.mark(other).mode == Mode::Install && !self.mark_keep(other, false, how.depth) {
            return false;
        }
        if how.settled {
            self.discard_candidate(other);
            if self.current(other).is_none() {
                self.mark_mut(other).protected = true;
            }
        }
        true
    }

    fn remove_later(&mut self, other: NameId, how: Resolve, removals: &mut Vec<NameId>) -> bool {
        if how.settled {
            if self.mark(other).mode != Mode::Delete && !self.mark_delete(other, how.depth + 1) {
                return false;
            }
            self.discard_candidate(other);
            self.mark_mut(other).protected = true;
            return true;
        }
        if self.mark(other).mode == Mode::Delete {
            return true;
        }
        if !self.may_become(other, Mode::Delete, false, how.depth) || !self.may_delete(other) {
            return false;
        }
        removals.push(other);
        true
    }

    /// Marks the first alternative of each relation that works.
    fn bring_in(&mut self, name: NameId, wanted: &[Dependency<'u>], how: Resolve) -> bool {
        let mut complete = true;
        for dependency in wanted {
            let critical = dependency.field.is_critical();
            if self.holds_installed(name, dependency) {
                complete &= !how.settled || !critical || self.settle_only_solution(name, dependency, how.depth);
                continue;
            }
            // What a finished root already does without isn't brought in now.
            if self.current(name).is_some() && !critical {
                continue;
            }
            if !self.bring_in_one(name, dependency, how) && critical {
                complete = false;
                if !how.to_the_end {
                    return false;
                }
            }
        }
        complete
    }

    /// A relation that holds, of something that stays, with one way to hold: that way stays too.
    fn settle_only_solution(&mut self, name: NameId, dependency: &Dependency<'u>, depth: usize) -> bool {
        let [version] = self.all_solutions(name, dependency)[..] else { return true };
        let other = self.universe.name_of(version);
        if self.mark(other).protected {
            return true;
        }
        self.mark_mut(other).protected = true;
        self.mark_install(other, true, false, depth + 1)
    }

    fn bring_in_one(&mut self, name: NameId, dependency: &Dependency<'u>, how: Resolve) -> bool {
        let solutions = self.candidate_solutions(name, dependency);
        let only = how.settled && dependency.field.is_critical() && solutions.len() == 1;
        for version in solutions {
            let other = self.universe.name_of(version);
            // An attempt before this one may have ruled it out.
            if self.candidate(other) != Some(version) {
                continue;
            }
            if only {
                if !self.mark_install(other, false, false, how.depth + 1) {
                    continue;
                }
                self.mark_mut(other).protected = true;
            }
            if self.mark_install(other, true, false, how.depth + 1) {
                return true;
            }
        }
        false
    }

    /// Whether each critical relation could hold with what is marked or with the candidates. When one can't, the candidate is none.
    fn can_be_satisfied(&mut self, name: NameId, candidate: VersionId) -> bool {
        if self.current(name) == Some(candidate) {
            return true;
        }
        let dependencies = self.dependencies(candidate);
        let possible = dependencies
            .iter()
            .filter(|dependency| dependency.field.is_critical() && !dependency.field.is_negative())
            .all(|dependency| self.holds_installed(name, dependency) || self.holds_by_candidates(name, dependency));
        if !possible && !self.mark(name).protected {
            let mark = self.mark_mut(name);
            mark.candidate = mark.current;
            if mark.mode != Mode::Delete {
                mark.mode = Mode::Keep;
                mark.install = mark.current;
            }
        }
        possible
    }
}
