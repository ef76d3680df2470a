//! What is taken where a dependency leaves a choice (`portage.dep.dep_check`): what is there already comes first, then what stands first.

use std::rc::Rc;

use super::facts::Item;
use super::overlap::without_overlap;
use super::pool::{PackageId, SlotId};
use super::run::Run;
use crate::portage::{Atom, Operator, VersionConstraint};

/// A dependency in which virtual packages are replaced by what they need.
#[derive(Debug, Clone)]
pub(super) enum Node {
    Leaf(Leaf),
    AnyOf(Vec<Vec<Node>>),
}

/// One package that is needed.
#[derive(Debug, Clone)]
pub(super) struct Leaf {
    pub(super) atom: Rc<Atom>,
    /// The virtual package that needs it, if it is not the one that is looked at.
    pub(super) owner: Option<PackageId>,
    /// The virtual package it stands for, and how that was asked for.
    pub(super) via: Option<(PackageId, Rc<Atom>)>,
}

impl Node {
    /// How many packages it is about.
    fn size(&self) -> usize {
        match self {
            Self::Leaf(_) => 1,
            Self::AnyOf(choices) => choices.iter().flatten().map(Self::size).sum(),
        }
    }

    pub(super) fn leaves<'n>(&'n self, leaves: &mut Vec<&'n Leaf>) {
        match self {
            Self::Leaf(leaf) => leaves.push(leaf),
            Self::AnyOf(choices) => choices.iter().flatten().for_each(|node| node.leaves(leaves)),
        }
    }
}

/// One of several, looked at.
#[derive(Debug)]
struct Choice {
    leaves: Vec<Leaf>,
    is_available: bool,
    /// Nothing new but virtual packages comes by it.
    is_free: bool,
    is_in_graph: bool,
    wants_update: bool,
    new_slots: usize,
    /// The greatest package of each name.
    packages: Vec<PackageId>,
}

/// In which order choices are looked through.
const BINS: usize = 6;

/// Of more choices than these the first stays the first.
const MOST_COMPARED: usize = 200;

impl Run<'_, '_> {
    /// What is taken for a package's needs.
    pub(super) fn chosen(&self, items: &[Item], owner: Option<PackageId>) -> Vec<Leaf> {
        let nodes = self.expanded(items, owner);
        let (nodes, minimizes) = without_overlap(nodes);
        self.spend(nodes.iter().map(Node::size).sum());
        self.taken(&nodes, minimizes)
    }

    fn expanded(&self, items: &[Item], owner: Option<PackageId>) -> Vec<Node> {
        let mut nodes = Vec::new();
        for item in items {
            match item {
                Item::Atom(atom) => {
                    let mut choices = self.virtual_choices(atom, owner);
                    match choices.len() {
                        0 => nodes.push(Node::Leaf(Leaf { atom: Rc::clone(atom), owner, via: None })),
                        1 => nodes.append(&mut choices.remove(0)),
                        _ => nodes.push(Node::AnyOf(choices)),
                    }
                }
                Item::AnyOf(choices) => nodes.push(Node::AnyOf(self.expanded_choices(choices, owner))),
            }
        }
        nodes
    }

    fn expanded_choices(&self, choices: &[Vec<Item>], owner: Option<PackageId>) -> Vec<Vec<Node>> {
        let mut expanded = Vec::new();
        for choice in choices {
            match <[Node; 1]>::try_from(self.expanded(choice, owner)) {
                Ok([Node::AnyOf(inner)]) => expanded.extend(inner),
                Ok(single) => expanded.push(single.into()),
                Err(several) => expanded.push(several),
            }
        }
        expanded
    }

    /// What the packages that a virtual atom means stand for, the greatest first; nothing if it is none.
    fn virtual_choices(&self, atom: &Rc<Atom>, owner: Option<PackageId>) -> Vec<Vec<Node>> {
        if atom.category != "virtual" || atom.blocker.is_some() {
            return Vec::new();
        }
        let offered = self.offered(atom, false);
        let choices = offered.into_iter().rev().filter(|id| self.begin_look(*id)).map(|id| {
            let mut leaves = self.chosen(&self.pool.facts(id).rdepend, Some(id));
            self.end_look();
            leaves.push(Leaf { atom: Rc::new(self.exactly(id, atom)), owner, via: Some((id, Rc::clone(atom))) });
            leaves.into_iter().map(Node::Leaf).collect()
        });
        choices.collect()
    }

    /// `=CATEGORY/NAME-VERSION` with the flags of another atom.
    fn exactly(&self, id: PackageId, atom: &Atom) -> Atom {
        let version = Some(self.pool.get(id).version.owned());
        let version = VersionConstraint { operator: Operator::Equal, version, contained: String::new(), build_id: None };
        Atom { version: Some(version), slot: None, sub_slot: None, slot_operator: None, repository: None, ..atom.clone() }
    }

    fn is_satisfied(&self, node: &Node) -> bool {
        match node {
            Node::Leaf(leaf) => leaf.atom.blocker.is_none() && self.pool.policy.is_provided(&leaf.atom),
            Node::AnyOf(choices) => choices.iter().any(|choice| choice.iter().all(|node| self.is_satisfied(node))),
        }
    }

    /// Leaves out what counts as there, and chooses.
    fn taken(&self, nodes: &[Node], minimizes: bool) -> Vec<Leaf> {
        let mut leaves = Vec::new();
        for node in nodes.iter().filter(|node| !self.is_satisfied(node)) {
            match node {
                Node::Leaf(leaf) => leaves.push(leaf.clone()),
                Node::AnyOf(choices) => leaves.extend(self.best(choices, minimizes)),
            }
        }
        leaves
    }

    fn best(&self, choices: &[Vec<Node>], minimizes: bool) -> Vec<Leaf> {
        let mut bins: [Vec<Choice>; BINS] = Default::default();
        for choice in choices {
            let (choice, bin) = self.judge(self.taken(choice, minimizes));
            if let Some(bin) = bins.get_mut(bin) {
                bin.push(choice);
            }
        }
        for bin in &mut bins {
            if minimizes {
                bin.sort_by_key(|choice| choice.new_slots);
            }
            self.promote(bin);
        }
        let mut all: Vec<Choice> = bins.into_iter().flatten().collect();
        let best = all.iter().position(|choice| choice.is_available).unwrap_or(0);
        if all.is_empty() { Vec::new() } else { all.swap_remove(best).leaves }
    }

    /// Looks at a choice, and says which bin it belongs into.
    fn judge(&self, leaves: Vec<Leaf>) -> (Choice, usize) {
        let needed = || leaves.iter().filter(|leaf| leaf.atom.blocker.is_none()).map(|leaf| leaf.atom.as_ref());
        let mut view = View::default();
        let is_available = needed().all(|atom| self.look_at(atom, &mut view));
        let is_new =
            |slot: &(SlotId, PackageId)| self.pool.get(slot.1).entry.category() != "virtual" && self.graph.in_slot(slot.0).is_empty();
        let mut real = needed().filter(|atom| atom.category != "virtual");
        let is_free = is_available && real.clone().next().is_none();
        let is_in_graph = is_available && !view.is_downgrade && real.all(|atom| self.is_in_graph(atom));
        let bin = match (is_available && !view.is_downgrade, view.lacks_flags) {
            (false, _) => 5,
            (true, false) => usize::from(!(is_in_graph || is_free)),
            (true, true) if is_in_graph => 2,
            (true, true) => 4 - usize::from(is_free),
        };
        let choice = Choice {
            is_available,
            is_free,
            is_in_graph,
            wants_update: view.slots.iter().any(|(_, id)| self.is_wished(*id)),
            new_slots: view.slots.iter().filter(|slot| is_new(slot)).count(),
            packages: view.packages,
            leaves,
        };
        (choice, bin)
    }

    fn is_in_graph(&self, atom: &Atom) -> bool {
        self.pool.matching(atom, true).any(|id| self.graph.contains(id))
    }

    /// What one atom of a choice brings; false if it can't be had. Flags don't count here, so that they don't decide a choice.
    fn look_at(&self, atom: &Atom, view: &mut View) -> bool {
        let Some(mut available) = self.offered(atom, false).pop() else { return false };
        let slot = self.graph.in_slot(self.pool.slot_of(available));
        if slot.len() > 1 && slot.last().is_some_and(|last| self.pool.is_less(available, *last)) {
            view.is_downgrade = true;
        }
        if !atom.use_dependencies.is_empty() {
            match self.offered(atom, true).pop() {
                Some(with_flags) => available = with_flags,
                None => view.lacks_flags = true,
            }
        }
        let highest = self.offered(&self.atom_of_slot(available), true).pop();
        if highest.is_some_and(|highest| self.pool.is_less(available, highest) && self.graph.contains(highest)) {
            view.is_downgrade = true;
        }
        self.note(available, atom, view);
        true
    }

    /// Keeps the greatest package of each name, but one that all atoms of its slot mean.
    fn note(&self, available: PackageId, atom: &Atom, view: &mut View) {
        let slot = self.pool.slot_of(available);
        view.slots.retain(|(other, _)| *other != slot);
        view.slots.push((slot, available));
        view.atoms.push((slot, atom.clone()));
        let name = |id: PackageId| self.pool.get(id).entry.category_and_name();
        let Some(known) = view.packages.iter_mut().find(|known| name(**known) == name(available)) else {
            view.packages.push(available);
            return;
        };
        let all_mean =
            |id: PackageId| view.atoms.iter().filter(|(other, _)| *other == slot).all(|(_, atom)| self.pool.is_match(atom, id, true));
        let is_same_slot = self.pool.slot_of(*known) == slot;
        let (means_new, means_known) = if is_same_slot { (all_mean(available), all_mean(*known)) } else { (false, false) };
        let is_higher = self.pool.get(available).version.compare(&self.pool.get(*known).version).is_gt();
        if (!means_known || means_new) && (is_higher || (means_new && !means_known)) {
            *known = available;
        }
    }

    /// Within a bin upgrades come before what stands first, and what is there already.
    fn promote(&self, choices: &mut Vec<Choice>) {
        let mut place = 1;
        while place < choices.len().min(MOST_COMPARED) {
            let before = (0..place).find(|before| match (choices.get(place), choices.get(*before)) {
                (Some(choice), Some(other)) => self.is_better(choice, other),
                _ => false,
            });
            if let Some(before) = before {
                let choice = choices.remove(place);
                choices.insert(before, choice);
            }
            place += 1;
        }
    }

    fn is_better(&self, choice: &Choice, other: &Choice) -> bool {
        if choice.is_free && !other.is_free && !other.wants_update {
            return true;
        }
        let (mut has_upgrade, mut has_downgrade) = (false, false);
        for id in &choice.packages {
            let candidate = self.pool.get(*id);
            let name = candidate.entry.category_and_name();
            let same = other.packages.iter().map(|other| self.pool.get(*other)).find(|other| other.entry.category_and_name() == name);
            let order = same.map(|same| candidate.version.compare(&same.version));
            has_upgrade |= order.is_some_and(std::cmp::Ordering::is_gt);
            has_downgrade |= order.is_some_and(std::cmp::Ordering::is_lt);
        }
        (has_upgrade && !has_downgrade) || (choice.is_in_graph && !other.is_in_graph && (has_upgrade || !has_downgrade))
    }
}

/// What a choice brings.
#[derive(Debug, Default)]
struct View {
    slots: Vec<(SlotId, PackageId)>,
    atoms: Vec<(SlotId, Atom)>,
    packages: Vec<PackageId>,
    lacks_flags: bool,
    is_downgrade: bool,
}
