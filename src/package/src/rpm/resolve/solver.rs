//! The search's state: what is decided, what follows from it, and what is learnt from a dead end.
//!
//! It is conflict-driven clause learning with two watched literals, as in libsolv's solver.c, and decides and propagates in libsolv's order: which of
//! several answers comes out depends on it.

use std::cell::OnceCell;
use std::collections::{BTreeSet, HashSet};

use super::build::Marks;
use super::providers::Providers;
use super::rules::{Cause, Literal, Rule, RuleId, Rules};
use super::usage::Usage;
use super::weak::Wishes;
use crate::rpm::universe::PackageId;

/// Why something was decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Why {
    /// A rule left no other way.
    Rule(RuleId),
    /// It was chosen for a rule.
    Choice(RuleId),
    /// It was wished for.
    Wish,
}

/// A decision between packages that can be taken back.
#[derive(Debug, Clone)]
pub(super) struct Branch {
    /// The packages in the order they are tried, and whether each was.
    pub(super) choices: Vec<(PackageId, bool)>,
    /// The level before the decision.
    pub(super) level: i32,
}

/// The state of the search.
#[derive(Debug)]
pub(super) struct Solver<'a> {
    pub(super) providers: &'a Providers<'a>,
    pub(super) marks: &'a Marks,
    pub(super) rules: Rules,
    /// The rules of packages end before the ones of requests.
    pub(super) jobs: (RuleId, RuleId),
    pub(super) learnt: RuleId,
    /// For each package the level at which it came in (above 0) or was left out (below 0).
    levels: Vec<i32>,
    pub(super) decisions: Vec<Literal>,
    pub(super) reasons: Vec<Why>,
    propagated: usize,
    watches: Vec<RuleId>,
    pub(super) branches: Vec<Branch>,
    /// The rules that each learnt one was made of.
    learnt_from: Vec<Vec<RuleId>>,
    pub(super) wishes: Wishes,
    pub(super) usage: OnceCell<Usage>,
}

/// What is known while a dead end is looked into.
#[derive(Debug)]
struct Analysis {
    seen: HashSet<PackageId>,
    /// Literals of lower levels, of which the rule to be learnt consists.
    others: Vec<Literal>,
    /// The highest of their levels.
    lower: i32,
    /// How many literals of the present level are still to be looked into.
    open: usize,
    from: Vec<RuleId>,
}

/// There is no way out: the rules that prove it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct DeadEnd(pub(super) Vec<RuleId>);

impl<'a> Solver<'a> {
    pub(super) fn new(providers: &'a Providers<'a>, marks: &'a Marks, rules: Rules, jobs: (RuleId, RuleId)) -> Self {
        let packages = providers.universe.len();
        let learnt = rules.end();
        let mut solver = Self {
            providers,
            marks,
            rules,
            jobs,
            learnt,
            levels: vec![0; packages],
            decisions: Vec::new(),
            reasons: Vec::new(),
            propagated: 0,
            watches: vec![RuleId::NONE; packages * 2],
            branches: Vec::new(),
            learnt_from: Vec::new(),
            wishes: Wishes::new(packages),
            usage: OnceCell::new(),
        };
        for id in Rules::between(RuleId(1), learnt).rev() {
            solver.watch(id);
        }
        solver
    }

    fn watch(&mut self, id: RuleId) {
        let watches = self.rules.get(id).watches;
        if watches[1] == Literal::NONE {
            return;
        }
        for (side, literal) in watches.into_iter().enumerate() {
            let first = std::mem::replace(&mut self.watches[literal.slot()], id);
            self.rules.get_mut(id).next[side] = first;
        }
    }

    pub(super) fn level_of(&self, id: PackageId) -> i32 {
        self.levels[id.index()]
    }

    pub(super) fn is_in(&self, id: PackageId) -> bool {
        self.level_of(id) > 0
    }

    pub(super) fn is_undecided(&self, id: PackageId) -> bool {
        self.level_of(id) == 0
    }

    pub(super) fn is_true(&self, literal: Literal) -> bool {
        let level = self.level_of(literal.package());
        if literal.is_yes() { level > 0 } else { level < 0 }
    }

    fn is_false(&self, literal: Literal) -> bool {
        self.is_true(!literal)
    }

    fn decide(&mut self, literal: Literal, level: i32, why: Why) {
        self.levels[literal.package().index()] = if literal.is_yes() { level } else { -level };
        self.decisions.push(literal);
        self.reasons.push(why);
    }

    /// Decides what rules of one literal say, at level 1.
    pub(super) fn decide_assertions(&mut self) -> Result<(), DeadEnd> {
        for id in Rules::between(RuleId(1), self.learnt) {
            let [literal] = *self.rules.literals(id) else { continue };
            if self.is_false(literal) {
                let decided = self.decisions.iter().position(|decision| *decision == !literal);
                let other = decided.and_then(|place| match self.reasons.get(place) {
                    Some(Why::Rule(rule)) => Some(*rule),
                    _ => None,
                });
                return Err(DeadEnd([Some(id), other].into_iter().flatten().collect()));
            }
            if !self.is_true(literal) {
                self.decide(literal, 1, Why::Rule(id));
            }
        }
        match self.propagate(1) {
            Some(rule) => Err(self.prove(rule)),
            None => Ok(()),
        }
    }

    /// Decides all that follows; a rule that can't hold any more, if there is one.
    fn propagate(&mut self, level: i32) -> Option<RuleId> {
        while let Some(decision) = self.decisions.get(self.propagated).copied() {
            self.propagated += 1;
            let literal = !decision;
            // Where the number of the rule being looked at is kept.
            let mut place: Option<(RuleId, usize)> = None;
            loop {
                let id = match place {
                    None => self.watches[literal.slot()],
                    Some((before, side)) => self.rules.get(before).next[side],
                };
                if id == RuleId::NONE {
                    break;
                }
                let rule = *self.rules.get(id);
                let side = usize::from(rule.watches[0] != literal);
                let other = rule.watches[1 - side];
                if self.is_true(other) {
                    place = Some((id, side));
                    continue;
                }
                if let Some(free) = self.find_free(id, &rule, other) {
                    let next = rule.next[side];
                    match place {
                        None => self.watches[literal.slot()] = next,
                        Some((before, side)) => self.rules.get_mut(before).next[side] = next,
                    }
                    let first = std::mem::replace(&mut self.watches[free.slot()], id);
                    let moved = self.rules.get_mut(id);
                    moved.watches[side] = free;
                    moved.next[side] = first;
                    continue;
                }
                if self.is_false(other) {
                    return Some(id);
                }
                self.decide(other, level, Why::Rule(id));
                place = Some((id, side));
            }
        }
        None
    }

    /// Another literal of a longer rule that may still hold.
    fn find_free(&self, id: RuleId, rule: &Rule, other: Literal) -> Option<Literal> {
        if rule.len() <= 2 {
            return None;
        }
        self.rules.literals(id).iter().copied().find(|literal| *literal != other && !self.is_false(*literal))
    }

    /// Decides something freely and all that follows; after a dead end what was learnt decides instead. Gives the level that was reached.
    pub(super) fn choose(&mut self, level: i32, package: PackageId, why: Why) -> Result<i32, DeadEnd> {
        let mut level = level + 1;
        self.decide(Literal::yes(package), level, why);
        while let Some(conflict) = self.propagate(level) {
            if level == 1 {
                return Err(self.prove(conflict));
            }
            let (lower, rule) = self.analyze(level, conflict);
            level = lower;
            if let Some(literal) = self.rules.literals(rule).first().copied() {
                self.decide(literal, level, Why::Rule(rule));
            }
        }
        Ok(level)
    }

    /// Takes back what was decided above a level.
    pub(super) fn revert(&mut self, level: i32) {
        while let Some(last) = self.decisions.last() {
            let place = last.package().index();
            if self.levels[place].abs() <= level {
                break;
            }
            self.levels[place] = 0;
            self.decisions.pop();
            self.reasons.pop();
            self.propagated = self.decisions.len();
        }
        while self.branches.last().is_some_and(|branch| branch.level >= level) {
            self.branches.pop();
        }
        self.wishes.forget_after(self.decisions.len());
    }

    /// What is to be learnt of a rule that can't hold: the level to go back to, and a rule that decides there.
    fn analyze(&mut self, level: i32, conflict: RuleId) -> (i32, RuleId) {
        let mut analysis = Analysis { seen: HashSet::new(), others: Vec::new(), lower: 1, open: 0, from: Vec::new() };
        self.absorb(&mut analysis, conflict, level);
        let mut decided = Literal::NONE;
        let mut place = self.decisions.len();
        while place > 0 && analysis.open > 0 {
            place -= 1;
            let literal = self.decisions[place];
            if !analysis.seen.remove(&literal.package()) {
                continue;
            }
            analysis.open -= 1;
            if analysis.open == 0 {
                decided = !literal;
            } else if let Why::Rule(id) = self.reasons[place] {
                self.absorb(&mut analysis, id, level);
            }
        }
        // What was decided at the first level holds in any case; it is of interest only for telling why.
        analysis.others.iter().for_each(|literal: &Literal| _ = analysis.seen.remove(&literal.package()));
        while place > 0 && !analysis.seen.is_empty() {
            place -= 1;
            if let (true, Why::Rule(id)) = (analysis.seen.remove(&self.decisions[place].package()), self.reasons[place]) {
                self.absorb(&mut analysis, id, level);
            }
        }
        let Analysis { others, lower, from, .. } = analysis;
        self.revert(lower);
        let id = self.rules.add(&[vec![decided], others].concat(), Cause::LEARNT);
        self.learnt_from.push(from);
        self.watch_highest(id);
        self.watch(id);
        (lower, id)
    }

    /// Takes the literals of a rule that were decided the other way.
    fn absorb(&self, analysis: &mut Analysis, id: RuleId, level: i32) {
        analysis.from.push(id);
        for literal in self.rules.literals(id).iter().copied() {
            if self.is_true(literal) || !analysis.seen.insert(literal.package()) {
                continue;
            }
            match self.level_of(literal.package()).abs() {
                1 => {}
                found if found == level => analysis.open += 1,
                found => {
                    analysis.others.push(literal);
                    analysis.lower = analysis.lower.max(found);
                }
            }
        }
    }

    /// Of a longer rule, the literal that was decided last is watched besides the first.
    fn watch_highest(&mut self, id: RuleId) {
        if self.rules.get(id).len() <= 2 {
            return;
        }
        let rest = self.rules.literals(id).get(1..).unwrap_or_default();
        let mut highest: Option<(i32, Literal)> = None;
        for literal in rest {
            let level = self.level_of(literal.package()).abs();
            if highest.is_none_or(|(found, _)| level > found) {
                highest = Some((level, *literal));
            }
        }
        if let Some((_, literal)) = highest {
            self.rules.get_mut(id).watches[1] = literal;
        }
    }

    /// All rules that have led to one that can't hold, with those that learnt ones were made of.
    fn prove(&self, conflict: RuleId) -> DeadEnd {
        let mut involved = HashSet::new();
        let mut proof = Vec::new();
        let mut next = Some(conflict);
        let mut decided = self.decisions.iter().zip(&self.reasons).rev();
        while let Some(id) = next {
            proof.push(id);
            involved.extend(self.rules.literals(id).iter().filter(|literal| !self.is_true(**literal)).map(|literal| literal.package()));
            next = decided.find_map(|(literal, why)| match why {
                Why::Rule(id) if involved.contains(&literal.package()) => Some(*id),
                _ => None,
            });
        }
        DeadEnd(self.without_learnt(proof))
    }

    fn without_learnt(&self, proof: Vec<RuleId>) -> Vec<RuleId> {
        let mut known = BTreeSet::new();
        let mut todo = proof;
        while let Some(id) = todo.pop() {
            if known.insert(id) && id >= self.learnt {
                todo.extend(self.learnt_from.get((id.0 - self.learnt.0).try_into().unwrap_or(usize::MAX)).into_iter().flatten());
            }
        }
        known.into_iter().filter(|id| *id < self.learnt).collect()
    }
}
