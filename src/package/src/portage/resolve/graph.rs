//! The packages that were chosen so far, and who wants them.

use std::collections::HashMap;
use std::rc::Rc;

use super::pool::{PackageId, Pool, SlotId};
use crate::portage::Atom;

/// Who wants a package.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Parent {
    /// One of the wishes, from 0.
    Wish(usize),
    Package(PackageId),
}

/// How hard a dependency is for the order, the softest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Hardness {
    /// It may come after.
    Post,
    /// It must be there when the package runs.
    Run,
    /// As that, and the package was built for one sub-slot of it.
    Slot,
}

/// Packages and what they need of each other.
#[derive(Debug)]
pub(super) struct Graph {
    /// In the order they were added.
    pub(super) order: Vec<PackageId>,
    children: Vec<Vec<PackageId>>,
    parents: Vec<Vec<PackageId>>,
    edges: HashMap<(PackageId, PackageId), Vec<Hardness>>,
    is_in: Vec<bool>,
    slots: Vec<Vec<PackageId>>,
    wanted_by: Vec<Vec<(Parent, Rc<Atom>)>>,
}

impl Graph {
    pub(super) fn new(pool: &Pool<'_>) -> Self {
        let none = || vec![Vec::new(); pool.len()];
        Self {
            order: Vec::new(),
            children: none(),
            parents: none(),
            edges: HashMap::new(),
            is_in: vec![false; pool.len()],
            slots: vec![Vec::new(); pool.slot_count()],
            wanted_by: vec![Vec::new(); pool.len()],
        }
    }

    pub(super) fn contains(&self, id: PackageId) -> bool {
        self.is_in[id.index()]
    }

    /// What takes a slot, the least version first: several packages are a conflict.
    pub(super) fn in_slot(&self, slot: SlotId) -> &[PackageId] {
        &self.slots[slot.index()]
    }

    /// The packages of every slot that more than one takes, in the order in which they were added.
    pub(super) fn conflicts(&self, pool: &Pool<'_>) -> Vec<Vec<PackageId>> {
        let slots = self.order.iter().map(|id| pool.slot_of(*id)).filter(|slot| self.in_slot(*slot).len() > 1);
        let mut conflicts: Vec<SlotId> = Vec::new();
        for slot in slots {
            if !conflicts.contains(&slot) {
                conflicts.push(slot);
            }
        }
        let members = |slot: SlotId| self.order.iter().copied().filter(move |id| pool.slot_of(*id) == slot).collect();
        conflicts.into_iter().map(members).collect()
    }

    pub(super) fn children(&self, id: PackageId) -> &[PackageId] {
        &self.children[id.index()]
    }

    pub(super) fn parents(&self, id: PackageId) -> &[PackageId] {
        &self.parents[id.index()]
    }

    /// What one package needs of another.
    pub(super) fn edge(&self, parent: PackageId, child: PackageId) -> &[Hardness] {
        self.edges.get(&(parent, child)).map_or(&[], Vec::as_slice)
    }

    /// Who wants a package, and as what.
    pub(super) fn wanted_by(&self, id: PackageId) -> &[(Parent, Rc<Atom>)] {
        &self.wanted_by[id.index()]
    }

    pub(super) fn add(&mut self, id: PackageId, pool: &Pool<'_>) {
        self.order.push(id);
        self.is_in[id.index()] = true;
        let slot = &mut self.slots[pool.slot_of(id).index()];
        let version = pool.get(id).version;
        let place = slot.iter().position(|other| pool.get(*other).version.compare(&version).is_gt()).unwrap_or(slot.len());
        slot.insert(place, id);
    }

    pub(super) fn add_wanted(&mut self, id: PackageId, parent: Parent, atom: &Rc<Atom>) {
        let wanted = &mut self.wanted_by[id.index()];
        if !wanted.iter().any(|(other, known)| *other == parent && known == atom) {
            wanted.push((parent, Rc::clone(atom)));
        }
    }

    pub(super) fn add_edge(&mut self, parent: PackageId, child: PackageId, hardness: Hardness) {
        let edge = self.edges.entry((parent, child)).or_default();
        if edge.is_empty() {
            self.children[parent.index()].push(child);
            self.parents[child.index()].push(parent);
        }
        if !edge.contains(&hardness) {
            edge.push(hardness);
        }
    }

    /// Takes a package away, and all that nobody wants any more then.
    pub(super) fn remove(&mut self, id: PackageId, slot_of: &dyn Fn(PackageId) -> SlotId) {
        let mut doomed = vec![id];
        while let Some(id) = doomed.pop() {
            if !std::mem::replace(&mut self.is_in[id.index()], false) {
                continue;
            }
            self.order.retain(|other| *other != id);
            self.slots[slot_of(id).index()].retain(|other| *other != id);
            self.wanted_by[id.index()].clear();
            for parent in std::mem::take(&mut self.parents[id.index()]) {
                self.children[parent.index()].retain(|other| *other != id);
                self.edges.remove(&(parent, id));
            }
            for child in std::mem::take(&mut self.children[id.index()]) {
                self.parents[child.index()].retain(|other| *other != id);
                self.edges.remove(&(id, child));
                self.wanted_by[child.index()].retain(|(parent, _)| *parent != Parent::Package(id));
                if self.parents(child).is_empty() && !self.wanted_by(child).iter().any(|(parent, _)| matches!(parent, Parent::Wish(_))) {
                    doomed.push(child);
                }
            }
        }
    }
}
