//! What would be nice to have: recommended, suggested, supplementing and enhancing packages.

use super::PackageId;
use super::rich::{Blocks, required};
use super::solver::{Branch, DeadEnd, Solver, Why};
use super::usage::Usage;
use crate::rpm::dependency::{Operator, Relation, RelationId};

/// The packages that those which are in recommend or suggest.
#[derive(Debug)]
pub(super) struct Wishes {
    recommended: Vec<bool>,
    suggested: Vec<bool>,
    /// Conditions that may come true by something that is not decided yet.
    open: Vec<(RelationId, bool)>,
    /// How many decisions were looked at; none if all must be again.
    looked_at: Option<usize>,
}

impl Wishes {
    pub(super) fn new(packages: usize) -> Self {
        Self { recommended: vec![false; packages], suggested: vec![false; packages], open: Vec::new(), looked_at: Some(0) }
    }

    pub(super) fn forget_after(&mut self, decisions: usize) {
        if self.looked_at.is_some_and(|looked_at| looked_at > decisions) {
            self.looked_at = None;
        }
    }

    pub(super) fn is_recommended(&self, id: PackageId) -> bool {
        self.recommended[id.index()]
    }

    pub(super) fn is_suggested(&self, id: PackageId) -> bool {
        self.suggested[id.index()]
    }

    fn mark(&mut self, id: PackageId, is_recommended: bool) {
        let list = if is_recommended { &mut self.recommended } else { &mut self.suggested };
        list[id.index()] = true;
    }
}

impl Solver<'_> {
    /// Looks at what was decided since the last time.
    pub(super) fn update_wishes(&mut self) {
        let universe = self.providers.universe;
        let start = self.wishes.looked_at.unwrap_or_else(|| {
            self.wishes = Wishes::new(universe.len());
            0
        });
        self.wishes.looked_at = Some(self.decisions.len());
        if start == self.decisions.len() {
            return;
        }
        for (relation, is_recommended) in std::mem::take(&mut self.wishes.open) {
            self.mark_wish(relation, is_recommended);
        }
        for place in start..self.decisions.len() {
            let literal = self.decisions[place];
            if !literal.is_yes() {
                continue;
            }
            let package = universe.package(literal.package());
            for (list, is_recommended) in [(package.recommends, true), (package.suggests, false)] {
                for relation in universe.list(list) {
                    self.mark_wish(*relation, is_recommended);
                }
            }
        }
    }

    fn mark_wish(&mut self, relation: RelationId, is_recommended: bool) {
        if !self.providers.universe.relations.is_complex(relation) {
            for id in self.providers.of(relation).iter() {
                self.wishes.mark(*id, is_recommended);
            }
            return;
        }
        let Blocks::Some(blocks) = required(self.providers, relation) else { return };
        let mut is_open = false;
        for block in blocks {
            let conditions = || block.iter().filter(|literal| !literal.is_yes());
            if conditions().any(|literal| self.is_true(*literal)) {
                continue;
            }
            if conditions().any(|literal| self.is_undecided(literal.package())) {
                is_open = true;
                continue;
            }
            for literal in block.iter().filter(|literal| literal.is_yes()) {
                self.wishes.mark(literal.package(), is_recommended);
            }
        }
        if is_open {
            self.wishes.open.push((relation, is_recommended));
        }
    }

    pub(super) fn is_supplementing(&self, id: PackageId) -> bool {
        let universe = self.providers.universe;
        universe.list(universe.package(id).supplements).iter().any(|relation| self.is_fulfilled(*relation))
    }

    pub(super) fn is_enhancing(&self, id: PackageId) -> bool {
        let universe = self.providers.universe;
        universe.list(universe.package(id).enhances).iter().any(|relation| self.is_fulfilled(*relation))
    }

    /// Whether a dependency holds by what is in.
    pub(super) fn is_fulfilled(&self, relation: RelationId) -> bool {
        let relations = &self.providers.universe.relations;
        let Relation::Rich { operator, left, right } = relations.get(relation) else { return self.has_any(relation) };
        let otherwise = match relations.get(right) {
            Relation::Rich { operator: Operator::Else, left: condition, right: otherwise } => Some((condition, otherwise)),
            _ => None,
        };
        match (operator, otherwise) {
            (Operator::And, _) => self.is_fulfilled(left) && self.is_fulfilled(right),
            (Operator::Or, _) => self.is_fulfilled(left) || self.is_fulfilled(right),
            (Operator::If, None) => self.is_fulfilled(left) || !self.is_fulfilled(right),
            (Operator::If, Some((condition, otherwise))) => self.is_fulfilled(if self.is_fulfilled(condition) { left } else { otherwise }),
            (Operator::Unless, None) => self.is_fulfilled(left) && !self.is_fulfilled(right),
            (Operator::Unless, Some((condition, otherwise))) => {
                self.is_fulfilled(if self.is_fulfilled(condition) { otherwise } else { left })
            }
            (Operator::With | Operator::Without | Operator::Else, _) => self.has_any(relation),
        }
    }

    fn has_any(&self, relation: RelationId) -> bool {
        self.providers.is_always(relation) || self.providers.of(relation).iter().any(|id| self.is_in(*id))
    }

    /// Brings in what is recommended and what supplements; none if there is nothing of it, else the level reached.
    pub(super) fn choose_weak(&mut self, level: i32) -> Result<Option<i32>, DeadEnd> {
        let (recommended, mut supplementing) = self.weak_packages();
        let mut wanted = recommended;
        for id in &supplementing {
            if !wanted.contains(id) {
                wanted.push(*id);
            }
        }
        match wanted.as_slice() {
            [] => return Ok(None),
            [only] => return self.choose(level, *only, Why::Wish).map(Some),
            _ => {}
        }
        self.providers.keep_best(&mut wanted);
        let mut is_wanted = vec![false; self.providers.universe.len()];
        wanted.iter().for_each(|id| is_wanted[id.index()] = true);
        supplementing.retain(|id| is_wanted[id.index()]);
        if supplementing.len() > 1 {
            self.order_supplements(&mut supplementing);
        }
        let decided = self.decisions.len();
        let mut level = level;
        for id in supplementing {
            if !self.is_undecided(id) {
                continue;
            }
            let before = level;
            level = self.choose(level, id, Why::Wish)?;
            if level <= before || self.decisions.len() < decided {
                return Ok(Some(level));
            }
        }
        self.choose_recommended(level, decided, &is_wanted).map(Some)
    }

    fn ordered_recommends(&self, id: PackageId) -> Vec<RelationId> {
        let universe = self.providers.universe;
        self.usage.get_or_init(|| Usage::count(universe)).recommends(universe, id)
    }

    fn choose_recommended(&mut self, mut level: i32, decided: usize, is_wanted: &[bool]) -> Result<i32, DeadEnd> {
        for place in 0..decided {
            let Some(literal) = self.decisions.get(place).copied().filter(|literal| literal.is_yes()) else { continue };
            for relation in self.ordered_recommends(literal.package()) {
                let mut choices = self.open_choices(relation, Some(is_wanted));
                if choices.is_empty() {
                    continue;
                }
                if choices.len() > 1 {
                    self.choose_among(&mut choices, true);
                }
                let before = level;
                let Some(first) = choices.first().copied() else { continue };
                if choices.len() > 1 {
                    self.branches.push(Branch::new(&choices, level));
                }
                level = self.choose(level, first, Why::Wish)?;
                if level <= before || self.decisions.len() < decided {
                    return Ok(level);
                }
            }
        }
        Ok(level)
    }

    /// The packages that are recommended, and those that supplement, in the packages' order.
    fn weak_packages(&self) -> (Vec<PackageId>, Vec<PackageId>) {
        let universe = self.providers.universe;
        let (mut recommended, mut supplementing) = (Vec::new(), Vec::new());
        let mut is_known = vec![false; universe.len()];
        for id in universe.ids() {
            let package = universe.package(id);
            if self.is_in(id) {
                for relation in self.ordered_recommends(id) {
                    let choices = self.open_choices(relation, None);
                    recommended.extend(choices.into_iter().filter(|choice| !std::mem::replace(&mut is_known[choice.index()], true)));
                }
            } else if self.is_undecided(id) && self.is_supplementing(id) && self.marks.is_installable(self.providers, id) {
                // With several architectures of a package only the one that is in already comes along.
                let other = |other: &PackageId| self.is_in(*other) && universe.package(*other).architecture != package.architecture;
                let is_split = self.marks.has_colors && self.providers.named(package.name).iter().any(other);
                let is_doubled =
                    self.marks.install_only[id.index()] && self.providers.named(package.name).iter().any(|other| self.is_in(*other));
                if !is_split && !is_doubled {
                    supplementing.push(id);
                }
            }
        }
        (recommended, supplementing)
    }

    /// What could still be brought in for a recommendation; nothing if it holds already.
    fn open_choices(&self, relation: RelationId, is_wanted: Option<&[bool]>) -> Vec<PackageId> {
        let is_open = |id: &PackageId| self.is_undecided(*id) && is_wanted.is_none_or(|wanted| wanted[id.index()]);
        if !self.providers.universe.relations.is_complex(relation) {
            let providers = self.providers.of(relation);
            if self.providers.is_always(relation) || providers.iter().any(|id| self.is_in(*id)) {
                return Vec::new();
            }
            return providers.iter().copied().filter(is_open).collect();
        }
        let Blocks::Some(blocks) = required(self.providers, relation) else { return Vec::new() };
        let mut choices = Vec::new();
        for block in blocks {
            let is_due = |literal: &super::rules::Literal| {
                if literal.is_yes() { !self.is_in(literal.package()) } else { self.is_in(literal.package()) }
            };
            if block.iter().all(is_due) {
                let found = block.iter().filter(|literal| literal.is_yes()).map(|literal| literal.package());
                choices.extend(found.filter(is_open));
            }
        }
        let mut seen = std::collections::HashSet::new();
        choices.retain(|id| seen.insert(*id));
        choices
    }
}
