//! What an attempt that failed teaches the next one: which packages to do without (`_emerge.resolver.backtracking`).

use std::collections::{BTreeMap, BTreeSet};

use super::graph::Parent;
use super::pool::{PackageId, Pool};
use crate::portage::Atom;

/// Packages that are not taken, and why.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Masks(BTreeMap<PackageId, Reasons>);

/// Why a package is not taken.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
struct Reasons {
    /// Something that it needs can't be had.
    is_missing: bool,
    /// It was built for another sub-slot than is there.
    is_other_build: bool,
    /// It was in conflict with another; those who didn't want it, and as what they wanted the other one.
    conflict: Option<Unwanting>,
}

/// Who doesn't want a package.
pub(super) type Unwanting = BTreeSet<(Parent, String)>;

/// What to do otherwise.
#[derive(Debug, Clone)]
pub(super) enum Feedback {
    /// Do without a package that needs what can't be had.
    Missing(PackageId),
    /// Take another build of a package.
    OtherBuild(PackageId),
    /// Do without one or another; the last is tried first.
    Conflict(Vec<Vec<(PackageId, Unwanting)>>),
}

impl Masks {
    pub(super) fn contains(&self, id: PackageId) -> bool {
        !self.0.is_empty() && self.0.contains_key(&id)
    }

    /// Whether an atom means a package that is not taken although all wanted it: then it would lead to older and older ones.
    pub(super) fn forbids_retry(&self, pool: &Pool<'_>, atom: &Atom) -> bool {
        self.0.iter().any(|(id, reasons)| {
            let is_only_conflict =
                !reasons.is_missing && !reasons.is_other_build && reasons.conflict.as_ref().is_some_and(BTreeSet::is_empty);
            is_only_conflict && pool.is_match(atom, *id, true)
        })
    }

    /// A package whose opponents are all not taken themselves needs not be left out.
    fn is_sensible(&self) -> bool {
        self.0.values().all(|reasons| {
            let opponents = reasons.conflict.iter().flatten().map(|(parent, _)| parent);
            let is_there = |parent: &Parent| !matches!(parent, Parent::Package(id) if self.contains(*id));
            let has_conflict = reasons.conflict.as_ref().is_some_and(|opponents| !opponents.is_empty());
            reasons.is_missing || reasons.is_other_build || !has_conflict || opponents.into_iter().any(is_there)
        })
    }
}

/// How many packages one attempt may do without, and how many attempts there are; emerge's own figures.
const MOST_STEPS: usize = 10;
const MOST_RETRIES: usize = 20;

/// An attempt to make.
#[derive(Debug, Clone)]
struct Attempt {
    masks: Masks,
    steps: usize,
}

/// The attempts that were made and are to be made.
#[derive(Debug)]
pub(super) struct Attempts {
    known: Vec<Masks>,
    open: Vec<Attempt>,
    current: Attempt,
    pub(super) retries: usize,
}

impl Attempts {
    pub(super) fn new() -> Self {
        let first = Attempt { masks: Masks::default(), steps: 0 };
        Self { known: vec![Masks::default()], open: vec![first.clone()], current: first, retries: 0 }
    }

    /// What the next attempt does without; none if there is nothing left to try.
    pub(super) fn next(&mut self) -> Option<Masks> {
        self.current = self.open.pop()?;
        Some(self.current.masks.clone())
    }

    /// Takes note of a failure. False if that was the last attempt.
    pub(super) fn learn(&mut self, feedback: Option<Feedback>) -> bool {
        if self.retries == MOST_RETRIES {
            return false;
        }
        self.retries += 1;
        let (mut masks, steps) = (self.current.masks.clone(), self.current.steps);
        match feedback {
            None => {}
            Some(Feedback::Missing(id)) => {
                masks.0.entry(id).or_default().is_missing = true;
                self.add(Attempt { masks, steps: steps + 1 });
            }
            Some(Feedback::OtherBuild(id)) => {
                masks.0.entry(id).or_default().is_other_build = true;
                self.add(Attempt { masks, steps });
            }
            Some(Feedback::Conflict(choices)) => {
                for choice in choices {
                    let mut masks = masks.clone();
                    for (id, unwanting) in choice {
                        masks.0.entry(id).or_default().conflict = Some(unwanting);
                    }
                    self.add(Attempt { masks, steps: steps + 1 });
                }
            }
        }
        !self.open.is_empty()
    }

    fn add(&mut self, attempt: Attempt) {
        if attempt.masks.is_sensible() && attempt.steps <= MOST_STEPS && !self.known.contains(&attempt.masks) {
            self.known.push(attempt.masks.clone());
            self.open.push(attempt);
        }
    }
}
