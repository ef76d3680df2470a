//! Makes the rules of all packages that may come into question: libsolv's solver_addpkgrulesforsolvable and solver_addinfarchrules, with nothing installed.

use std::collections::{HashSet, VecDeque};

use super::providers::Providers;
use super::rich::{Blocks, forbidden, positive, required};
use super::rules::{Cause, Kind, Literal, Rules};
use crate::rpm::architecture::{Architectures, Score};
use crate::rpm::dependency::{Operator, Relation, RelationId};
use crate::rpm::universe::PackageId;

/// Packages about which something is known.
#[derive(Debug)]
pub(super) struct Marks {
    /// Not to be installed, though they are there.
    pub(super) excluded: Vec<bool>,
    /// Of which several versions may be in.
    pub(super) install_only: Vec<bool>,
    /// Whether only a package of the same word size takes another's place, as in Fedora's libsolv.
    pub(super) has_colors: bool,
}

impl Marks {
    pub(super) fn is_installable(&self, providers: &Providers<'_>, id: PackageId) -> bool {
        !self.excluded[id.index()] && providers.universe.package(id).fault == crate::rpm::strings::StringId::EMPTY
    }
}

/// Rules in the making.
#[derive(Debug)]
pub(super) struct Builder<'a> {
    pub(super) providers: &'a Providers<'a>,
    pub(super) marks: &'a Marks,
    pub(super) rules: Rules,
    /// Whether a package comes into question.
    pub(super) added: Vec<bool>,
    queue: VecDeque<PackageId>,
    literals: Vec<Literal>,
}

impl<'a> Builder<'a> {
    pub(super) fn new(providers: &'a Providers<'a>, marks: &'a Marks) -> Self {
        let added = vec![false; providers.universe.len()];
        Self { providers, marks, rules: Rules::new(), added, queue: VecDeque::new(), literals: Vec::new() }
    }

    /// Adds the rules of a package and of all that it may bring.
    pub(super) fn add(&mut self, package: PackageId) {
        self.queue.push_back(package);
        while let Some(id) = self.queue.pop_front() {
            if !std::mem::replace(&mut self.added[id.index()], true) {
                self.add_one(id);
            }
        }
    }

    fn add_one(&mut self, id: PackageId) {
        let universe = self.providers.universe;
        let package = universe.package(id);
        if !self.marks.is_installable(self.providers, id) {
            self.rules.add(&[Literal::no(id)], Cause::of(Kind::NotInstallable, id, None));
        }
        for (relation, _) in universe.requires(package) {
            self.add_requires(id, relation);
        }
        for relation in universe.list(package.conflicts) {
            self.add_conflicts(id, *relation);
        }
        for relation in universe.list(package.obsoletes) {
            for other in self.providers.of(*relation).iter().filter(|other| self.providers.is_itself(**other, *relation)) {
                self.add_exclusion(id, *other, Cause::of(Kind::Obsoletes, id, Some(*relation)));
            }
        }
        self.add_same_name(id);
        for relation in universe.list(package.recommends).iter().chain(universe.list(package.suggests)) {
            self.push_positive(*relation);
        }
    }

    fn push(&mut self, packages: &[PackageId]) {
        self.queue.extend(packages.iter().filter(|id| !self.added[id.index()]));
    }

    fn push_positive(&mut self, relation: RelationId) {
        if self.providers.universe.relations.is_complex(relation) {
            let (queue, added) = (&mut self.queue, &self.added);
            positive(self.providers, relation, false, &mut |packages| queue.extend(packages.iter().filter(|id| !added[id.index()])));
        } else {
            self.push(&self.providers.of(relation));
        }
    }

    /// One of those that provide it is in, or the package is not.
    fn add_requires(&mut self, id: PackageId, relation: RelationId) {
        if self.providers.universe.relations.is_complex(relation) {
            return self.add_blocks(id, relation, required(self.providers, relation), Kind::Requires);
        }
        if self.providers.is_always(relation) {
            return;
        }
        let providers = self.providers.of(relation);
        if providers.contains(&id) {
            return;
        }
        let kind = if providers.is_empty() { Kind::NothingProvides } else { Kind::Requires };
        self.literals.clear();
        self.literals.push(Literal::no(id));
        self.literals.extend(providers.iter().map(|provider| Literal::yes(*provider)));
        self.rules.add(&self.literals, Cause::of(kind, id, Some(relation)));
        self.push(&providers);
    }

    fn add_conflicts(&mut self, id: PackageId, relation: RelationId) {
        if self.providers.universe.relations.is_complex(relation) {
            return self.add_blocks(id, relation, forbidden(self.providers, relation), Kind::Conflicts);
        }
        for other in self.providers.of(relation).iter() {
            self.add_exclusion(id, *other, Cause::of(Kind::Conflicts, id, Some(relation)));
        }
    }

    /// Not both; no package is in its own way.
    fn add_exclusion(&mut self, id: PackageId, other: PackageId, cause: Cause) {
        let (one, two) = (Literal::no(id), Literal::no(other));
        if id != other {
            self.rules.add(&[one.min(two), one.max(two)], cause);
        }
    }

    fn add_blocks(&mut self, id: PackageId, relation: RelationId, blocks: Blocks, kind: Kind) {
        let out = Literal::no(id);
        let blocks = match blocks {
            Blocks::Always => return,
            Blocks::Never => {
                let kind = if kind == Kind::Requires { Kind::NothingProvides } else { kind };
                self.rules.add(&[out], Cause::of(kind, id, Some(relation)));
                return;
            }
            Blocks::Some(blocks) => blocks,
        };
        for mut block in blocks {
            if block.contains(&Literal::yes(id)) || kind == Kind::Conflicts && block == [out] {
                continue;
            }
            if let Err(place) = block.binary_search(&out) {
                block.insert(place, out);
            }
            let found: Vec<_> = block.iter().filter(|literal| literal.is_yes()).map(|literal| literal.package()).collect();
            self.rules.add(&block, Cause::of(kind, id, Some(relation)));
            self.push(&found);
        }
    }

    /// One version of a package, if it isn't one of those that stay side by side; and none for a lesser architecture without its like.
    fn add_same_name(&mut self, id: PackageId) {
        let universe = self.providers.universe;
        let package = universe.package(id);
        let is_multi = self.marks.install_only[id.index()];
        for other in self.providers.named(package.name) {
            let found = universe.package(*other);
            if *other == id || is_multi && (found.evr != package.evr || found.architecture != package.architecture) {
                continue;
            }
            let is_replaced = !self.marks.has_colors
                || Architectures::is_same_color(universe.text(package.architecture), universe.text(found.architecture));
            let is_told = self.added[other.index()] && !self.marks.install_only[other.index()];
            if is_replaced && !is_told {
                self.add_exclusion(id, *other, Cause::of(Kind::SameName, id, None));
            }
        }
        if self.marks.has_colors && package.score != Score::Any {
            let better = |other: &&PackageId| {
                let found = universe.package(**other);
                found.evr == package.evr && found.score != Score::Any && found.score < package.score
            };
            let better: Vec<_> = self.providers.named(package.name).iter().filter(better).copied().collect();
            self.push(&better);
        }
    }

    /// Adds what may come along because of what is there: packages that supplement or enhance it.
    pub(super) fn add_weak(&mut self) {
        let universe = self.providers.universe;
        let weak: Vec<_> = universe
            .ids()
            .filter(|id| {
                let package = universe.package(*id);
                let has_any = !universe.list(package.supplements).is_empty() || !universe.list(package.enhances).is_empty();
                has_any && self.marks.is_installable(self.providers, *id)
            })
            .collect();
        let mut is_done = false;
        while !is_done {
            is_done = true;
            for id in &weak {
                let package = universe.package(*id);
                let lists = [package.supplements, package.enhances];
                let mut wishes = lists.into_iter().flat_map(|list| universe.list(list));
                if !self.added[id.index()] && wishes.any(|relation| self.is_possible(*relation)) {
                    self.add(*id);
                    is_done = false;
                }
            }
        }
    }

    fn is_possible(&self, relation: RelationId) -> bool {
        match self.providers.universe.relations.get(relation) {
            Relation::Rich { operator: Operator::If | Operator::Unless, .. } => true,
            Relation::Rich { operator: Operator::And, left, right } => self.is_possible(left) && self.is_possible(right),
            Relation::Rich { operator: Operator::Or, left, right } => self.is_possible(left) || self.is_possible(right),
            _ => self.providers.is_always(relation) || self.providers.of(relation).iter().any(|id| self.added[id.index()]),
        }
    }

    /// Packages for a lesser architecture are out where there are ones for a better; with colours they may come along with them.
    ///
    /// Not so those of a name of which one was asked for.
    pub(super) fn add_architectures(&mut self, asked: &HashSet<PackageId>) {
        let universe = self.providers.universe;
        for id in universe.ids().filter(|id| self.added[id.index()]).collect::<Vec<_>>() {
            let named: Vec<_> = self.providers.named(universe.package(id).name).to_vec();
            let added = || named.iter().filter(|other| self.added[other.index()]);
            if added().next() != Some(&id) {
                continue;
            }
            let ranks = added().map(|other| universe.package(*other).score).filter(|score| *score != Score::Any);
            let Some(best) = ranks.min() else { continue };
            let inferior: Vec<_> = added()
                .copied()
                .filter(|other| !matches!(universe.package(*other).score, score if score == Score::Any || score == best))
                .collect();
            if inferior.iter().any(|bad| asked.contains(bad)) {
                continue;
            }
            for bad in inferior {
                let evr = universe.package(bad).evr;
                let mut literals = vec![Literal::no(bad)];
                if self.marks.has_colors {
                    let good = |other: &&PackageId| {
                        let package = universe.package(**other);
                        **other != bad && package.evr == evr && (package.score == Score::Any || package.score == best)
                    };
                    literals.extend(named.iter().filter(good).map(|other| Literal::yes(*other)));
                }
                self.rules.add(&literals, Cause::of(Kind::InferiorArchitecture, bad, None));
            }
        }
    }
}

impl Builder<'_> {
    /// Of what was asked for only the best is good enough: of the best repository, for the best architecture, of the best version.
    pub(super) fn add_best(&mut self, asked: &[(u32, Vec<Literal>)]) {
        for (job, literals) in asked {
            let (packages, conditions): (Vec<Literal>, Vec<Literal>) = literals.iter().copied().partition(|literal| literal.is_yes());
            let mut packages: Vec<_> = packages.into_iter().map(|literal| literal.package()).collect();
            packages.retain(|id| !self.marks.excluded[id.index()]);
            let before = packages.len();
            self.providers.keep_best(&mut packages);
            if packages.len() < before {
                let best = packages.into_iter().map(Literal::yes);
                let literals: Vec<_> = conditions.into_iter().chain(best).collect();
                self.rules.add(&literals, Cause::job(Kind::Best, *job));
            }
        }
    }
}
