//! One attempt: packages are chosen one after the other, each with all it needs, as emerge does it (`_emerge.depgraph`).
//!
//! What a package needs without a choice is taken at once, the last package first; choices and virtual packages wait until there is nothing else, so that they can
//! go by what is there already.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::rc::Rc;

use super::choice::Leaf;
use super::facts::Item;
use super::graph::{Graph, Hardness, Parent};
use super::pool::{PackageId, Pool};
use super::retry::{Feedback, Masks};
use crate::portage::{Atom, SlotOperator};

/// A wish with its name, and what is in it.
#[derive(Debug)]
pub(super) struct Argument {
    pub(super) name: String,
    pub(super) atoms: Vec<Rc<Atom>>,
}

/// Why an attempt failed.
#[derive(Debug)]
pub(super) struct Failure {
    pub(super) trouble: Trouble,
    /// What another attempt should do otherwise; none if it would be of no use.
    pub(super) feedback: Option<Feedback>,
}

/// What stands in the way.
#[derive(Debug, Clone)]
pub(super) enum Trouble {
    /// Nothing can be taken for an atom.
    Missing { parent: Parent, atom: Rc<Atom> },
    /// Nothing can be taken that has a library.
    MissingSoname { parent: PackageId, soname: String },
    /// Several packages are wanted in one slot.
    Conflict { packages: Vec<PackageId> },
    /// Packages may not be there together.
    Blocked { blocks: Vec<(PackageId, Rc<Atom>, PackageId)> },
}

/// What waits until nothing else is to be done.
#[derive(Debug)]
struct Pending {
    package: PackageId,
    hardness: Hardness,
    items: Vec<Item>,
}

/// What an index that makes sense needs is a small part of this.
const PATIENCE: usize = 500_000;

/// An attempt.
#[derive(Debug)]
pub(super) struct Run<'p, 'a> {
    pub(super) pool: &'p Pool<'a>,
    pub(super) arguments: &'p [Argument],
    pub(super) masks: &'p Masks,
    pub(super) graph: Graph,
    stack: Vec<PackageId>,
    pending: Vec<Pending>,
    /// Who doesn't want what.
    pub(super) blockers: Vec<(PackageId, Rc<Atom>)>,
    /// Virtual packages that are being looked into.
    pub(super) looked_into: RefCell<Vec<PackageId>>,
    /// Packages of which only libraries are taken.
    pub(super) donors: BTreeMap<PackageId, BTreeSet<String>>,
    /// The libraries that are there.
    pub(super) sonames: HashSet<(&'a str, &'a str)>,
    /// Of how many packages, in order, the libraries are in it.
    pub(super) sonames_noted: usize,
    /// Of how many packages, in order, it was seen that all libraries are there.
    pub(super) sonames_checked: usize,
    /// Whether one of them led back to itself.
    pub(super) met_itself: Cell<bool>,
    /// How much may still be looked at within virtual packages, in packages that are needed; what comes then is taken as it is.
    pub(super) patience: Cell<usize>,
    /// Virtual packages of which it is known whether all they need can be had, until a package is added.
    pub(super) known: RefCell<HashMap<PackageId, bool>>,
}

impl<'p, 'a> Run<'p, 'a> {
    pub(super) fn new(pool: &'p Pool<'a>, arguments: &'p [Argument], masks: &'p Masks) -> Self {
        Self {
            pool,
            arguments,
            masks,
            graph: Graph::new(pool),
            stack: Vec::new(),
            pending: Vec::new(),
            blockers: Vec::new(),
            looked_into: RefCell::new(Vec::new()),
            donors: BTreeMap::new(),
            sonames: HashSet::new(),
            sonames_noted: 0,
            sonames_checked: 0,
            met_itself: Cell::new(false),
            patience: Cell::new(PATIENCE),
            known: RefCell::new(HashMap::new()),
        }
    }

    /// Chooses everything.
    pub(super) fn choose(&mut self) -> Result<(), Failure> {
        for (place, argument) in self.arguments.iter().enumerate() {
            for atom in &argument.atoms {
                if self.pool.policy.is_provided(atom) {
                    continue;
                }
                let parent = Parent::Wish(place);
                let Some(chosen) = self.select(atom, true) else {
                    return Err(Failure { trouble: Trouble::Missing { parent, atom: Rc::clone(atom) }, feedback: None });
                };
                self.add(chosen, parent, atom, Hardness::Post);
            }
        }
        self.follow()?;
        self.settle_conflicts()?;
        self.check_blockers()?;
        self.check_conflicts()
    }

    /// Goes on until there is nothing more to be done.
    pub(super) fn follow(&mut self) -> Result<(), Failure> {
        loop {
            if let Some(package) = self.stack.pop() {
                self.add_needs(package)?;
            } else if let Some(Pending { package, hardness, items }) = self.pending.pop() {
                // It may have been taken away while its choices waited.
                if self.graph.contains(package) {
                    self.add_items(package, hardness, &items)?;
                }
            } else if !self.add_libraries()? {
                return Ok(());
            }
        }
    }

    /// Looks at a package's needs again.
    pub(super) fn look_again(&mut self, package: PackageId) {
        self.stack.push(package);
    }

    fn add_needs(&mut self, package: PackageId) -> Result<(), Failure> {
        let pool = self.pool;
        let facts = pool.facts(package);
        let idepend: &[Item] = if pool.policy.idepend { &facts.idepend } else { &[] };
        for (items, hardness) in [(facts.rdepend.as_slice(), Hardness::Run), (idepend, Hardness::Run), (&facts.pdepend, Hardness::Post)] {
            let waits = |item: &&Item| match item {
                Item::AnyOf(_) => true,
                Item::Atom(atom) => atom.category == "virtual",
            };
            let (choices, plain): (Vec<&Item>, Vec<&Item>) = items.iter().partition(waits);
            if !choices.is_empty() {
                self.pending.push(Pending { package, hardness, items: choices.into_iter().cloned().collect() });
            }
            let plain: Vec<Item> = plain.into_iter().cloned().collect();
            if !plain.is_empty() {
                self.add_items(package, hardness, &plain)?;
            }
        }
        Ok(())
    }

    fn add_items(&mut self, package: PackageId, hardness: Hardness, items: &[Item]) -> Result<(), Failure> {
        let leaves = self.chosen(items, None);
        let (direct, indirect): (Vec<Leaf>, Vec<Leaf>) = leaves.into_iter().partition(|leaf| leaf.owner.is_none());
        let mut virtuals = self.add_leaves(package, hardness, direct)?;
        // What virtual packages need is theirs, but was chosen for this one.
        while let Some(owner) = virtuals.pop() {
            let own = indirect.iter().filter(|leaf| leaf.owner == Some(owner)).cloned().collect();
            virtuals.extend(self.add_leaves(owner, Hardness::Run, own)?);
        }
        Ok(())
    }

    /// Adds what was chosen for a package; gives the virtual packages among it.
    fn add_leaves(&mut self, package: PackageId, hardness: Hardness, leaves: Vec<Leaf>) -> Result<Vec<PackageId>, Failure> {
        let mut virtuals = Vec::new();
        for (leaf, child) in self.minimized(leaves) {
            let wanted = leaf.via.as_ref().map_or(&leaf.atom, |(_, original)| original);
            if wanted.blocker.is_some() {
                self.blockers.push((package, Rc::clone(wanted)));
                continue;
            }
            let Some(child) = child.or_else(|| self.select(&leaf.atom, true)) else {
                return Err(self.missing(package, wanted));
            };
            let hardness = match hardness {
                Hardness::Run if wanted.slot_operator == Some(SlotOperator::Rebuild) => Hardness::Slot,
                hardness => hardness,
            };
            let added = self.add(child, Parent::Package(package), wanted, hardness);
            if leaf.via.as_ref().is_some_and(|(virtual_package, _)| *virtual_package == added) {
                virtuals.push(added);
            }
        }
        Ok(virtuals)
    }

    /// Adds a package, or one that is in its slot already and will do; gives the one it is.
    pub(super) fn add(&mut self, id: PackageId, parent: Parent, atom: &Rc<Atom>, hardness: Hardness) -> PackageId {
        let slot = self.pool.slot_of(id);
        let existing = self.graph.in_slot(slot).first().copied();
        let id = existing.filter(|existing| self.pool.is_match(atom, *existing, true)).unwrap_or(id);
        let is_new = !self.graph.contains(id);
        if is_new {
            self.graph.add(id, self.pool);
            self.known.borrow_mut().clear();
            self.stack.push(id);
            for (place, wished) in self.wishes_for(id) {
                self.graph.add_wanted(id, Parent::Wish(place), &wished);
            }
        }
        match parent {
            // A package that needs itself has itself.
            Parent::Package(package) if package == id => return id,
            Parent::Package(package) => self.graph.add_edge(package, id, hardness),
            Parent::Wish(_) => {}
        }
        self.graph.add_wanted(id, parent, atom);
        id
    }

    /// The wishes that mean a package, unless they mean a greater one of another slot.
    fn wishes_for(&self, id: PackageId) -> Vec<(usize, Rc<Atom>)> {
        let wished = |atom: &Rc<Atom>| {
            self.pool.is_match(atom, id, true)
                && self
                    .select(atom, true)
                    .is_none_or(|best| self.pool.slot_of(best) == self.pool.slot_of(id) || !self.pool.is_less(id, best))
        };
        let entry = self.pool.get(id).entry;
        let is_named = |atom: &&Rc<Atom>| atom.name == entry.name() && atom.category == entry.category();
        let all = self.arguments.iter().enumerate();
        let all = all.flat_map(|(place, argument)| argument.atoms.iter().filter(is_named).map(move |atom| (place, atom)));
        all.filter(|(_, atom)| wished(atom)).map(|(place, atom)| (place, Rc::clone(atom))).collect()
    }

    pub(super) fn is_wished(&self, id: PackageId) -> bool {
        !self.wishes_for(id).is_empty()
    }

    /// Nothing can be taken for an atom: another attempt does without the package that needs it.
    fn missing(&self, package: PackageId, atom: &Rc<Atom>) -> Failure {
        let trouble = Trouble::Missing { parent: Parent::Package(package), atom: Rc::clone(atom) };
        // Where only flags are in the way emerge wants them changed, and looks no further.
        let is_about_flags = self.select(atom, false).is_some();
        let feedback = (!is_about_flags && !self.masks.forbids_retry(self.pool, atom)).then(|| {
            let has_other_build = atom.is_built_slot() && self.similar(package).next().is_some();
            if has_other_build { Feedback::OtherBuild(package) } else { Feedback::Missing(package) }
        });
        Failure { trouble, feedback }
    }

    /// Other packages that could be in its place.
    pub(super) fn similar(&self, id: PackageId) -> impl Iterator<Item = PackageId> {
        let candidate = self.pool.get(id);
        let named = self.pool.named(candidate.entry.category_and_name()).iter().rev().copied();
        named.filter(move |other| {
            *other != id
                && self.pool.slot_of(*other) == candidate.slot_id
                && !self.masks.contains(*other)
                && self.pool.mask(*other).is_none()
        })
    }
}
