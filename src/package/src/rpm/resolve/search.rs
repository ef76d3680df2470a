//! The search itself: what was asked for, then what that needs, then what would be nice, then whether some choice can be spared.
//!
//! The loop of libsolv's solver_run_sat, with nothing installed.

use super::PackageId;
use super::rules::RuleId;
use super::solver::{Branch, DeadEnd, Solver, Why};

impl Branch {
    /// The first of the packages is the one that is tried.
    pub(super) fn new(choices: &[PackageId], level: i32) -> Self {
        Self { choices: choices.iter().enumerate().map(|(place, id)| (*id, place == 0)).collect(), level }
    }
}

impl Solver<'_> {
    /// Finds the packages; they are what [`Solver::is_in`] says afterwards.
    pub(super) fn run(&mut self, is_weak_wanted: bool) -> Result<(), DeadEnd> {
        self.decide_assertions()?;
        let mut level = 1;
        let mut asked = 2;
        loop {
            if level < asked {
                let before = level;
                level = self.choose_jobs(level)?;
                if level < before {
                    continue;
                }
                asked = level + 1;
            }
            asked = asked.min(level);
            let before = level;
            level = self.choose_dependencies(level)?;
            if level < before {
                continue;
            }
            if is_weak_wanted && let Some(reached) = self.choose_weak(level)? {
                level = reached;
                continue;
            }
            match self.spare_choice()? {
                Some(reached) => level = reached,
                None => return Ok(()),
            }
        }
    }

    fn choose_for(&mut self, level: i32, packages: &mut Vec<PackageId>, rule: RuleId) -> Result<i32, DeadEnd> {
        if packages.len() > 1 {
            self.choose_among(packages, true);
        }
        if packages.len() > 1 {
            self.branches.push(Branch::new(packages, level));
        }
        match packages.first() {
            Some(first) => self.choose(level, *first, Why::Choice(rule)),
            None => Ok(level),
        }
    }

    /// What was asked for.
    fn choose_jobs(&mut self, level: i32) -> Result<i32, DeadEnd> {
        let start = level;
        let mut level = level;
        let (from, to) = self.jobs;
        let mut next = from;
        while next < to {
            let rule = next;
            next = RuleId(next.0 + 1);
            let Some(mut packages) = self.undecided(rule).filter(|packages| !packages.is_empty()) else { continue };
            let before = level;
            level = self.choose_for(level, &mut packages, rule)?;
            if level == before {
                next = rule;
            } else if level < before {
                if level < start {
                    return Ok(level);
                }
                next = from;
            }
        }
        Ok(level)
    }

    /// The packages between which a rule leaves the choice; none if it holds.
    fn undecided(&self, rule: RuleId) -> Option<Vec<PackageId>> {
        let mut packages = Vec::new();
        for literal in self.rules.literals(rule) {
            if literal.is_yes() {
                if self.is_in(literal.package()) {
                    return None;
                }
                packages.extend(Some(literal.package()).filter(|id| self.is_undecided(*id)));
            } else if !self.is_in(literal.package()) {
                return None;
            }
        }
        Some(packages)
    }

    /// What that needs: rules that leave no choice first, then the first one that does, and so on from there.
    fn choose_dependencies(&mut self, level: i32) -> Result<i32, DeadEnd> {
        let start = level;
        let mut level = level;
        let (mut rule, mut looked_at) = (RuleId(0), 0);
        let mut postponed: Option<RuleId> = None;
        let mut is_final = false;
        loop {
            rule = RuleId(rule.0 + 1);
            looked_at += 1;
            if looked_at >= self.rules.end().0 {
                let Some(first) = postponed.take().filter(|_| !is_final) else { return Ok(level) };
                rule = first;
                is_final = true;
                looked_at = 1;
            }
            if rule >= self.rules.end() {
                rule = RuleId(1);
            }
            let Some(mut packages) = self.undecided(rule).filter(|packages| packages.len() > 1) else { continue };
            if !is_final {
                self.choose_among(&mut packages, false);
                if packages.len() > 1 {
                    postponed = postponed.or(Some(rule));
                    continue;
                }
            }
            level = self.choose_for(level, &mut packages, rule)?;
            if level < start {
                return Ok(level);
            }
            looked_at = 0;
        }
    }

    /// If something that was not chosen came in anyway, or could be left for what is recommended, the choice is made again; the level reached.
    fn spare_choice(&mut self) -> Result<Option<i32>, DeadEnd> {
        self.update_wishes();
        let mut found = None;
        for (number, branch) in self.branches.iter().enumerate().rev() {
            let untried = || branch.choices.iter().enumerate().filter(|(_, (_, is_tried))| !is_tried);
            let later = untried().find(|(_, (id, _))| self.level_of(*id) > branch.level);
            if let Some((place, _)) = later {
                found = Some((number, place));
                continue;
            }
            let is_wished = |id: PackageId| self.wishes.is_recommended(id) || self.is_supplementing(id);
            let Some((place, _)) = untried().find(|(_, (id, _))| is_wished(*id)) else { continue };
            let mut current = branch.choices.iter().filter(|(id, is_tried)| *is_tried && self.level_of(*id) == branch.level + 1);
            if current.any(|(id, _)| !is_wished(*id)) {
                found = Some((number, place));
            }
        }
        let Some((number, place)) = found else { return Ok(None) };
        self.take_branch(number, place).map(Some)
    }

    fn take_branch(&mut self, number: usize, place: usize) -> Result<i32, DeadEnd> {
        let branch = &mut self.branches[number];
        let level = branch.level;
        let choice = &mut branch.choices[place];
        choice.1 = true;
        let package = choice.0;
        let kept = branch.clone();
        // The reason for the choice stays the one it was.
        let decided = self.decisions.iter().position(|decision| self.level_of(decision.package()).abs() > level);
        let why = decided.and_then(|place| self.reasons.get(place).copied()).unwrap_or(Why::Wish);
        self.revert(level);
        self.branches.truncate(number);
        self.branches.push(kept);
        self.choose(level, package, why)
    }
}
