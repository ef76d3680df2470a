use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::universe::{NameId, PackageId, Provider, Repositories, Tags, Universe};
use crate::apk::Dependency;

/// Which of the undecided names is decided first: one that can be decided without anybody's help, one that the world asks for, the one that was reached last.
type Urgency = (bool, bool, u32);

/// What is known of a name.
#[derive(Debug, Clone, Default)]
pub(super) struct NameState {
    /// What it means in the end: somebody, or (inside) nobody.
    pub(super) chosen: Option<Option<Provider>>,
    /// When it was discovered; what is discovered last is decided first.
    pub(super) order: u32,
    /// How many need it.
    pub(super) requirers: u32,
    /// Whether it can be reached from the world.
    pub(super) seen: bool,
    /// Whether the world asks for it.
    pub(super) asked: bool,
    /// Whether dependencies of its providers may have become impossible.
    pub(super) dependencies_stale: bool,
    /// Whether an `install_if` of its providers may have come true or false.
    pub(super) install_if_stale: bool,
    /// Whether a provider comes by itself.
    pub(super) triggered: bool,
    /// Whether no provider can come by itself any more.
    pub(super) never_triggered: bool,
    /// Whether there is something to choose.
    pub(super) has_options: bool,
    /// Whether a provider may be taken without anybody naming it.
    pub(super) automatic: bool,
    /// Whether nobody who could still need it is undecided.
    pub(super) dependants_decided: bool,
    /// Whether it waits to be considered again.
    pub(super) dirty: bool,
    /// When it was put among the undecided, the latest has the highest number.
    pub(super) listed: Option<u64>,
    /// What it is found by there.
    keys: Option<(Urgency, Option<u64>)>,
    /// Seen packages that depend on it.
    pub(super) dependants: Vec<PackageId>,
    /// Whether its package is in the order of installation already.
    pub(super) ordered: bool,
}

/// What is known of a package.
#[derive(Debug, Clone)]
pub(super) struct PackageState {
    pub(super) seen: bool,
    /// Whether nothing speaks against it so far.
    pub(super) selectable: bool,
    /// Dependencies on its names that it doesn't satisfy.
    pub(super) conflicts: u32,
    /// Pinnings that who needs it brings along.
    pub(super) allowed: Tags,
    /// Whether a repository that may be used has it.
    pub(super) tag_ok: bool,
    /// Whether a repository that is asked for has it.
    pub(super) tag_preferred: bool,
    /// Whether it was an option when its name's common dependencies were passed on, then and now.
    pub(super) merged: bool,
    pub(super) used: bool,
    /// Whether its dependencies were passed on because it is the only option.
    pub(super) forced: bool,
    /// Whether its `install_if` is true, and whether it can't become so.
    pub(super) triggered: bool,
    pub(super) never_triggered: bool,
    /// Whether it is in the order of installation.
    pub(super) ordered: bool,
}

/// A resolution under way.
#[derive(Debug)]
pub(super) struct Solver<'a> {
    pub(super) universe: &'a Universe,
    names: Vec<NameState>,
    packages: Vec<PackageState>,
    dirty: VecDeque<NameId>,
    /// Names that somebody needs, or that come by themselves, and that mean nothing yet.
    undecided: BTreeSet<(Urgency, NameId)>,
    /// Those of them with nothing to choose.
    clear: BTreeMap<u64, NameId>,
    next_place: u64,
    /// How much does not work.
    pub(super) errors: usize,
}

impl<'a> Solver<'a> {
    pub(super) fn new(universe: &'a Universe) -> Self {
        let package = PackageState {
            seen: false,
            selectable: false,
            conflicts: 0,
            allowed: Tags::DEFAULT,
            tag_ok: false,
            tag_preferred: false,
            merged: false,
            used: false,
            forced: false,
            triggered: false,
            never_triggered: false,
            ordered: false,
        };
        Self {
            universe,
            names: vec![NameState::default(); universe.name_count()],
            packages: vec![package; universe.len()],
            dirty: VecDeque::new(),
            undecided: BTreeSet::new(),
            clear: BTreeMap::new(),
            next_place: 0,
            errors: 0,
        }
    }

    pub(super) fn name(&self, id: NameId) -> &NameState {
        &self.names[id.index()]
    }

    pub(super) fn name_mut(&mut self, id: NameId) -> &mut NameState {
        &mut self.names[id.index()]
    }

    pub(super) fn package(&self, id: PackageId) -> &PackageState {
        &self.packages[id.index()]
    }

    pub(super) fn package_mut(&mut self, id: PackageId) -> &mut PackageState {
        &mut self.packages[id.index()]
    }

    pub(super) fn providers(&self, name: NameId) -> &'a [Provider] {
        &self.universe.name(name).providers
    }

    /// Who the name means; nobody as long as that is open.
    pub(super) fn chosen(&self, name: NameId) -> Option<Provider> {
        self.name(name).chosen.flatten()
    }

    pub(super) fn repositories(&self, package: PackageId) -> Repositories {
        self.universe.candidate(package).repositories
    }

    /// Whether the dependency can still be satisfied.
    pub(super) fn is_possible(&self, name: NameId, dependency: &Dependency) -> bool {
        let state = self.name(name);
        if let Some(chosen) = state.chosen {
            return self.universe.is_satisfied(dependency, chosen);
        }
        let nobody = state.requirers == 0 && self.universe.is_satisfied(dependency, None);
        let satisfies =
            |provider: &Provider| self.package(provider.package).selectable && self.universe.is_satisfied(dependency, Some(*provider));
        nobody || self.providers(name).iter().any(satisfies)
    }

    /// Has the name considered again, if it matters.
    pub(super) fn mark_dirty(&mut self, id: NameId) {
        let name = self.name_mut(id);
        if !name.dirty && name.chosen.is_none() && (name.requirers > 0 || name.install_if_stale) {
            name.dirty = true;
            self.dirty.push_back(id);
        }
    }

    pub(super) fn next_dirty(&mut self) -> Option<NameId> {
        while let Some(id) = self.dirty.pop_front() {
            let name = self.name_mut(id);
            if std::mem::take(&mut name.dirty) && name.chosen.is_none() {
                return Some(id);
            }
        }
        None
    }

    /// Puts the name among the undecided, or takes it from there, and where it belongs by what is known of it now.
    pub(super) fn list(&mut self, id: NameId) {
        let place = self.next_place;
        let name = self.name_mut(id);
        let before = name.keys.take();
        if name.chosen.is_some() || (name.requirers == 0 && !name.triggered) {
            name.listed = None;
        } else {
            let is_clear = name.dependants_decided && name.requirers > 0 && name.automatic && !name.has_options;
            let is_new = name.listed.is_none();
            let place = *name.listed.get_or_insert(place);
            name.keys = Some(((name.automatic, name.asked, name.order), is_clear.then_some(place)));
            self.next_place += u64::from(is_new);
        }
        let after = self.name(id).keys;
        if let Some((urgency, place)) = before {
            self.undecided.remove(&(urgency, id));
            place.and_then(|place| self.clear.remove(&place));
        }
        if let Some((urgency, place)) = after {
            self.undecided.insert((urgency, id));
            place.and_then(|place| self.clear.insert(place, id));
        }
    }

    /// The latest that is clear, or the most urgent.
    pub(super) fn next_undecided(&self) -> Option<NameId> {
        let clear = self.clear.last_key_value().map(|(_, name)| *name);
        clear.or_else(|| self.undecided.last().map(|(_, name)| *name))
    }
}
