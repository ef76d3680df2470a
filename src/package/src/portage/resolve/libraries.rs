//! What packages are linked to must be there, whether their dependencies say so or not.

use std::rc::Rc;

use super::graph::{Hardness, Parent};
use super::pool::PackageId;
use super::retry::Feedback;
use super::run::{Failure, Run, Trouble};
use super::soname::{read, shown};
use crate::portage::{Atom, Field};

impl Run<'_, '_> {
    /// Adds a package of which a library is missing; false if none is.
    ///
    /// This is looked at when all dependencies are followed, so that a package that comes anyhow is as good as any.
    pub(super) fn add_libraries(&mut self) -> Result<bool, Failure> {
        if !self.pool.policy.sonames {
            return Ok(false);
        }
        self.note_provided();
        let order = self.graph.order.clone();
        for id in order.get(self.sonames_checked..).unwrap_or_default() {
            let requires = self.pool.get(*id).entry.field(Field::Requires);
            for soname in read(requires) {
                if !self.has_library(soname) && self.add_library(*id, soname)? {
                    return Ok(true);
                }
            }
            self.sonames_checked += 1;
        }
        Ok(false)
    }

    /// What is checked once need not be checked again before something is taken away.
    pub(super) fn forget_libraries(&mut self) {
        self.sonames.clear();
        (self.sonames_noted, self.sonames_checked) = (0, 0);
        self.donors.clear();
    }

    fn note_provided(&mut self) {
        for id in self.graph.order.iter().skip(self.sonames_noted) {
            self.sonames.extend(read(self.pool.get(*id).entry.field(Field::Provides)));
        }
        self.sonames_noted = self.graph.order.len();
    }

    fn has_library(&self, soname: (&str, &str)) -> bool {
        self.sonames.contains(&soname) || self.pool.policy.sonames_provided.iter().any(|provided| *provided == shown(soname))
    }

    /// Adds a package that has a library, or notes one from which it is taken; true if a package was added.
    fn add_library(&mut self, parent: PackageId, soname: (&str, &str)) -> Result<bool, Failure> {
        let providers = self.pool.providers(soname).iter().rev().copied();
        let mut acceptable = providers.filter(|id| {
            let facts = self.pool.facts(*id);
            facts.mask.is_none() && facts.unwished.is_empty() && !self.masks.contains(*id) && !self.is_taken_otherwise(*id)
        });
        let Some(provider) = acceptable.next() else {
            let trouble = Trouble::MissingSoname { parent, soname: shown(soname) };
            return Err(Failure { trouble, feedback: Some(Feedback::Missing(parent)) });
        };
        drop(acceptable);
        let is_donor = |atom: &Atom| self.pool.is_match(atom, provider, true);
        if self.pool.policy.libraries_only.iter().any(is_donor) {
            self.donors.entry(provider).or_default().insert(shown(soname));
            return Ok(false);
        }
        let atom = Rc::new(self.atom_of_slot(provider));
        self.add(provider, Parent::Package(parent), &atom, Hardness::Run);
        Ok(true)
    }

    /// Whether another package has its slot already.
    fn is_taken_otherwise(&self, id: PackageId) -> bool {
        self.graph.in_slot(self.pool.slot_of(id)).iter().any(|other| *other != id)
    }
}
