//! Which of several packages is chosen: libsolv's policy.c, with nothing installed.

mod obsoleted;
mod order;

use std::cmp::Ordering;

use super::providers::Providers;
use super::solver::Solver;
use crate::rpm::architecture::Score;
use crate::rpm::universe::PackageId;
use crate::rpm::version::compare_evr;

impl Solver<'_> {
    /// The best of some packages, the best first; in the packages' order if only those are wanted that nothing hides.
    pub(super) fn choose_among(&mut self, packages: &mut Vec<PackageId>, is_ordered: bool) {
        self.providers.keep_best(packages);
        if packages.len() < 2 {
            return;
        }
        self.keep_recommended(packages);
        if packages.len() > 1 && is_ordered {
            self.put_old_last(packages);
            self.put_old_providers_last(packages);
            self.put_suggested_first(packages);
        }
    }

    /// Of some packages that come along, those that others hide are not taken out, but come last.
    pub(super) fn order_supplements(&mut self, packages: &mut [PackageId]) {
        self.put_old_last(packages);
        self.put_old_providers_last(packages);
        self.put_suggested_first(packages);
    }

    /// If something that is in recommends some of them, only those; likewise those that supplement what is in.
    fn keep_recommended(&mut self, packages: &mut Vec<PackageId>) {
        self.update_wishes();
        let is_wished: Vec<bool> = packages.iter().map(|id| self.wishes.is_recommended(*id) || self.is_supplementing(*id)).collect();
        if is_wished.contains(&true) {
            let mut wished = is_wished.into_iter();
            packages.retain(|_| wished.next().unwrap_or(false));
        }
    }

    fn put_suggested_first(&mut self, packages: &mut [PackageId]) {
        self.update_wishes();
        packages.sort_by_cached_key(|id| !(self.wishes.is_suggested(*id) || self.is_enhancing(*id)));
    }

    /// Those of which there is a newer version for the same architecture, or one in a better repository.
    fn put_old_last(&self, packages: &mut [PackageId]) {
        let universe = self.providers.universe;
        packages.sort_by_cached_key(|id| {
            let package = universe.package(*id);
            self.providers.named(package.name).iter().filter(|other| *other != id).any(|other| {
                let found = universe.package(*other);
                found.architecture == package.architecture
                    && match self.providers.priority(*id).cmp(&self.providers.priority(*other)) {
                        Ordering::Less => false,
                        Ordering::Greater => true,
                        Ordering::Equal => compare_evr(universe.text(found.evr), universe.text(package.evr)) == Ordering::Greater,
                    }
            })
        });
    }
}

impl Providers<'_> {
    /// Those of the best repository, for the best architecture, of each name the best version, and what none of the others obsoletes.
    pub(super) fn keep_best(&self, packages: &mut Vec<PackageId>) {
        if packages.len() > 1 {
            let priority = |id: &PackageId| self.priority(*id);
            let best = packages.iter().map(priority).min();
            packages.retain(|id| Some(self.priority(*id)) == best);
        }
        if packages.len() > 1 {
            let score = |id: &PackageId| self.universe.package(*id).score;
            if let Some(best) = packages.iter().map(score).filter(|score| *score != Score::Any).min() {
                packages.retain(|id| score(id) == Score::Any || score(id) == best);
            }
        }
        if packages.len() > 1 {
            self.keep_best_versions(packages);
            self.drop_obsoleted(packages);
        }
    }

    /// As dnf counts: the lower, the better.
    fn priority(&self, id: PackageId) -> i32 {
        let universe = self.universe;
        universe.repositories.get(universe.package(id).repository.index()).map_or(0, |repository| repository.priority)
    }

    fn keep_best_versions(&self, packages: &mut Vec<PackageId>) {
        let universe = self.universe;
        let cost =
            |id: PackageId| universe.repositories.get(universe.package(id).repository.index()).map_or(0, |repository| repository.cost);
        packages.sort_by(|left, right| {
            let (one, other) = (universe.package(*left), universe.package(*right));
            if one.name != other.name {
                return universe.text(one.name).cmp(universe.text(other.name));
            }
            let by_score = match (one.score, other.score) {
                (Score::Rank(one), Score::Rank(other)) => one.cmp(&other),
                _ => Ordering::Equal,
            };
            by_score.then_with(|| cost(*left).cmp(&cost(*right))).then_with(|| left.cmp(right))
        });
        let mut best: Vec<PackageId> = Vec::new();
        for id in packages.drain(..) {
            let package = universe.package(id);
            match best.last_mut().filter(|last| universe.package(**last).name == package.name) {
                Some(last) => {
                    let evr = universe.package(*last).evr;
                    if evr != package.evr && compare_evr(universe.text(evr), universe.text(package.evr)) == Ordering::Less {
                        *last = id;
                    }
                }
                None => best.push(id),
            }
        }
        *packages = best;
    }
}
