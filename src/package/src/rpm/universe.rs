//! All packages of some repositories, for one architecture.
//!
//! Texts and dependencies are numbers, and lists of them lie in one array each: 70,000 packages take some 150 MB less so than as values of their own.

use std::collections::BTreeSet;
use std::io::BufRead;

use super::MetadataFault;
use super::architecture::{Architectures, Score};
use super::dependency::{Relation, RelationId, Relations};
use super::fault::TooMany;
use super::strings::{StringId, Strings, index, number};
use super::{filelists, primary};

/// Where packages come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RpmRepository {
    /// What it is called: `fedora`, `updates`.
    pub name: String,
    /// Packages of repositories with a lower number hide those of others; 99 is usual.
    pub priority: i32,
    /// Of two repositories with the same package the one with the lower number is used; 1000 is usual.
    pub cost: i32,
}

impl RpmRepository {
    /// One with the usual priority and cost.
    #[must_use]
    pub fn named(name: &str) -> Self {
        Self { name: name.to_owned(), priority: 99, cost: 1000 }
    }
}

/// A repository of a [`Universe`], in the order they were added.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RpmRepositoryId(pub(super) u32);

impl RpmRepositoryId {
    /// Its place among the universe's repositories.
    #[must_use]
    pub fn index(self) -> usize {
        index(self.0)
    }
}

/// A package, in the order they were read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct PackageId(pub(super) u32);

impl PackageId {
    pub(super) fn index(self) -> usize {
        index(self.0)
    }
}

/// A part of one of the universe's lists.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Part {
    start: u32,
    end: u32,
}

impl Part {
    pub(super) fn new(start: usize, end: usize) -> Result<Self, TooMany> {
        Ok(Self { start: number(start)?, end: number(end)? })
    }

    pub(super) fn of<T>(self, list: &[T]) -> &[T] {
        list.get(index(self.start)..index(self.end)).unwrap_or_default()
    }
}

/// A package as its repository describes it.
#[derive(Debug, Clone)]
pub(super) struct Package {
    pub(super) repository: RpmRepositoryId,
    pub(super) name: StringId,
    pub(super) architecture: StringId,
    /// `[EPOCH:]VERSION-RELEASE`, without an epoch of 0.
    pub(super) evr: StringId,
    pub(super) location: StringId,
    /// The address that the location belongs to, if not the repository's.
    pub(super) base: StringId,
    pub(super) checksum_kind: StringId,
    pub(super) checksum: StringId,
    pub(super) source: StringId,
    pub(super) size: u64,
    pub(super) installed_size: u64,
    pub(super) score: Score,
    /// Why it can't be installed, whatever else is; empty if it can.
    pub(super) fault: StringId,
    pub(super) provides: Part,
    pub(super) requires: Part,
    /// Those of `requires` that must be there before its scripts run.
    pub(super) requires_before: Part,
    pub(super) conflicts: Part,
    pub(super) obsoletes: Part,
    pub(super) recommends: Part,
    pub(super) suggests: Part,
    pub(super) supplements: Part,
    pub(super) enhances: Part,
    pub(super) files: Part,
}

/// The packages to choose from.
#[derive(Debug)]
pub struct RpmUniverse {
    pub(super) architectures: Architectures,
    pub(super) architecture: String,
    pub(super) strings: Strings,
    pub(super) relations: Relations,
    pub(super) repositories: Vec<RpmRepository>,
    pub(super) packages: Vec<Package>,
    pub(super) lists: Vec<RelationId>,
    pub(super) files: Vec<StringId>,
    /// Of the files that only the complete lists have: those that something depends on, with the package.
    pub(super) listed_files: Vec<(StringId, PackageId)>,
    /// Whether the complete lists of every repository were read.
    pub(super) has_filelists: Vec<bool>,
    /// The files that were asked for when they were read.
    asked_files: BTreeSet<String>,
}

impl RpmUniverse {
    /// One without packages, for a machine: `x86_64`, `aarch64`, `ppc64le`, `s390x`, …
    #[must_use]
    pub fn new(architecture: &str) -> Self {
        Self {
            architectures: Architectures::of(architecture),
            architecture: architecture.to_owned(),
            strings: Strings::new(),
            relations: Relations::default(),
            repositories: Vec::new(),
            packages: Vec::new(),
            lists: Vec::new(),
            files: Vec::new(),
            listed_files: Vec::new(),
            has_filelists: Vec::new(),
            asked_files: BTreeSet::new(),
        }
    }

    /// Adds the packages of a repository's `primary.xml`, uncompressed.
    ///
    /// Those for other machines and sources are left out. Of packages that are alike, those of the repository of the lower cost are preferred, then those
    /// added first.
    ///
    /// # Errors
    /// When it can't be read, is malformed, or has a package with a weak checksum or a location outside of the repository.
    pub fn add_primary(&mut self, repository: RpmRepository, primary: impl BufRead) -> Result<RpmRepositoryId, MetadataFault> {
        let id = RpmRepositoryId(number(self.repositories.len())?);
        let before = self.packages.len();
        if let Err(fault) = primary::read(self, id, primary) {
            self.packages.truncate(before);
            return Err(fault);
        }
        self.repositories.push(repository);
        self.has_filelists.push(false);
        self.sort();
        Ok(id)
    }

    /// Puts the packages into the order of their repositories, by priority and cost, as dnf reads them: choices depend on it.
    fn sort(&mut self) {
        let rank = |package: &Package| {
            let repository = self.repositories.get(package.repository.index());
            (repository.map(|repository| (repository.priority, repository.cost)), package.repository)
        };
        if self.packages.is_sorted_by_key(rank) {
            return;
        }
        let mut order: Vec<_> = self.ids().collect();
        order.sort_by_key(|id| rank(self.package(*id)));
        let mut places = vec![PackageId(0); order.len()];
        for (place, id) in self.ids().zip(&order) {
            places[id.index()] = place;
        }
        self.packages = order.iter().map(|id| self.package(*id).clone()).collect();
        for (_, package) in &mut self.listed_files {
            *package = places[package.index()];
        }
    }

    /// Adds the files that something depends on from a repository's `filelists.xml`, uncompressed; the others are not kept.
    ///
    /// Needed only when [`resolve`](super::resolve::resolve) says so, and then of every repository with the paths that it names; again for other paths.
    ///
    /// # Errors
    /// When it can't be read or is malformed.
    pub fn add_filelists(&mut self, repository: RpmRepositoryId, filelists: impl BufRead, asked: &[String]) -> Result<(), MetadataFault> {
        filelists::read(self, repository, filelists, asked)?;
        if let Some(has) = self.has_filelists.get_mut(repository.index()) {
            *has = true;
        }
        self.asked_files.extend(asked.iter().cloned());
        Ok(())
    }

    /// Its repositories, in the order they were added.
    #[must_use]
    pub fn repositories(&self) -> &[RpmRepository] {
        &self.repositories
    }

    /// The repository of a name.
    #[must_use]
    pub fn repository(&self, name: &str) -> Option<RpmRepositoryId> {
        let place = self.repositories.iter().position(|repository| repository.name == name)?;
        u32::try_from(place).ok().map(RpmRepositoryId)
    }

    /// How many packages there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.packages.len()
    }

    /// Whether there is no package.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.packages.is_empty()
    }

    pub(super) fn ids(&self) -> impl DoubleEndedIterator<Item = PackageId> + use<> {
        (0..u32::try_from(self.packages.len()).unwrap_or(u32::MAX)).map(PackageId)
    }

    pub(super) fn string_ids(&self) -> impl Iterator<Item = StringId> + use<> {
        (0..u32::try_from(self.strings.len()).unwrap_or(u32::MAX)).map(StringId)
    }

    /// Identities are made from the packages that are there, and none is taken away while there are such.
    pub(super) fn package(&self, id: PackageId) -> &Package {
        &self.packages[id.index()]
    }

    pub(super) fn text(&self, id: StringId) -> &str {
        self.strings.get(id)
    }

    pub(super) fn list(&self, part: Part) -> &[RelationId] {
        part.of(&self.lists)
    }

    /// What a package needs, and among it what its scripts need first.
    pub(super) fn requires(&self, package: &Package) -> impl Iterator<Item = (RelationId, bool)> + '_ {
        let first = self.list(package.requires_before).iter().map(|relation| (*relation, true));
        self.list(package.requires).iter().map(|relation| (*relation, false)).chain(first)
    }

    /// `NAME-[EPOCH:]VERSION-RELEASE.ARCHITECTURE`
    pub(super) fn title(&self, id: PackageId) -> String {
        let package = self.package(id);
        format!("{}-{}.{}", self.text(package.name), self.text(package.evr), self.text(package.architecture))
    }

    pub(super) fn shown(&self, relation: RelationId) -> String {
        self.relations.show(&self.strings, relation)
    }

    /// Whether it is for a file that only the complete lists have, and they are not all there.
    pub(super) fn is_unknown_file(&self, relation: RelationId) -> bool {
        match self.relations.get(relation) {
            Relation::Name(name) => self.lacks_lists() && is_listed_only(self.text(name)),
            Relation::Versioned { .. } => false,
            Relation::Rich { left, right, .. } => self.is_unknown_file(left) || self.is_unknown_file(right),
        }
    }

    /// Whether it can't be told yet who has a file, or what a pattern of files means.
    pub(super) fn is_unknown_path(&self, path: &str) -> bool {
        self.lacks_lists() || !self.asked_files.contains(path)
    }

    pub(super) fn lacks_lists(&self) -> bool {
        self.has_filelists.iter().any(|has| !has)
    }
}

/// Whether a text is the path of a file that `primary.xml` doesn't name, as createrepo_c decides it.
pub(super) fn is_listed_only(text: &str) -> bool {
    text.starts_with('/') && !(text.starts_with("/etc/") || text.contains("bin/") || text == "/usr/lib/sendmail")
}
