//! Which packages are what a dependency asks for.

use std::cell::RefCell;
use std::rc::Rc;

use crate::rpm::dependency::{Operator, Relation, RelationId, Sense, is_rpmlib, supports};
use crate::rpm::strings::{StringId, index};
use crate::rpm::universe::{PackageId, RpmUniverse};

/// Who provides what, and what was found out of it.
#[derive(Debug)]
pub(super) struct Providers<'a> {
    pub(super) universe: &'a RpmUniverse,
    /// Where each text's entries begin; one more than there are texts.
    starts: Vec<u32>,
    /// Packages, and how they provide it: a file has no relation.
    entries: Vec<(PackageId, Option<RelationId>)>,
    name_starts: Vec<u32>,
    named: Vec<PackageId>,
    found: RefCell<Vec<Option<Rc<[PackageId]>>>>,
}

impl<'a> Providers<'a> {
    pub(super) fn new(universe: &'a RpmUniverse) -> Self {
        let texts = universe.strings.len();
        let mut is_asked = vec![false; texts];
        for relation in universe.relations.iter() {
            if let Relation::Name(name) | Relation::Versioned { name, .. } = relation {
                is_asked[name.index()] = true;
            }
        }
        let mut listed = universe.listed_files.clone();
        listed.sort_unstable_by_key(|(file, package)| (*package, *file));
        let walk = |each: &mut dyn FnMut(StringId, PackageId, Option<RelationId>)| {
            let mut listed = listed.iter().peekable();
            for id in universe.ids() {
                let package = universe.package(id);
                for relation in universe.list(package.provides) {
                    if let Relation::Name(name) | Relation::Versioned { name, .. } = universe.relations.get(*relation) {
                        each(name, id, Some(*relation));
                    }
                }
                for file in package.files.of(&universe.files).iter().filter(|file| is_asked[file.index()]) {
                    each(*file, id, None);
                }
                while let Some((file, _)) = listed.next_if(|(_, package)| *package == id) {
                    each(*file, id, None);
                }
            }
        };
        let (starts, entries) = sorted(texts, walk);
        let (name_starts, named) = sorted(texts, |each: &mut dyn FnMut(StringId, PackageId, Option<RelationId>)| {
            universe.ids().for_each(|id| each(universe.package(id).name, id, None));
        });
        let named = named.into_iter().map(|(id, _)| id).collect();
        Self { universe, starts, entries, name_starts, named, found: RefCell::new(vec![None; universe.relations.len()]) }
    }

    /// The packages of a name, in their order.
    pub(super) fn named(&self, name: StringId) -> &[PackageId] {
        part(&self.name_starts, &self.named, name)
    }

    /// Everything that provides a text, in the packages' order.
    pub(super) fn entries(&self, name: StringId) -> &[(PackageId, Option<RelationId>)] {
        part(&self.starts, &self.entries, name)
    }

    /// The packages that are what is asked for, in their order; of a condition those that are what is asked for if it holds.
    pub(super) fn of(&self, relation: RelationId) -> Rc<[PackageId]> {
        if let Some(Some(found)) = self.found.borrow().get(relation.index()) {
            return Rc::clone(found);
        }
        let found: Rc<[PackageId]> = self.search(relation).into();
        if let Some(place) = self.found.borrow_mut().get_mut(relation.index()) {
            *place = Some(Rc::clone(&found));
        }
        found
    }

    fn search(&self, relation: RelationId) -> Vec<PackageId> {
        let mut found = match self.universe.relations.get(relation) {
            Relation::Name(name) => self.entries(name).iter().map(|(id, _)| *id).collect::<Vec<_>>(),
            Relation::Versioned { name, sense, version } => {
                let required = self.universe.text(version);
                let fits = |how: &Option<RelationId>| self.fits(*how, sense, required);
                self.entries(name).iter().filter(|(_, how)| fits(how)).map(|(id, _)| *id).collect()
            }
            Relation::Rich { operator, left, right } => self.search_rich(operator, left, right),
        };
        found.dedup();
        found
    }

    /// Whether what is provided so is in a range of versions; without a version it is every one.
    pub(super) fn fits(&self, how: Option<RelationId>, sense: Sense, required: &str) -> bool {
        match how.map(|how| self.universe.relations.get(how)) {
            None | Some(Relation::Name(_)) => true,
            Some(Relation::Versioned { sense: has, version, .. }) => has.overlaps(self.universe.text(version), sense, required),
            Some(Relation::Rich { .. }) => false,
        }
    }

    fn search_rich(&self, operator: Operator, left: RelationId, right: RelationId) -> Vec<PackageId> {
        let left = self.of(left);
        match operator {
            Operator::With | Operator::Without => {
                let right = self.of(right);
                let is_wanted = |id: &&PackageId| right.binary_search(id).is_ok() == (operator == Operator::With);
                left.iter().filter(is_wanted).copied().collect()
            }
            Operator::And | Operator::Or => merge(&left, &self.of(right)),
            Operator::If | Operator::Unless => match self.universe.relations.get(right) {
                Relation::Rich { operator: Operator::Else, right: otherwise, .. } => merge(&left, &self.of(otherwise)),
                _ => left.to_vec(),
            },
            Operator::Else => Vec::new(),
        }
    }

    /// Whether it holds without any package: what rpm itself can do, and files that are not known yet.
    pub(super) fn is_always(&self, relation: RelationId) -> bool {
        let universe = self.universe;
        let (name, range) = match universe.relations.get(relation) {
            Relation::Name(name) => (name, None),
            Relation::Versioned { name, sense, version } => (name, Some((sense, universe.text(version)))),
            Relation::Rich { operator: Operator::Or, left, right } => return self.is_always(left) || self.is_always(right),
            Relation::Rich { operator: Operator::With, left, right } => return self.is_always(left) && self.is_always(right),
            Relation::Rich { .. } => return false,
        };
        let text = universe.text(name);
        is_rpmlib(text) && supports(text, range) || range.is_none() && universe.is_unknown_file(relation) && self.of(relation).is_empty()
    }

    /// Whether a package's own name and version are what is asked for, whatever else it provides.
    pub(super) fn is_itself(&self, id: PackageId, relation: RelationId) -> bool {
        let package = self.universe.package(id);
        match self.universe.relations.get(relation) {
            Relation::Name(name) => name == package.name,
            Relation::Versioned { name, sense, version } => {
                let (own, required) = (self.universe.text(package.evr), self.universe.text(version));
                name == package.name && Sense::EQUAL.overlaps(own, sense, required)
            }
            Relation::Rich { operator, left, right } => match operator {
                Operator::Or => self.is_itself(id, left) || self.is_itself(id, right),
                Operator::And | Operator::With => self.is_itself(id, left) && self.is_itself(id, right),
                Operator::Without => self.is_itself(id, left) && !self.is_itself(id, right),
                Operator::If | Operator::Unless | Operator::Else => false,
            },
        }
    }
}

/// Both of two ordered lists, in order.
fn merge(left: &[PackageId], right: &[PackageId]) -> Vec<PackageId> {
    let mut both = [left, right].concat();
    both.sort_unstable();
    both.dedup();
    both
}

fn part<'a, T>(starts: &[u32], all: &'a [T], text: StringId) -> &'a [T] {
    let place = |number: usize| starts.get(number).map_or(0, |start| index(*start));
    all.get(place(text.index())..place(text.index() + 1)).unwrap_or_default()
}

type Entry = (PackageId, Option<RelationId>);

/// What is walked over twice, by its text: once for counting.
fn sorted(texts: usize, walk: impl Fn(&mut dyn FnMut(StringId, PackageId, Option<RelationId>))) -> (Vec<u32>, Vec<Entry>) {
    let mut starts = vec![0_u32; texts + 2];
    walk(&mut |text, _, _| starts[text.index() + 2] += 1);
    let mut sum = 0;
    for start in &mut starts {
        sum += *start;
        *start = sum;
    }
    let mut entries = vec![(PackageId(0), None); index(sum)];
    walk(&mut |text, id, relation| {
        let next = &mut starts[text.index() + 1];
        entries[index(*next)] = (id, relation);
        *next += 1;
    });
    (starts, entries)
}
