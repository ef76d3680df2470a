//! What follows from what is known, without choosing: dependencies that every option has in common, options that nothing allows any more.

use super::state::Solver;
use super::universe::{NameId, PackageId, Provider, Tags};
use crate::apk::Dependency;

impl Solver<'_> {
    /// Takes a dependency of a package, or of the world with its pinning, as given.
    pub(super) fn require(&mut self, who: Option<PackageId>, pinning: Tags, name: NameId, dependency: &Dependency) {
        if !dependency.conflict {
            self.name_mut(name).requirers += 1;
            if self.name(name).requirers == 1 {
                self.requirers_changed(name);
            }
        }
        for provider in self.providers(name) {
            if self.universe.is_satisfied(dependency, Some(*provider)) {
                self.inherit(provider.package, who, pinning);
            } else {
                self.package_mut(provider.package).conflicts += 1;
                self.disqualify(provider.package);
            }
        }
    }

    /// A package may come from where those who need it may. The world's own pinning says where from it should.
    pub(super) fn inherit(&mut self, package: PackageId, from: Option<PackageId>, pinning: Tags) {
        let repositories = self.repositories(package);
        let inherited = from.map_or(pinning, |from| self.package(from).allowed);
        let is_preferred = repositories.meet(self.universe.allowed(pinning));
        let allowed = self.package(package).allowed.join(inherited);
        let is_allowed = repositories.meet(self.universe.allowed(allowed));
        let state = self.package_mut(package);
        state.allowed = allowed;
        state.tag_ok |= is_allowed;
        if from.is_none() {
            state.tag_preferred = is_preferred;
        }
    }

    pub(super) fn disqualify(&mut self, package: PackageId) {
        if !std::mem::take(&mut self.package_mut(package).selectable) {
            return;
        }
        let universe = self.universe;
        for name in universe.candidate(package).names() {
            self.dependants_stale(name);
        }
        self.install_ifs_stale(package);
    }

    /// Whoever depends on the name has to look again.
    pub(super) fn dependants_stale(&mut self, name: NameId) {
        let universe = self.universe;
        // None is added once names are discovered.
        let dependants = std::mem::take(&mut self.name_mut(name).dependants);
        for name in dependants.iter().flat_map(|dependant| universe.candidate(*dependant).names()) {
            if self.name(name).seen && self.name(name).chosen.is_none() {
                self.name_mut(name).dependencies_stale = true;
                self.mark_dirty(name);
            }
        }
        self.name_mut(name).dependants = dependants;
    }

    /// Whoever would come with one of the package's names has to look again.
    pub(super) fn install_ifs_stale(&mut self, package: PackageId) {
        let universe = self.universe;
        universe.candidate(package).names().for_each(|name| self.install_if_stale(name));
    }

    pub(super) fn install_if_stale(&mut self, name: NameId) {
        let universe = self.universe;
        for name in universe.name(name).install_if_of.iter().flat_map(|package| universe.candidate(*package).names()) {
            if self.name(name).seen && !self.name(name).never_triggered {
                self.name_mut(name).install_if_stale = true;
                self.mark_dirty(name);
            }
        }
    }

    fn requirers_changed(&mut self, name: NameId) {
        self.list(name);
        self.install_if_stale(name);
        self.mark_dirty(name);
    }

    /// Draws the conclusions about a name.
    pub(super) fn reconsider(&mut self, name: NameId) {
        let options = self.find_options(name);
        self.list(name);
        if let Some(first) = options.first() {
            self.pass_on(name, first.package, &options);
            self.exclude_others(name, &options);
        }
        let universe = self.universe;
        let undecided = |name: NameId| self.name(name).seen && self.name(name).chosen.is_none();
        let decided = !self.name(name).dependants.iter().flat_map(|package| universe.candidate(*package).names()).any(undecided);
        self.name_mut(name).dependants_decided = decided;
        self.list(name);
    }

    /// The providers that can still be taken. Those that can't any more are disqualified, and `install_if`s are evaluated.
    fn find_options(&mut self, name: NameId) -> Vec<Provider> {
        let state = self.name_mut(name);
        let dependencies_stale = std::mem::take(&mut state.dependencies_stale);
        let install_if_stale = std::mem::take(&mut state.install_if_stale);
        let is_required = state.requirers > 0;
        let (mut options, mut automatic, mut triggered, mut never_triggered, mut foreign) = (Vec::new(), false, false, true, false);
        for provider in self.providers(name) {
            let id = provider.package;
            self.package_mut(id).merged = false;
            if dependencies_stale && self.package(id).selectable && !self.is_installable(id) {
                self.disqualify(id);
            }
            if !self.package(id).selectable {
                continue;
            }
            if install_if_stale {
                self.evaluate_install_if(id);
            }
            let package = self.package(id);
            triggered |= package.triggered;
            never_triggered &= package.never_triggered;
            automatic |= package.triggered;
            if is_required {
                foreign |= !package.tag_ok;
                automatic |= self.is_automatic(*provider);
                self.package_mut(id).merged = true;
                options.push(*provider);
            }
        }
        let state = self.name_mut(name);
        (state.triggered, state.never_triggered, state.automatic) = (triggered, never_triggered, automatic);
        state.has_options = options.len() > 1 || foreign;
        options
    }

    fn is_installable(&self, package: PackageId) -> bool {
        self.universe.candidate(package).wants().all(|(name, dependency)| self.is_possible(name, dependency))
    }

    /// A name without a version is somebody's only when asked for by the package's own name, or when the package says how it ranks.
    pub(super) fn is_automatic(&self, provider: Provider) -> bool {
        let candidate = self.universe.candidate(provider.package);
        self.universe.version(provider).is_some() || candidate.package.provider_priority > 0 || self.name(candidate.name).requirers > 0
    }

    fn evaluate_install_if(&mut self, id: PackageId) {
        let universe = self.universe;
        let candidate = universe.candidate(id);
        let conditions = || candidate.install_if.iter().copied().zip(&candidate.package.install_if);
        let package = self.package(id);
        if !package.triggered && !package.never_triggered {
            let verdict = conditions()
                .map(|(name, condition)| self.name(name).chosen.map(|chosen| universe.is_satisfied(condition, chosen)))
                .find(|verdict| *verdict != Some(true));
            let package = self.package_mut(id);
            (package.triggered, package.never_triggered) = (verdict.is_none(), verdict == Some(Some(false)));
        }
        if self.package(id).triggered {
            for (name, _) in conditions() {
                if let Some(chosen) = self.chosen(name) {
                    self.inherit(id, Some(chosen.package), Tags::DEFAULT);
                }
            }
        }
    }

    /// Whatever is chosen, what all options need is needed; all that the only option needs is.
    fn pass_on(&mut self, name: NameId, first: PackageId, options: &[Provider]) {
        let universe = self.universe;
        for provider in self.providers(name) {
            let package = self.package_mut(provider.package);
            package.used = package.merged;
        }
        let mut done = Vec::new();
        for (wanted, dependency) in universe.candidate(first).wants().filter(|(_, dependency)| !dependency.conflict) {
            if done.contains(&wanted) {
                continue;
            }
            done.push(wanted);
            if let [_] = options {
                if !self.package(first).forced {
                    self.require(Some(first), Tags::DEFAULT, wanted, dependency);
                }
                continue;
            }
            let needs = |option: &Provider| {
                universe.candidate(option.package).wants().any(|(name, dependency)| name == wanted && !dependency.conflict)
            };
            if self.name(wanted).requirers == 0 && options.iter().all(needs) {
                self.name_mut(wanted).requirers += 1;
                self.requirers_changed(wanted);
                for provider in self.providers(wanted) {
                    self.inherit(provider.package, Some(first), Tags::DEFAULT);
                }
            }
        }
        self.package_mut(first).forced |= options.len() == 1;
    }

    /// A name that all options provide will be theirs: who else provides it, and not this one too, can't be chosen.
    fn exclude_others(&mut self, name: NameId, options: &[Provider]) {
        let universe = self.universe;
        let Some(first) = options.first() else { return };
        let mut done = Vec::new();
        for provided in universe.candidate(first.package).names() {
            if provided == name || done.contains(&provided) {
                continue;
            }
            done.push(provided);
            let provides = |option: &Provider| {
                let found = universe.provided_by(option.package).find(|(name, _)| *name == provided).map(|(_, found)| found)?;
                // Its own name is shared when the one that is asked for is.
                let found = if provided == universe.candidate(option.package).name { *option } else { found };
                Some(universe.version(found).is_none())
            };
            let Some(shared) = options.iter().map(provides).collect::<Option<Vec<_>>>() else { continue };
            let may_share = shared.contains(&true);
            let at_odds = |provider: &&Provider| !self.goes_with(**provider, name, may_share);
            let excluded: Vec<_> = self.providers(provided).iter().filter(at_odds).map(|provider| provider.package).collect();
            excluded.into_iter().for_each(|package| self.disqualify(package));
        }
    }

    /// Whether a provider of one name can be there together with the one of `name`.
    fn goes_with(&self, provider: Provider, name: NameId, may_share: bool) -> bool {
        let is_shared = |provider: Provider| may_share && self.universe.version(provider).is_none();
        is_shared(provider) || self.universe.provided_by(provider.package).any(|(found, provider)| found == name || is_shared(provider))
    }
}
