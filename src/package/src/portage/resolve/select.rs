//! Which package an atom means, of those that there are.

use std::collections::BTreeSet;

use super::choice::Leaf;
use super::pool::PackageId;
use super::run::Run;
use crate::portage::Atom;

/// How many virtual packages may stand for one another.
const DEEPEST: usize = 32;

impl Run<'_, '_> {
    /// The package that emerge would take for an atom: the greatest version that may be taken, or what is in its slot already.
    pub(super) fn select(&self, atom: &Atom, with_flags: bool) -> Option<PackageId> {
        let acceptable = || self.pool.matching(atom, with_flags).filter(|id| !self.masks.contains(*id) && self.pool.mask(*id).is_none());
        let greatest = acceptable().next()?;
        let existing = self.greatest_in_slot(greatest);
        let existing = existing.filter(|existing| self.pool.is_match(atom, *existing, with_flags));
        existing.or_else(|| acceptable().find(|id| self.pool.facts(*id).unwished.is_empty()))
    }

    /// The greatest version in a package's slot.
    fn greatest_in_slot(&self, id: PackageId) -> Option<PackageId> {
        self.graph.in_slot(self.pool.slot_of(id)).last().copied()
    }

    /// What is there to choose from where a dependency leaves a choice, the least first: one package, and of virtual ones one of each slot.
    pub(super) fn offered(&self, atom: &Atom, with_flags: bool) -> Vec<PackageId> {
        let Some(best) = self.select(atom, with_flags) else { return Vec::new() };
        let mut offered = Vec::new();
        if self.is_offered(best, atom, with_flags, true) {
            offered.push(best);
        }
        if atom.category != "virtual" || atom.sub_slot.is_some() {
            return offered;
        }
        let slot = |id: PackageId| (self.pool.get(id).slot, self.pool.get(id).sub_slot);
        let mut slots: BTreeSet<_> = self.pool.matching(atom, with_flags).map(slot).collect();
        slots.insert(slot(best));
        offered.iter().for_each(|id| {
            slots.remove(&slot(*id));
        });
        for (slot, sub_slot) in slots {
            let atom_of_slot = Atom { slot: Some(slot.to_owned()), sub_slot: Some(sub_slot.to_owned()), ..atom.clone() };
            let other = self.select(&atom_of_slot, with_flags);
            offered.extend(other.filter(|other| self.is_offered(*other, atom, with_flags, false)));
        }
        offered.sort_by(|left, right| self.pool.is_less(*right, *left).cmp(&self.pool.is_less(*left, *right)).then(left.cmp(right)));
        offered.dedup();
        offered
    }

    /// Whether a package is one to choose: what would be in conflict with another that will do as well is not.
    fn is_offered(&self, id: PackageId, atom: &Atom, with_flags: bool, avoids_conflicts: bool) -> bool {
        if self.pool.get(id).entry.category() == "virtual" && !self.has_all(id) {
            return false;
        }
        if !avoids_conflicts {
            return true;
        }
        match self.greatest_in_slot(id) {
            None => {
                let highest = self.select(&self.atom_of_slot(id), true);
                !highest.is_some_and(|highest| self.pool.is_less(id, highest) && self.pool.is_match(atom, highest, with_flags))
            }
            Some(existing) => existing == id || !self.pool.is_match(atom, existing, with_flags),
        }
    }

    /// `CATEGORY/NAME:SLOT`
    pub(super) fn atom_of_slot(&self, id: PackageId) -> Atom {
        let candidate = self.pool.get(id);
        Atom {
            blocker: None,
            category: candidate.entry.category().to_owned(),
            name: candidate.entry.name().to_owned(),
            version: None,
            slot: Some(candidate.slot.to_owned()),
            sub_slot: None,
            slot_operator: None,
            repository: None,
            use_dependencies: Vec::new(),
            required_flags: Vec::new(),
        }
    }

    /// Whether all that a virtual package needs can be had. One that needs itself can't.
    fn has_all(&self, id: PackageId) -> bool {
        if let Some(known) = self.known.borrow().get(&id) {
            return *known;
        }
        if !self.begin_look(id) {
            return false;
        }
        let leaves = self.chosen(&self.pool.facts(id).rdepend, None);
        let has = |leaf: &Leaf| leaf.atom.blocker.is_some() || self.select(&leaf.atom, false).is_some();
        let has_all = leaves.iter().all(has);
        // What was found out within another one may be so because of that.
        if self.end_look() {
            self.known.borrow_mut().insert(id, has_all);
        }
        has_all
    }

    /// Before a virtual package is looked into; false if it is being looked into already, or there is no end to it.
    pub(super) fn begin_look(&self, id: PackageId) -> bool {
        let mut looked_into = self.looked_into.borrow_mut();
        if looked_into.is_empty() {
            self.met_itself.set(false);
        }
        if looked_into.contains(&id) {
            self.met_itself.set(true);
            return false;
        }
        if looked_into.len() == DEEPEST || self.patience.get() == 0 {
            return false;
        }
        looked_into.push(id);
        true
    }

    /// Takes note of how much was looked at.
    pub(super) fn spend(&self, count: usize) {
        if !self.looked_into.borrow().is_empty() {
            self.patience.set(self.patience.get().saturating_sub(count));
        }
    }

    /// After that; whether what was found out holds elsewhere too.
    pub(super) fn end_look(&self) -> bool {
        self.looked_into.borrow_mut().pop();
        !self.met_itself.get()
    }
}
