//! The order in which packages are installed: what a package needs before it, and what comes with it by itself once all of its conditions are there.

use super::state::Solver;
use super::universe::{NameId, PackageId};
use crate::apk::Dependency;

/// What is still to be done, the next one last. Recursion by hand: chains of dependencies are as long as an index wants.
enum Step {
    Name(NameId),
    Install(PackageId),
    /// A name that comes if its conditions are installed.
    Companion(NameId),
}

impl Solver<'_> {
    /// The chosen packages in order. Counts what is needed and doesn't hold as errors.
    pub(super) fn order(&mut self, world: &[(NameId, &Dependency)]) -> Vec<PackageId> {
        let mut order = Vec::new();
        for (name, dependency) in world {
            self.check(*name, dependency);
            let mut steps = vec![Step::Name(*name)];
            while let Some(step) = steps.pop() {
                match step {
                    Step::Name(name) => self.enter_name(name, &mut steps),
                    Step::Install(package) => {
                        order.push(package);
                        self.enter_companions(package, &mut steps);
                    }
                    Step::Companion(name) => {
                        if self.is_companion_ready(name) {
                            self.enter_name(name, &mut steps);
                        }
                    }
                }
            }
        }
        order
    }

    fn check(&mut self, name: NameId, dependency: &Dependency) {
        self.errors += usize::from(!self.universe.is_satisfied(dependency, self.chosen(name)));
    }

    fn enter_name(&mut self, name: NameId, steps: &mut Vec<Step>) {
        let universe = self.universe;
        if std::mem::replace(&mut self.name_mut(name).ordered, true) {
            return;
        }
        let Some(package) = self.chosen(name).map(|chosen| chosen.package) else { return };
        if std::mem::replace(&mut self.package_mut(package).ordered, true) {
            return;
        }
        universe.candidate(package).names().for_each(|name| self.name_mut(name).ordered = true);
        steps.push(Step::Install(package));
        for (name, dependency) in universe.candidate(package).wants() {
            self.check(name, dependency);
        }
        steps.extend(universe.candidate(package).depends.iter().rev().map(|name| Step::Name(*name)));
    }

    fn enter_companions(&self, package: PackageId, steps: &mut Vec<Step>) {
        let universe = self.universe;
        let names = universe.candidate(package).names();
        let companions = names.flat_map(|name| &universe.name(name).install_if_of).flat_map(|package| universe.candidate(*package).names());
        let start = steps.len();
        steps.extend(companions.map(Step::Companion));
        if let Some(added) = steps.get_mut(start..) {
            added.reverse();
        }
    }

    fn is_companion_ready(&self, name: NameId) -> bool {
        let universe = self.universe;
        let state = self.name(name);
        let Some(chosen) = self.chosen(name).filter(|_| state.seen && !state.ordered) else { return false };
        let candidate = universe.candidate(chosen.package);
        let mut conditions = candidate.install_if.iter().copied().zip(&candidate.package.install_if);
        conditions.all(|(name, condition)| self.name(name).ordered && universe.is_satisfied(condition, self.chosen(name)))
    }
}
