//! What is learnt from a dead end, and what proves that there is no way out.

use std::collections::{BTreeSet, HashSet};

use super::rules::{Cause, Literal, RuleId};
use super::solver::{DeadEnd, Solver, Why};
use crate::rpm::universe::PackageId;

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

impl Solver<'_> {
    /// What is to be learnt of a rule that can't hold: the level to go back to, and a rule that decides there.
    pub(super) fn analyze(&mut self, level: i32, conflict: RuleId) -> (i32, RuleId) {
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
    pub(super) fn prove(&self, conflict: RuleId) -> DeadEnd {
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
