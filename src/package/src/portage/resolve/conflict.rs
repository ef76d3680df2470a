//! Two packages in one slot: where one will do for all who want either, the other goes; else another attempt does without one.

use std::collections::BTreeSet;

use super::graph::Parent;
use super::pool::PackageId;
use super::retry::{Feedback, Unwanting};
use super::run::{Failure, Run, Trouble};

/// What somebody needs of packages that are in conflict: one of these.
type OneOf = Vec<PackageId>;

impl Run<'_, '_> {
    /// Takes away what is not needed of packages in conflict.
    pub(super) fn settle_conflicts(&mut self) -> Result<(), Failure> {
        let conflicts = self.graph.conflicts(self.pool);
        if conflicts.is_empty() {
            return Ok(());
        }
        let members: BTreeSet<PackageId> = conflicts.iter().flatten().copied().collect();
        let forced = self.forced(&conflicts, &members);
        let mut again: BTreeSet<PackageId> = forced.iter().copied().collect();
        for id in members.iter().filter(|id| !forced.contains(id)) {
            for (parent, _) in self.graph.wanted_by(*id) {
                if let Parent::Package(parent) = parent {
                    again.insert(*parent);
                }
            }
            let pool = self.pool;
            self.graph.remove(*id, &|id| pool.slot_of(id));
        }
        let graph = &self.graph;
        self.blockers.retain(|(parent, _)| graph.contains(*parent));
        self.known.borrow_mut().clear();
        self.forget_libraries();
        for id in again {
            if self.graph.contains(id) {
                self.look_again(id);
            }
        }
        self.follow()
    }

    /// The packages in conflict, and those that only they want, that must stay: what others need of them, and what these need in turn.
    fn forced(&self, conflicts: &[Vec<PackageId>], members: &BTreeSet<PackageId>) -> BTreeSet<PackageId> {
        let inner = self.wanted_by_these_only(members);
        let is_inner = |parent: Parent| matches!(parent, Parent::Package(id) if members.contains(&id) || inner.contains(&id));
        let mut forced: BTreeSet<PackageId> = BTreeSet::new();
        // By who needs it: none for those who are there in any case.
        let mut needs: Vec<(Option<PackageId>, OneOf)> = Vec::new();
        for conflict in conflicts {
            for (parent, one_of) in self.needs_of(conflict) {
                if one_of.is_empty() {
                    // Nothing of it will do: then it is not for us to choose.
                    forced.extend(conflict);
                }
                let parent = if is_inner(parent) { Some(parent) } else { None };
                needs.push((parent.and_then(package_of), one_of));
            }
        }
        for id in &inner {
            let parents = self.graph.wanted_by(*id).iter().map(|(parent, _)| *parent);
            needs.extend(parents.map(|parent| (package_of(parent).filter(|_| is_inner(parent)), vec![*id])));
        }
        force(&needs, forced)
    }

    /// Who wants any package of a conflict, and which of them would do.
    fn needs_of(&self, conflict: &[PackageId]) -> Vec<(Parent, OneOf)> {
        let mut needs = Vec::new();
        let mut seen = Vec::new();
        for (parent, atom) in conflict.iter().flat_map(|id| self.graph.wanted_by(*id)) {
            if !seen.contains(&(*parent, atom)) {
                seen.push((*parent, atom));
                needs.push((*parent, conflict.iter().copied().filter(|id| self.pool.is_match(atom, *id, true)).collect()));
            }
        }
        needs
    }

    /// What is there only because of some packages.
    fn wanted_by_these_only(&self, members: &BTreeSet<PackageId>) -> BTreeSet<PackageId> {
        let mut inner = BTreeSet::new();
        let mut open: Vec<PackageId> = members.iter().flat_map(|id| self.graph.children(*id)).copied().collect();
        while let Some(id) = open.pop() {
            let is_known = |parent: &Parent| matches!(parent, Parent::Package(id) if members.contains(id) || inner.contains(id));
            let is_own =
                !members.contains(&id) && !inner.contains(&id) && self.graph.wanted_by(id).iter().all(|(parent, _)| is_known(parent));
            if is_own {
                inner.insert(id);
                open.extend(self.graph.children(id));
            }
        }
        inner
    }

    /// What is still in conflict ends the attempt.
    pub(super) fn check_conflicts(&self) -> Result<(), Failure> {
        let conflicts = self.graph.conflicts(self.pool);
        let Some(packages) = conflicts.into_iter().next().or_else(|| self.same_version()) else { return Ok(()) };
        let feedback = Some(Feedback::Conflict(self.ways_out(&packages)));
        Err(Failure { trouble: Trouble::Conflict { packages }, feedback })
    }

    /// Two builds of one version for several slots would have the same entry in the database of what is installed; emerge doesn't mind.
    fn same_version(&self) -> Option<Vec<PackageId>> {
        let cpv = |id: PackageId| self.pool.get(id).entry.cpv();
        let mut seen = std::collections::HashMap::new();
        self.graph.order.iter().find_map(|id| seen.insert(cpv(*id), *id).map(|other| vec![other, *id]))
    }

    /// One way out for each package of a conflict: to do without it, and without those that would do no better.
    fn ways_out(&self, conflict: &[PackageId]) -> Vec<Vec<(PackageId, Unwanting)>> {
        let mut opponents: Vec<(Parent, &std::rc::Rc<crate::portage::Atom>)> = Vec::new();
        for (parent, atom) in conflict.iter().flat_map(|id| self.graph.wanted_by(*id)) {
            if !opponents.contains(&(*parent, atom)) {
                opponents.push((*parent, atom));
            }
        }
        let unwanting = |id: PackageId| -> Unwanting {
            let against = opponents.iter().filter(|(_, atom)| !self.pool.is_match(atom, id, true));
            against.map(|(parent, atom)| (*parent, atom.to_string())).collect()
        };
        let mut masked: Vec<PackageId> = conflict.iter().copied().filter(|id| !unwanting(*id).is_empty()).collect();
        let least = conflict.first().and_then(|id| self.graph.in_slot(self.pool.slot_of(*id)).first());
        if let Some(least) = least.filter(|least| !masked.contains(least)) {
            masked.push(*least);
        }
        masked.sort_by(|left, right| self.pool.is_less(*left, *right).cmp(&self.pool.is_less(*right, *left)).then(right.cmp(left)));
        let mut ways: Vec<Vec<(PackageId, Unwanting)>> = masked
            .iter()
            .map(|id| {
                let own = unwanting(*id);
                let others = self.similar(*id).filter(|other| !own.is_empty() && !masked.contains(other));
                let alike = others.map(|other| (other, unwanting(other).intersection(&own).cloned().collect::<Unwanting>()));
                let mut way: Vec<_> = alike.filter(|(_, against)| !against.is_empty()).collect();
                way.push((*id, own));
                way
            })
            .collect();
        ways.sort_by_key(|way| way.last().map_or(0, |(_, own)| own.len()));
        ways
    }

    /// Packages that block each other end the attempt, and there is no other.
    pub(super) fn check_blockers(&self) -> Result<(), Failure> {
        let mut blocks = Vec::new();
        for (parent, atom) in &self.blockers {
            let is_strong = atom.blocker == Some(crate::portage::Blocker::Strong);
            // What takes the other's slot may block it weakly: it takes its place.
            let is_replaced = |id: &PackageId| !is_strong && self.pool.slot_of(*id) == self.pool.slot_of(*parent);
            let blocked = self.pool.matching(atom, true).filter(|id| self.graph.contains(*id) && !is_replaced(id));
            blocks.extend(blocked.map(|id| (*parent, std::rc::Rc::clone(atom), id)));
        }
        if blocks.is_empty() { Ok(()) } else { Err(Failure { trouble: Trouble::Blocked { blocks }, feedback: None }) }
    }
}

fn package_of(parent: Parent) -> Option<PackageId> {
    match parent {
        Parent::Package(id) => Some(id),
        Parent::Wish(_) => None,
    }
}

/// Follows needs from those who are there in any case; where one of several is needed and none of them is there, the first is taken.
fn force(needs: &[(Option<PackageId>, OneOf)], start: BTreeSet<PackageId>) -> BTreeSet<PackageId> {
    let mut forced = start;
    let mut open: Vec<Option<PackageId>> = std::iter::once(None).chain(forced.iter().copied().map(Some)).collect();
    let mut undecided: Vec<&OneOf> = Vec::new();
    loop {
        while let Some(node) = open.pop() {
            for (_, one_of) in needs.iter().filter(|(parent, _)| *parent == node) {
                match one_of.as_slice() {
                    [] => {}
                    [single] if forced.insert(*single) => open.push(Some(*single)),
                    [_] => {}
                    _ => undecided.push(one_of),
                }
            }
        }
        undecided.retain(|one_of| !one_of.iter().any(|id| forced.contains(id)));
        let Some(first) = undecided.first().and_then(|one_of| one_of.first().copied()) else { return forced };
        forced.insert(first);
        open.push(Some(first));
    }
}
