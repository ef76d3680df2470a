//! The order in which a package's recommendations are looked at.
//!
//! dnf reads packages from a cache that libsolv has written (repo_write.c), and in it the lists are sorted: names before everything else, and what the
//! repository uses more often first.

use std::cmp::Reverse;
use std::collections::HashSet;

use crate::rpm::dependency::{Relation, RelationId};
use crate::rpm::strings::StringId;
use crate::rpm::universe::{Package, PackageId, RpmRepositoryId, RpmUniverse};

/// How often each repository uses each text and each relation.
#[derive(Debug)]
pub(super) struct Usage {
    repositories: Vec<(Vec<u32>, Vec<u32>)>,
}

impl Usage {
    pub(super) fn count(universe: &RpmUniverse) -> Self {
        let empty = || (vec![0; universe.strings.len()], vec![0; universe.relations.len()]);
        let mut usage = Self { repositories: universe.repositories.iter().map(|_| empty()).collect() };
        let mut directories: Vec<HashSet<&str>> = universe.repositories.iter().map(|_| HashSet::new()).collect();
        for id in universe.ids() {
            let package = universe.package(id);
            let place = package.repository.index();
            let (Some((texts, relations)), Some(directories)) = (usage.repositories.get_mut(place), directories.get_mut(place)) else {
                continue;
            };
            let source = source_name(universe, package);
            for text in [package.name, package.evr, package.architecture].into_iter().chain(source) {
                texts[text.index()] += 1;
            }
            let lists = [package.provides, package.conflicts, package.obsoletes, package.recommends, package.suggests, package.supplements];
            let more = [package.enhances, package.requires];
            let needed = universe.list(package.requires);
            let first = universe.list(package.requires_before).iter().filter(|relation| !needed.contains(relation));
            for relation in lists.into_iter().chain(more).flat_map(|list| universe.list(list)).chain(first) {
                match universe.relations.get(*relation) {
                    Relation::Name(name) => texts[name.index()] += 1,
                    _ => relations[relation.index()] += 1,
                }
            }
            for file in package.files.of(&universe.files) {
                add_directories(universe, texts, directories, universe.text(*file));
            }
        }
        for (texts, relations) in &mut usage.repositories {
            add_parts(universe, texts, relations);
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

/// The name of the source package, if it isn't the package's own, which needs no text.
fn source_name(universe: &RpmUniverse, package: &Package) -> Option<StringId> {
    let (rest, _) = universe.text(package.source).strip_suffix(".rpm")?.rsplit_once('.')?;
    let (rest, _release) = rest.rsplit_once('-')?;
    let (name, _version) = rest.rsplit_once('-')?;
    universe.strings.lookup(name).filter(|name| *name != package.name)
}

/// Counts each part of a directory's path once for each directory that there is.
fn add_directories<'u>(universe: &'u RpmUniverse, texts: &mut [u32], known: &mut HashSet<&'u str>, file: &'u str) {
    let mut path = file;
    while let Some((directory, _)) = path.rsplit_once('/')
        && known.insert(directory)
    {
        let part = directory.rsplit_once('/').and_then(|(_, part)| universe.strings.lookup(part));
        part.into_iter().for_each(|part| texts[part.index()] += 1);
        path = directory;
    }
}

/// Counts what the relations that are used are made of: a text once for each of them, another relation once more than the one it belongs to.
fn add_parts(universe: &RpmUniverse, texts: &mut [u32], relations: &mut [u32]) {
    for (place, relation) in universe.relations.iter().enumerate().rev() {
        let Some(count) = relations.get(place).copied().filter(|count| *count > 0) else { continue };
        match relation {
            Relation::Name(_) => {}
            Relation::Versioned { name, version, .. } => [name, version].into_iter().for_each(|text| texts[text.index()] += 1),
            Relation::Rich { left, right, .. } => {
                for part in [left, right] {
                    match universe.relations.get(part) {
                        Relation::Name(name) => texts[name.index()] += 1,
                        _ => relations[part.index()] = relations[part.index()].max(count + 1),
                    }
                }
            }
        }
    }
}
