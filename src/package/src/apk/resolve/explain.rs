//! Why no set of packages is what was asked for, in apk's words: for each name nobody is, who needs it; for each package, what speaks against it.

use std::collections::{BTreeSet, HashMap, VecDeque};

use super::Problem;
use super::universe::{NameId, PackageId, Provider, Tags, Universe};
use crate::apk::Dependency;

type World<'a> = [(NameId, &'a Dependency)];

/// Who asks for a name, the world by none, and for what.
type Want<'a> = (Option<PackageId>, &'a Dependency);

/// The report on what was chosen though it does not work.
pub(super) fn explain(universe: &Universe, world: &World<'_>, chosen: &[PackageId]) -> Vec<Problem> {
    let mut wants: HashMap<NameId, Vec<Want<'_>>> = HashMap::new();
    for (name, dependency) in world {
        wants.entry(*name).or_default().push((None, dependency));
    }
    for package in chosen {
        for (name, dependency) in universe.candidate(*package).wants() {
            wants.entry(name).or_default().push((Some(*package), dependency));
        }
    }
    let chosen_set = chosen.iter().copied().collect();
    let mut report =
        Report { universe, wants, chosen: chosen_set, present: BTreeSet::new(), missing: BTreeSet::new(), problems: Vec::new() };
    report.find_present();
    report.check_names(world.iter().copied());
    for package in chosen {
        report.check_package(*package);
        report.check_names(universe.candidate(*package).wants());
    }
    report.problems
}

/// Why packages of a name can't be had, though the index has them.
pub(super) fn unusable(universe: &Universe, name: &str) -> Vec<String> {
    universe.unusable(name).map(|(title, reason)| format!("{title} can't be used here: {reason}")).collect()
}

struct Report<'a> {
    universe: &'a Universe,
    wants: HashMap<NameId, Vec<Want<'a>>>,
    chosen: BTreeSet<PackageId>,
    /// Names that chosen packages are for whoever asks.
    present: BTreeSet<NameId>,
    missing: BTreeSet<NameId>,
    problems: Vec<Problem>,
}

impl<'a> Report<'a> {
    fn wants(&self, name: NameId) -> impl Iterator<Item = Want<'a>> {
        self.wants.get(&name).into_iter().flatten().copied()
    }

    /// A name without a version is there only by the package's rank, or when the package is asked for by a name that can only be its own.
    fn find_present(&mut self) {
        let universe = self.universe;
        for package in &self.chosen {
            let ranks = universe.candidate(*package).package.provider_priority > 0;
            let provided = || universe.provided_by(*package);
            let is_own = |provider: Provider| universe.version(provider).is_some();
            let is_asked = provided().any(|(name, provider)| is_own(provider) && self.wants(name).any(|(_, want)| !want.conflict));
            self.present.extend(provided().filter(|(_, provider)| ranks || is_asked || is_own(*provider)).map(|(name, _)| name));
        }
    }

    fn check_names<'b>(&mut self, wants: impl Iterator<Item = (NameId, &'b Dependency)>) {
        wants.filter(|(_, want)| !want.conflict).for_each(|(name, _)| self.check_name(name));
    }

    fn check_name(&mut self, name: NameId) {
        if self.present.contains(&name) || !self.missing.insert(name) {
            return;
        }
        let universe = self.universe;
        let text = &universe.name(name).text;
        let providers = &universe.name(name).providers;
        let mut reasons = Vec::new();
        let subject = if providers.is_empty() {
            reasons.push(("note", unusable(universe, text)));
            format!("{text} (no such package)")
        } else {
            let packages: BTreeSet<_> =
                providers.iter().map(|provider| universe.candidate(provider.package).package.name.clone()).collect();
            reasons.push(("note", vec!["please select one of the 'provided by' packages explicitly".to_owned()]));
            reasons.push(("provided by", packages.into_iter().collect()));
            format!("{text} (virtual)")
        };
        let asked = self.wants(name).filter(|(_, want)| !want.conflict).map(|want| self.shown(want));
        reasons.push(("required by", asked.collect()));
        let dependant = self.wants(name).filter(|(_, want)| !want.conflict).find_map(|(who, _)| who);
        reasons.push(("which is for", dependant.map(|package| self.way_to(package)).unwrap_or_default()));
        self.add(subject, reasons);
    }

    fn check_package(&mut self, package: PackageId) {
        let masked = self.masked(package);
        let conflicts = self.conflicts(package);
        let breaks = self.verdicts(package, false);
        if masked.is_empty() && conflicts.is_empty() && breaks.is_empty() {
            return;
        }
        let satisfies = self.verdicts(package, true);
        let reasons = vec![("masked in", masked), ("conflicts", conflicts), ("breaks", breaks), ("satisfies", satisfies)];
        self.add(self.universe.candidate(package).package.title(), reasons);
    }

    fn add(&mut self, subject: String, mut reasons: Vec<(&'static str, Vec<String>)>) {
        reasons.retain(|(_, reasons)| !reasons.is_empty());
        self.problems.push(Problem { subject, reasons });
    }

    /// Who asks for the package, and who asks for that one, from the world on; the shortest of such chains.
    fn way_to(&self, package: PackageId) -> Vec<String> {
        let universe = self.universe;
        let mut ways: HashMap<PackageId, Want<'_>> = HashMap::new();
        let mut queue = VecDeque::from([package]);
        while let Some(reached) = queue.pop_front() {
            for (name, provider) in universe.provided_by(reached) {
                let meant = self.wants(name).filter(|(_, want)| !want.conflict && universe.is_satisfied(want, Some(provider)));
                for (who, want) in meant {
                    let Some(who) = who else {
                        return self.way_down((None, want), reached, &ways);
                    };
                    if who != package && !ways.contains_key(&who) {
                        ways.insert(who, (Some(reached), want));
                        queue.push_back(who);
                    }
                }
            }
        }
        Vec::new()
    }

    /// The chain from the world's wish down, each with what it asks for.
    fn way_down(&self, wish: Want<'_>, reached: PackageId, ways: &HashMap<PackageId, Want<'_>>) -> Vec<String> {
        let mut chain = vec![self.shown(wish)];
        let mut here = reached;
        while let Some((Some(next), want)) = ways.get(&here).copied() {
            chain.push(self.shown((Some(here), want)));
            here = next;
        }
        chain
    }

    /// The tags of its repositories, when nothing that was asked for allows any of them.
    fn masked(&self, package: PackageId) -> Vec<String> {
        let candidate = self.universe.candidate(package);
        let asked = candidate.names().flat_map(|name| self.wants(name)).filter(|(who, _)| who.is_none());
        let tags = asked.filter_map(|(_, want)| self.universe.find_tag(want.tag.as_deref()));
        let allowed = self.universe.allowed(tags.fold(Tags::DEFAULT, Tags::join));
        if candidate.repositories.meet(allowed) { Vec::new() } else { self.universe.tags_of(package) }
    }

    /// Chosen packages that are a name it is too.
    fn conflicts(&self, package: PackageId) -> Vec<String> {
        let universe = self.universe;
        let mut conflicts = Vec::new();
        for (name, own) in universe.provided_by(package) {
            let is_package = own.is_package();
            for other in universe.name(name).providers.iter().filter(|other| self.chosen.contains(&other.package)) {
                let is_same = if is_package { other.package == package } else { *other == own };
                let is_shared = universe.version(own).is_none() && universe.version(*other).is_none();
                if is_same || is_shared {
                    continue;
                }
                let title = universe.candidate(other.package).package.title();
                let provided = || universe.version(own).map_or(String::new(), |version| format!("={version}"));
                let by = || format!("{title}[{}{}]", universe.name(name).text, provided());
                conflicts.push(if is_package { title.clone() } else { by() });
            }
        }
        conflicts
    }

    /// The dependencies that it satisfies, or breaks.
    fn verdicts(&self, package: PackageId, satisfied: bool) -> Vec<String> {
        let mut seen = BTreeSet::new();
        let mut verdicts = Vec::new();
        for (name, provider) in self.universe.provided_by(package) {
            if seen.insert(name) {
                let wants = self.wants(name).filter(|(_, want)| self.universe.is_satisfied(want, Some(provider)) == satisfied);
                verdicts.extend(wants.map(|want| self.shown(want)));
            }
        }
        verdicts
    }

    fn shown(&self, (who, want): Want<'_>) -> String {
        let who = who.map_or_else(|| "world".to_owned(), |package| self.universe.candidate(package).package.title());
        // Where it may come from is no part of what is asked.
        format!("{who}[{}]", Dependency { tag: None, ..want.clone() })
    }
}
