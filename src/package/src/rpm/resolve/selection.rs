//! What was chosen, as plain data.

use std::collections::{HashMap, VecDeque};

use super::PackageId;
use super::providers::Providers;
use super::request::Jobs;
use crate::rpm::dependency::{Relation, RelationId};
use crate::rpm::universe::RpmRepositoryId;
use crate::rpm::{Evr, Nevra, RpmChecksum};

/// The packages that were chosen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RpmSelection {
    /// By name, then architecture, then version.
    pub packages: Vec<SelectedRpm>,
    /// Packages of groups that no repository has, as dnf warns of them.
    pub absent: Vec<String>,
}

/// A package that was chosen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SelectedRpm {
    /// Its name, version and architecture.
    pub nevra: Nevra,
    /// Where it is from.
    pub repository: RpmRepositoryId,
    /// Its file, below the repository.
    pub location: String,
    /// The address that the location belongs to, if not the repository's.
    pub base: Option<String>,
    /// Of its file.
    pub checksum: RpmChecksum,
    /// Of its file, in bytes.
    pub size: u64,
    /// Of its contents, in bytes.
    pub installed_size: u64,
    /// The file name of the source package it was built of; empty if unknown.
    pub source: String,
    /// Why it was chosen.
    pub reason: RpmReason,
    /// The chosen packages that it needs.
    pub requires: Vec<RpmEdge>,
}

/// Why a package was chosen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RpmReason {
    /// It was asked for.
    Asked {
        /// As it was asked for.
        word: String,
    },
    /// Another one needs it.
    Needed {
        /// The place of the other one among the chosen.
        by: usize,
        /// What it needs: `libc.so.6()(64bit)`.
        dependency: String,
    },
    /// Another one recommends it.
    Recommended {
        /// The place of the other one among the chosen.
        by: usize,
        /// What it recommends.
        dependency: String,
    },
    /// It says itself that it belongs to what is there.
    Supplements,
}

/// That a package needs another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RpmEdge {
    /// The place of the other one among the chosen.
    pub package: usize,
    /// Whether it must be there before the scripts of the first run.
    pub before_scripts: bool,
}

impl RpmSelection {
    /// Why a package is there, by its name: who needs it and who needs that one, up to what was asked for. Empty if it isn't there.
    #[must_use]
    pub fn why(&self, name: &str) -> Vec<String> {
        let mut lines = Vec::new();
        let mut next = self.packages.iter().position(|package| package.nevra.name == name);
        while let Some(package) = next.and_then(|place| self.packages.get(place)) {
            let title = &package.nevra;
            let by = |place: usize| self.packages.get(place).map_or_else(String::new, |other| other.nevra.to_string());
            let (line, following) = match &package.reason {
                RpmReason::Asked { word } => (format!("{title} was asked for as `{word}`"), None),
                RpmReason::Needed { by: place, dependency } => {
                    (format!("{title} is needed by {} for {dependency}", by(*place)), Some(*place))
                }
                RpmReason::Recommended { by: place, dependency } => {
                    (format!("{title} is recommended by {} as {dependency}", by(*place)), Some(*place))
                }
                RpmReason::Supplements => (format!("{title} supplements what is there"), None),
            };
            lines.push(line);
            // The reasons lead to what was asked for, without circles.
            next = following.filter(|_| lines.len() <= self.packages.len());
        }
        lines
    }
}

/// Describes the chosen packages.
pub(super) fn select(providers: &Providers<'_>, jobs: &Jobs, chosen: &[PackageId]) -> RpmSelection {
    let universe = providers.universe;
    let mut chosen = chosen.to_vec();
    chosen.sort_by_cached_key(|id| {
        let package = universe.package(*id);
        let text = |id| universe.text(id).to_owned();
        (text(package.name), text(package.architecture), Evr::parse(universe.text(package.evr)), *id)
    });
    let places: HashMap<_, _> = chosen.iter().enumerate().map(|(place, id)| (*id, place)).collect();
    let network = Network { providers, places: &places, chosen: &chosen };
    let mut reasons = network.reasons(jobs);
    let packages = chosen.iter().enumerate().filter_map(|(place, id)| {
        let package = universe.package(*id);
        let text = |id| universe.text(id).to_owned();
        let (name, architecture) = (text(package.name), text(package.architecture));
        let checksum = RpmChecksum::parse(universe.text(package.checksum_kind), universe.text(package.checksum)).ok()?;
        Some(SelectedRpm {
            nevra: Nevra { name, evr: Evr::parse(universe.text(package.evr)), architecture },
            repository: package.repository,
            location: text(package.location),
            base: Some(text(package.base)).filter(|base| !base.is_empty()),
            checksum,
            size: package.size,
            installed_size: package.installed_size,
            source: text(package.source),
            reason: reasons.get_mut(place).and_then(Option::take).unwrap_or(RpmReason::Supplements),
            requires: network.edges(place),
        })
    });
    RpmSelection { packages: packages.collect(), absent: jobs.absent.clone() }
}

struct Network<'a> {
    providers: &'a Providers<'a>,
    places: &'a HashMap<PackageId, usize>,
    chosen: &'a [PackageId],
}

impl Network<'_> {
    /// The chosen packages that a dependency means, of rich ones all that they name outside of conditions.
    fn meant(&self, relation: RelationId) -> Vec<usize> {
        let mut found = Vec::new();
        if let Relation::Rich { .. } = self.providers.universe.relations.get(relation) {
            super::rich::positive(self.providers, relation, false, &mut |packages| {
                found.extend(packages.iter().filter_map(|id| self.places.get(id)));
            });
        } else {
            found.extend(self.providers.of(relation).iter().filter_map(|id| self.places.get(id)));
        }
        found
    }

    fn edges(&self, place: usize) -> Vec<RpmEdge> {
        let universe = self.providers.universe;
        let Some(id) = self.chosen.get(place) else { return Vec::new() };
        let mut edges = std::collections::BTreeMap::new();
        for (relation, is_before) in universe.requires(universe.package(*id)) {
            for other in self.meant(relation).into_iter().filter(|other| *other != place) {
                *edges.entry(other).or_insert(false) |= is_before;
            }
        }
        edges.into_iter().map(|(package, before_scripts)| RpmEdge { package, before_scripts }).collect()
    }

    /// The shortest way from what was asked for to each of them: first by what is needed, then by what is recommended.
    fn reasons(&self, jobs: &Jobs) -> Vec<Option<RpmReason>> {
        let universe = self.providers.universe;
        let mut reasons: Vec<Option<RpmReason>> = vec![None; self.chosen.len()];
        let mut queue = VecDeque::new();
        for job in &jobs.all {
            let asked = job.packages.iter().filter_map(|id| self.places.get(id)).copied();
            for place in asked.filter(|_| job.condition.is_none()) {
                if reasons[place].is_none() {
                    reasons[place] = Some(RpmReason::Asked { word: job.asked.clone() });
                    queue.push_back(place);
                }
            }
        }
        let mut later = VecDeque::new();
        while let Some(by) = queue.pop_front() {
            let package = universe.package(self.chosen[by]);
            for (relation, _) in universe.requires(package) {
                for place in self.meant(relation) {
                    if reasons[place].is_none() {
                        reasons[place] = Some(RpmReason::Needed { by, dependency: universe.shown(relation) });
                        queue.push_back(place);
                    }
                }
            }
            later.extend(Some(by).filter(|_| !universe.list(package.recommends).is_empty()));
            if queue.is_empty() {
                self.add_recommended(&mut reasons, &mut queue, &mut later);
            }
        }
        reasons
    }

    fn add_recommended(&self, reasons: &mut [Option<RpmReason>], queue: &mut VecDeque<usize>, later: &mut VecDeque<usize>) {
        let universe = self.providers.universe;
        while let Some(by) = later.pop_front() {
            for relation in universe.list(universe.package(self.chosen[by]).recommends) {
                for place in self.meant(*relation) {
                    if reasons[place].is_none() {
                        reasons[place] = Some(RpmReason::Recommended { by, dependency: universe.shown(*relation) });
                        queue.push_back(place);
                    }
                }
            }
        }
    }
}
