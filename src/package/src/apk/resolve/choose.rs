//! Choosing: which name is decided next, and who it means.

use std::cmp::Ordering;

use super::state::Solver;
use super::universe::{NameId, PackageId, Provider, Tags};

impl Solver<'_> {
    /// Decides names until all that are needed mean something.
    pub(super) fn run(&mut self) {
        loop {
            while let Some(name) = self.next_dirty() {
                self.reconsider(name);
            }
            let Some(name) = self.next_undecided() else { return };
            self.decide(name);
        }
    }

    fn decide(&mut self, name: NameId) {
        let universe = self.universe;
        let is_required = self.name(name).requirers > 0;
        let mut best: Option<Provider> = None;
        for provider in self.providers(name) {
            let package = self.package(provider.package);
            let comes_by_itself = package.triggered && package.tag_ok && package.selectable;
            if (is_required || comes_by_itself)
                && self.is_automatic(*provider)
                && best.is_none_or(|best| self.compare(*provider, best).is_gt())
            {
                best = Some(*provider);
            }
        }
        let Some(best) = best else {
            self.assign(name, None);
            self.errors += usize::from(is_required);
            return;
        };
        let package = best.package;
        if !self.package(package).selectable || !self.package(package).tag_ok {
            self.errors += 1;
        }
        for (name, provider) in universe.provided_by(package) {
            self.assign(name, Some(provider));
        }
        for (name, dependency) in universe.candidate(package).wants() {
            self.require(Some(package), Tags::DEFAULT, name, dependency);
        }
    }

    /// Who is better. Versions of the name that is asked for come before everything that only ranks packages.
    fn compare(&self, left: Provider, right: Provider) -> Ordering {
        let universe = self.universe;
        let (a, b) = (self.package(left.package), self.package(right.package));
        let (own_a, own_b) = (universe.candidate(left.package), universe.candidate(right.package));
        let by_name = match (universe.version(left), universe.version(right)) {
            (Some(left), Some(right)) => left.compare(right),
            _ => Ordering::Equal,
        };
        let by_own_name = || if own_a.name == own_b.name { own_a.package.version.compare(&own_b.package.version) } else { Ordering::Equal };
        let place = |package: PackageId| self.repositories(package).first();
        (a.selectable, a.used)
            .cmp(&(b.selectable, b.used))
            .then(b.conflicts.cmp(&a.conflicts))
            .then((a.tag_ok, a.tag_preferred).cmp(&(b.tag_ok, b.tag_preferred)))
            .then(by_name)
            .then_with(by_own_name)
            .then(own_a.package.provider_priority.cmp(&own_b.package.provider_priority))
            .then_with(|| place(right.package).cmp(&place(left.package)))
    }

    fn assign(&mut self, name: NameId, chosen: Option<Provider>) {
        let universe = self.universe;
        let is_shared = |provider: Option<Provider>| provider.is_none_or(|provider| universe.version(provider).is_none());
        if let Some(before) = self.name(name).chosen {
            if !(is_shared(chosen) && is_shared(before)) {
                // Two packages that are needed both are this one name.
                self.errors += 1;
            }
            return;
        }
        self.name_mut(name).chosen = Some(chosen);
        self.list(name);
        for provider in self.providers(name) {
            let is_chosen = chosen.is_some_and(|chosen| chosen.package == provider.package);
            if !(is_chosen || is_shared(chosen) && is_shared(Some(*provider))) {
                self.disqualify(provider.package);
            }
        }
        self.dependants_stale(name);
        match chosen {
            Some(chosen) => self.install_ifs_stale(chosen.package),
            None => self.install_if_stale(name),
        }
    }
}
