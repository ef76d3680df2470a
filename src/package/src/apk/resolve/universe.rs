use std::collections::HashMap;

use super::{ResolveError, Selected};
use crate::apk::{Constraint, Dependency, IndexPackage, Sha1Sum, Version};

/// A repository of a [`Universe`], in the order they were added.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RepositoryId(u8);

impl RepositoryId {
    /// Its place among the universe's repositories.
    #[must_use]
    pub fn index(self) -> usize {
        self.0.into()
    }
}

/// A set of repositories, a bit to each.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Repositories(u64);

impl Repositories {
    /// More than these have no bit. apk itself knows 32.
    const MOST: usize = 64;

    fn only(id: RepositoryId) -> Self {
        Self(1 << id.0)
    }

    pub(super) fn meet(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    pub(super) fn join(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// The first of them in the order they were added.
    pub(super) fn first(self) -> Option<RepositoryId> {
        u8::try_from(self.0.trailing_zeros()).ok().filter(|bit| usize::from(*bit) < Self::MOST).map(RepositoryId)
    }
}

/// A name: a package's, or one that packages provide or ask for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct NameId(u32);

/// A package of the universe.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct PackageId(u32);

impl NameId {
    pub(super) fn index(self) -> usize {
        self.0 as usize
    }
}

impl PackageId {
    pub(super) fn index(self) -> usize {
        self.0 as usize
    }
}

/// A package that answers to a name: its own, or the one it provides at this place of its list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Provider {
    pub(super) package: PackageId,
    provide: Option<u32>,
}

impl Provider {
    /// Whether the name is the package's own.
    pub(super) fn is_package(self) -> bool {
        self.provide.is_none()
    }
}

#[derive(Debug, Default)]
pub(super) struct Name {
    pub(super) text: Box<str>,
    /// In the order in which the packages were added.
    pub(super) providers: Vec<Provider>,
    /// Packages that come by themselves with what this name means.
    pub(super) install_if_of: Vec<PackageId>,
}

/// A package with the names in it resolved; lists are parallel to the package's own.
#[derive(Debug)]
pub(super) struct Candidate {
    pub(super) package: IndexPackage,
    pub(super) repositories: Repositories,
    pub(super) name: NameId,
    pub(super) depends: Vec<NameId>,
    pub(super) provides: Vec<NameId>,
    pub(super) install_if: Vec<NameId>,
}

impl Candidate {
    /// Its own name and all it provides.
    pub(super) fn names(&self) -> impl Iterator<Item = NameId> {
        std::iter::once(self.name).chain(self.provides.iter().copied())
    }

    /// What it needs or can't be with, by the name asked for.
    pub(super) fn wants(&self) -> impl Iterator<Item = (NameId, &Dependency)> {
        self.depends.iter().copied().zip(&self.package.depends)
    }
}

/// A pinning: `@NAME`, and the repositories that carry it. The first is the one of all that have none.
#[derive(Debug, Default)]
struct Tag {
    name: String,
    repositories: Repositories,
}

/// A set of pinnings, a bit to each.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Tags(u64);

impl Tags {
    /// That of the repositories without any.
    pub(super) const DEFAULT: Self = Self(1);

    pub(super) fn join(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    fn contains(self, tag: usize) -> bool {
        self.0 >> tag & 1 == 1
    }
}

/// Every package that could be installed, and the repositories they are in.
#[derive(Debug)]
pub struct Universe {
    architecture: String,
    repositories: Vec<String>,
    tags: Vec<Tag>,
    names: Vec<Name>,
    by_name: HashMap<Box<str>, NameId>,
    packages: Vec<Candidate>,
    by_identity: HashMap<Sha1Sum, PackageId>,
    /// Why packages of an index are left out, by the title.
    unusable: Vec<(String, String)>,
}

impl Universe {
    /// Nothing yet. Packages of other architectures than this one and `noarch` are passed over.
    #[must_use]
    pub fn new(architecture: &str) -> Self {
        Self {
            architecture: architecture.to_owned(),
            repositories: Vec::new(),
            tags: vec![Tag::default()],
            names: Vec::new(),
            by_name: HashMap::new(),
            packages: Vec::new(),
            by_identity: HashMap::new(),
            unusable: Vec::new(),
        }
    }

    /// Adds a repository behind those that are there: of equal versions, the first one's is taken. Packages of a tagged one are for those only who ask for
    /// the tag.
    ///
    /// # Errors
    /// With more than 64 repositories.
    pub fn add_repository(&mut self, name: &str, tag: Option<&str>, packages: Vec<IndexPackage>) -> Result<RepositoryId, ResolveError> {
        let too_many = || ResolveError::TooManyRepositories { limit: Repositories::MOST };
        let id = u8::try_from(self.repositories.len()).ok().filter(|id| usize::from(*id) < Repositories::MOST).ok_or_else(too_many)?;
        let repository = Repositories::only(RepositoryId(id));
        self.repositories.push(name.to_owned());
        let tag = self.tag(tag.unwrap_or_default());
        if let Some(tag) = self.tags.get_mut(tag) {
            tag.repositories = tag.repositories.join(repository);
        }
        packages.into_iter().for_each(|package| self.add(package, repository));
        Ok(RepositoryId(id))
    }

    /// What [`Universe::add_repository`] was told.
    #[must_use]
    pub fn repository(&self, id: RepositoryId) -> &str {
        self.repositories.get(id.index()).map_or("", String::as_str)
    }

    /// How many packages there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.packages.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.packages.is_empty()
    }

    fn add(&mut self, package: IndexPackage, repository: Repositories) {
        if package.architecture.as_ref().is_some_and(|architecture| *architecture != self.architecture && architecture != "noarch") {
            return;
        }
        if let Some(reason) = &package.unusable {
            self.unusable.push((package.title(), reason.clone()));
            return;
        }
        if let Some(known) = self.by_identity.get(&package.identity) {
            if let Some(known) = self.packages.get_mut(known.index()) {
                known.repositories = known.repositories.join(repository);
            }
            return;
        }
        // A universe of 2³² packages doesn't fit any memory.
        let Ok(id) = u32::try_from(self.packages.len()).map(PackageId) else { return };
        let name = self.intern(&package.name);
        let depends = package.depends.iter().map(|dependency| self.intern(&dependency.name)).collect();
        let provides: Vec<_> = package.provides.iter().map(|provide| self.intern(&provide.name)).collect();
        let install_if: Vec<_> = package.install_if.iter().map(|dependency| self.intern(&dependency.name)).collect();
        self.name_mut(name, |name| name.providers.push(Provider { package: id, provide: None }));
        for (at, provided) in (0..).zip(&provides) {
            self.name_mut(*provided, |name| name.providers.push(Provider { package: id, provide: Some(at) }));
        }
        for name in &install_if {
            self.name_mut(*name, |name| name.install_if_of.push(id));
        }
        self.by_identity.insert(package.identity, id);
        self.packages.push(Candidate { package, repositories: repository, name, depends, provides, install_if });
    }

    fn intern(&mut self, text: &str) -> NameId {
        if let Some(known) = self.by_name.get(text) {
            return *known;
        }
        let id = NameId(u32::try_from(self.names.len()).unwrap_or(u32::MAX));
        self.names.push(Name { text: text.into(), ..Name::default() });
        self.by_name.insert(text.into(), id);
        id
    }

    fn name_mut(&mut self, id: NameId, change: impl FnOnce(&mut Name)) {
        if let Some(name) = self.names.get_mut(id.index()) {
            change(name);
        }
    }

    fn tag(&mut self, name: &str) -> usize {
        self.tags.iter().position(|tag| tag.name == name).unwrap_or_else(|| {
            self.tags.push(Tag { name: name.to_owned(), repositories: Repositories::default() });
            self.tags.len() - 1
        })
    }
}

/// What the solver asks.
impl Universe {
    pub(super) fn name_count(&self) -> usize {
        self.names.len()
    }

    /// The name, if anything in the universe has it.
    pub(super) fn find(&self, text: &str) -> Option<NameId> {
        self.by_name.get(text).copied()
    }

    pub(super) fn name(&self, id: NameId) -> &Name {
        &self.names[id.index()]
    }

    pub(super) fn candidate(&self, id: PackageId) -> &Candidate {
        &self.packages[id.index()]
    }

    /// Who provides the name, and in which version: none for one that several may provide at once.
    pub(super) fn version(&self, provider: Provider) -> Option<&Version> {
        let package = &self.candidate(provider.package).package;
        match provider.provide {
            None => Some(&package.version),
            Some(at) => package.provides.get(at as usize)?.version.as_ref(),
        }
    }

    /// Every provider of its names that a package is.
    pub(super) fn provided_by(&self, id: PackageId) -> impl Iterator<Item = (NameId, Provider)> {
        let candidate = self.candidate(id);
        let own = std::iter::once((candidate.name, Provider { package: id, provide: None }));
        own.chain((0..).zip(&candidate.provides).map(move |(at, name)| (*name, Provider { package: id, provide: Some(at) })))
    }

    /// Whether the dependency holds when this provider, or nobody, is what its name means.
    pub(super) fn is_satisfied(&self, dependency: &Dependency, provider: Option<Provider>) -> bool {
        let Some(provider) = provider else { return dependency.conflict };
        let is_meant = match &dependency.constraint {
            Constraint::Any => true,
            Constraint::Identity(identity) => self.candidate(provider.package).package.identity == *identity,
            Constraint::Version(operator, wanted) => self.version(provider).is_some_and(|version| operator.holds(version, wanted)),
        };
        is_meant != dependency.conflict
    }

    /// The pinning a dependency asks for; none when no repository carries it.
    pub(super) fn find_tag(&self, name: Option<&str>) -> Option<Tags> {
        let at = self.tags.iter().position(|tag| tag.name == name.unwrap_or_default())?;
        Some(Tags(1 << at))
    }

    /// The repositories that pinnings allow.
    pub(super) fn allowed(&self, tags: Tags) -> Repositories {
        let tags = self.tags.iter().enumerate().filter(|(at, _)| tags.contains(*at));
        tags.fold(Repositories::default(), |all, (_, tag)| all.join(tag.repositories))
    }

    /// What is installed: by which pinning, and from where.
    pub(super) fn select(&self, id: PackageId, tags: Tags) -> Selected<'_> {
        let candidate = self.candidate(id);
        let meets = |(at, tag): &(usize, &Tag)| tags.contains(*at) && tag.repositories.meet(candidate.repositories);
        let tag = self.tags.iter().enumerate().find(meets).map(|(_, tag)| tag.name.clone()).filter(|name| !name.is_empty());
        Selected { package: &candidate.package, repository: candidate.repositories.first(), tag }
    }

    /// The tags, with their `@`, of the repositories that have a package.
    pub(super) fn tags_of(&self, id: PackageId) -> Vec<String> {
        let repositories = self.candidate(id).repositories;
        let tags = self.tags.iter().filter(|tag| !tag.name.is_empty() && tag.repositories.meet(repositories));
        tags.map(|tag| format!("@{}", tag.name)).collect()
    }

    /// Why packages of a name are left out.
    pub(super) fn unusable(&self, name: &str) -> impl Iterator<Item = &(String, String)> {
        self.unusable.iter().filter(move |(title, _)| title.strip_prefix(name).is_some_and(|rest| rest.starts_with('-')))
    }
}
