//! The search's state: what is decided, what follows from it, and what is learnt from a dead end.
//!
//! It is conflict-driven clause learning with two watched literals, as in libsolv's solver.c, and decides and propagates in libsolv's order: which of
//! several answers comes out depends on it.

use std::cell::OnceCell;

use super::build::Marks;
use super::providers::Providers;
use super::rules::{Literal, Rule, RuleId, Rules};
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
    pub(super) learnt_from: Vec<Vec<RuleId>>,
    pub(super) wishes: Wishes,
    pub(super) usage: OnceCell<Usage>,
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

    pub(super) fn watch(&mut self, id: RuleId) {
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
}
