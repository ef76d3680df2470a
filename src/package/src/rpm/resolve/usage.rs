//! The order in which a package's recommendations are looked at.
//!
//! dnf reads packages from a cache that libsolv has written (repo_write.c), and in it the lists are sorted: names before everything else, and what the
//! repository uses more often first.

use std::cmp::Reverse;

use crate::rpm::dependency::{Relation, RelationId};
use crate::rpm::universe::{PackageId, RpmRepositoryId, RpmUniverse};

/// How often each repository uses each text and each relation.
#[derive(Debug)]
pub(super) struct Usage {
    repositories: Vec<(Vec<u32>, Vec<u32>)>,
}

impl Usage {
    pub(super) fn count(universe: &RpmUniverse) -> Self {
        let empty = || (vec![0; universe.strings.len()], vec![0; universe.relations.len()]);
        let mut usage = Self { repositories: universe.repositories.iter().map(|_| empty()).collect() };
        for id in universe.ids() {
            let package = universe.package(id);
            let Some(counts) = usage.repositories.get_mut(package.repository.index()) else { continue };
            counts.0[package.name.index()] += 1;
            counts.0[package.evr.index()] += 1;
            let lists = [package.provides, package.conflicts, package.obsoletes, package.recommends, package.suggests, package.supplements];
            let weak = [package.enhances, package.requires, package.requires_before];
            for relation in lists.into_iter().chain(weak).flat_map(|list| universe.list(list)) {
                add(universe, counts, *relation);
            }
        }
        usage
    }

    /// A package's recommendations in that order.
    pub(super) fn recommends(&self, universe: &RpmUniverse, id: PackageId) -> Vec<RelationId> {
        let package = universe.package(id);
        let mut relations = universe.list(package.recommends).to_vec();
        if relations.len() > 1 {
            relations.sort_by_key(|relation| self.key(universe, package.repository, *relation));
        }
        relations
    }

    fn key<'u>(
        &self,
        universe: &'u RpmUniverse,
        repository: RpmRepositoryId,
        relation: RelationId,
    ) -> (bool, Reverse<u32>, &'u str, RelationId) {
        let counts = self.repositories.get(repository.index());
        match universe.relations.get(relation) {
            Relation::Name(name) => {
                let often = counts.and_then(|(texts, _)| texts.get(name.index())).copied();
                (false, Reverse(often.unwrap_or(0)), universe.text(name), relation)
            }
            _ => {
                let often = counts.and_then(|(_, relations)| relations.get(relation.index())).copied();
                (true, Reverse(often.unwrap_or(0)), "", relation)
            }
        }
    }
}

fn add(universe: &RpmUniverse, counts: &mut (Vec<u32>, Vec<u32>), relation: RelationId) {
    match universe.relations.get(relation) {
        Relation::Name(name) => counts.0[name.index()] += 1,
        Relation::Versioned { name, version, .. } => {
            counts.1[relation.index()] += 1;
            counts.0[name.index()] += 1;
            counts.0[version.index()] += 1;
        }
        Relation::Rich { left, right, .. } => {
            counts.1[relation.index()] += 1;
            add(universe, counts, left);
            add(universe, counts, right);
        }
    }
}
