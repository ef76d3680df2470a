//! What is to become of each package: the state that apt's way of choosing works on.
//!
//! apt marks what was asked for, then follows each mark's relations depth first and takes back what can't work. The order matters: the set it ends
//! with is the first that holds, not the smallest. The rules here are those of apt 2.6, for a root that holds nothing or a finished set.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

use super::super::mention::Mention;
use super::super::universe::{NameId, Universe, VersionId};
use super::dependency::{Dependency, Field, holds, read_dependencies};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Mode {
    /// As it is now.
    #[default]
    Keep,
    Install,
    /// Was installed, and is to go.
    Delete,
}

/// One package's mark.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Mark {
    pub(super) mode: Mode,
    /// What is installed now.
    pub(super) current: Option<VersionId>,
    /// What would be installed, if anything.
    pub(super) candidate: Option<VersionId>,
    /// What is going to be installed.
    pub(super) install: Option<VersionId>,
    /// The mark may not be changed any more.
    pub(super) protected: bool,
    /// Nobody asked for it by name.
    pub(super) automatic: bool,
}

/// apt's own limit for how deep marks follow each other.
pub(super) const MOST_DEPTH: usize = 3000;

/// No real archive comes near; a hostile one is given up.
const MOST_STEPS: usize = 5_000_000;

/// Every package's mark.
#[derive(Debug)]
pub(super) struct Marks<'u> {
    pub(super) universe: &'u Universe,
    recommends: bool,
    marks: Vec<Mark>,
    dependencies: HashMap<VersionId, Rc<[Dependency<'u>]>>,
    unreadable: HashMap<VersionId, String>,
    ranks: RefCell<HashMap<NameId, Rank>>,
    steps: usize,
}

/// Where a name comes in apt's numbering.
pub(super) type Rank = Option<(usize, Mention)>;

impl<'u> Marks<'u> {
    /// Nothing installed, nothing marked; the candidates are what apt would take without being told more.
    pub(super) fn new(universe: &'u Universe, recommends: bool) -> Self {
        let marks = universe.names().map(|name| Mark { candidate: universe.versions(name).first().copied(), ..Mark::default() }).collect();
        Self { universe, recommends, marks, dependencies: HashMap::new(), unreadable: HashMap::new(), ranks: RefCell::default(), steps: 0 }
    }

    /// Makes what is marked the state that the next marks start from.
    pub(super) fn settle(&mut self) {
        for mark in &mut self.marks {
            let current = mark.install;
            *mark = Mark { current, install: current, candidate: mark.candidate, automatic: mark.automatic, ..Mark::default() };
        }
        for name in self.universe.names() {
            let candidate = self.mark(name).current.or_else(|| self.universe.versions(name).first().copied());
            self.mark_mut(name).candidate = candidate;
        }
    }

    pub(super) fn mark(&self, name: NameId) -> &Mark {
        &self.marks[name.index()]
    }

    pub(super) fn mark_mut(&mut self, name: NameId) -> &mut Mark {
        &mut self.marks[name.index()]
    }

    /// Whether a relation in this field is followed at all.
    pub(super) fn follows(&self, field: Field) -> bool {
        field.is_critical() || (field == Field::Recommends && self.recommends)
    }

    pub(super) fn candidate(&self, name: NameId) -> Option<VersionId> {
        self.mark(name).candidate
    }

    pub(super) fn current(&self, name: NameId) -> Option<VersionId> {
        self.mark(name).current
    }

    pub(super) fn install(&self, name: NameId) -> Option<VersionId> {
        self.mark(name).install
    }

    /// What is going to be installed, in the order of names.
    pub(super) fn installed(&self) -> impl Iterator<Item = (NameId, VersionId)> + '_ {
        self.universe.names().filter_map(|name| Some((name, self.install(name)?)))
    }

    /// Where apt would number the name.
    pub(super) fn rank(&self, name: NameId) -> Rank {
        *self.ranks.borrow_mut().entry(name).or_insert_with(|| self.universe.first_mention(name))
    }

    /// Counts a step, and tells when there have been too many.
    pub(super) fn step(&mut self) -> bool {
        self.steps += 1;
        self.steps <= MOST_STEPS
    }

    pub(super) fn exhausted(&self) -> bool {
        self.steps > MOST_STEPS
    }

    /// A version's relations; an impossible one when they can't be read.
    pub(super) fn dependencies(&mut self, version: VersionId) -> Rc<[Dependency<'u>]> {
        if let Some(known) = self.dependencies.get(&version) {
            return Rc::clone(known);
        }
        let read = read_dependencies(self.universe, version).unwrap_or_else(|error| {
            self.unreadable.insert(version, error.to_string());
            vec![Dependency { field: Field::PreDepends, alternatives: Vec::new() }]
        });
        let read: Rc<[Dependency<'u>]> = read.into();
        self.dependencies.insert(version, Rc::clone(&read));
        read
    }

    /// Why a version's relations can't be read, if so.
    pub(super) fn unreadable(&self, version: VersionId) -> Option<&str> {
        self.unreadable.get(&version).map(String::as_str)
    }

    pub(super) fn holds_installed(&self, owner: NameId, dependency: &Dependency<'_>) -> bool {
        holds(self.universe, owner, dependency, |name| self.install(name))
    }

    pub(super) fn holds_by_candidates(&self, owner: NameId, dependency: &Dependency<'_>) -> bool {
        holds(self.universe, owner, dependency, |name| self.candidate(name))
    }

    /// Whether something that is going to be installed lacks a relation that is followed (`critical`: that it can't be without).
    pub(super) fn is_broken(&mut self, name: NameId, critical: bool) -> bool {
        let Some(version) = self.install(name) else { return false };
        let dependencies = self.dependencies(version);
        let counts = |field: Field| if critical { field.is_critical() } else { self.follows(field) };
        dependencies.iter().any(|dependency| counts(dependency.field) && !self.holds_installed(name, dependency))
    }

    /// Everything that is going to be installed and can't work.
    pub(super) fn broken(&mut self) -> Vec<NameId> {
        let names: Vec<_> = self.installed().map(|(name, _)| name).collect();
        names.into_iter().filter(|name| self.is_broken(*name, true)).collect()
    }
}
