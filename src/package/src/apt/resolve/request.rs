//! What the plan asks for, as versions of the universe.

use rootfs_plugin::{Include, PlannedPackage};

use super::super::universe::{NameId, Universe, VersionId, priority_by_name};
use super::dependency::holds;
use super::error::ResolveError;
use super::marks::Marks;
use super::near;
use super::selection::Reason;

/// One package that is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Request {
    pub(super) name: NameId,
    pub(super) reason: Reason,
    /// The version that was asked for, and the suite if it was named: what it needs may come from there too.
    pub(super) version: Option<(VersionId, Option<String>)>,
}

/// Every package that `include` comes to, in order, each once.
pub(super) fn read_requests(universe: &Universe, include: &[Include]) -> Result<Vec<Request>, ResolveError> {
    let mut requests: Vec<Request> = Vec::new();
    for item in include {
        for request in read_include(universe, item)? {
            match requests.iter_mut().find(|known| known.name == request.name) {
                // Essential stays so; a version that is asked for by name counts.
                Some(known) => known.version = request.version.or(known.version.take()),
                None => requests.push(request),
            }
        }
    }
    Ok(requests)
}

fn read_include(universe: &Universe, item: &Include) -> Result<Vec<Request>, ResolveError> {
    let all = |reason: Reason, wanted: &dyn Fn(NameId, VersionId) -> bool| {
        let is_wanted = |name: &NameId| universe.versions(*name).first().is_some_and(|version| wanted(*name, *version));
        let mut names: Vec<_> = universe.names().filter(is_wanted).collect();
        names.sort_by_key(|name| (apt_bucket(universe.name(*name)), universe.name(*name)));
        names.into_iter().map(|name| Request { name, reason: reason.clone(), version: None }).collect()
    };
    match item {
        Include::Essential => Ok(all(Reason::Essential, &|name, _| universe.is_essential(name))),
        Include::Priority(priority) => {
            let number = priority_by_name(priority).ok_or_else(|| ResolveError::UnknownPriority { priority: priority.clone() })?;
            Ok(all(Reason::Priority(priority.clone()), &|name, version| {
                universe.priority(version) == number && !universe.is_essential(name)
            }))
        }
        Include::Package(PlannedPackage::Name(text)) => Ok(vec![read_name(universe, text)?]),
        Include::Package(PlannedPackage::File(path)) => {
            let version = universe.local(path).ok_or_else(|| ResolveError::UnreadFile { path: path.clone() })?;
            Ok(vec![Request { name: universe.name_of(version), reason: Reason::Requested, version: Some((version, None)) }])
        }
    }
}

/// Where apt's hash table has a name: the order in which its patterns (`?essential`) list packages, which decides between alternatives.
fn apt_bucket(name: &str) -> u32 {
    const BUCKETS: u32 = 196_613;
    name.bytes().fold(5381_u32, |hash, byte| hash.wrapping_mul(33).wrapping_add(u32::from(byte.to_ascii_lowercase()))) % BUCKETS
}

/// `name`, `name=version` or `name/suite`.
fn read_name(universe: &Universe, text: &str) -> Result<Request, ResolveError> {
    let end = text.find(['=', '/']).unwrap_or(text.len());
    let (name_text, choice) = text.split_at(end);
    let name_text = name_text.strip_suffix(&format!(":{}", universe.architecture())).unwrap_or(name_text);
    let name = find_package(universe, name_text)?;
    let versions = universe.versions(name);
    let version = if let Some(number) = choice.strip_prefix('=') {
        let found = versions.iter().find(|version| universe.number(**version) == number);
        found.map(|version| Some((*version, None)))
    } else if let Some(suite) = choice.strip_prefix('/') {
        let found = versions.iter().find(|version| is_of_suite(universe, **version, suite));
        found.map(|version| Some((*version, Some(suite.to_owned()))))
    } else {
        Some(None)
    };
    let version = version.ok_or_else(|| ResolveError::UnknownVersion {
        name: name_text.to_owned(),
        wanted: choice[1..].to_owned(),
        known: versions.iter().map(|version| describe_version(universe, *version)).collect(),
    })?;
    Ok(Request { name, reason: Reason::Requested, version })
}

/// The package of that name, or the only one that provides it.
fn find_package(universe: &Universe, name: &str) -> Result<NameId, ResolveError> {
    let unknown = || ResolveError::UnknownPackage { name: name.to_owned(), near: near::near_names(universe, name) };
    let id = universe.find(name).ok_or_else(unknown)?;
    if !universe.versions(id).is_empty() {
        return Ok(id);
    }
    let mut providers: Vec<_> = universe
        .providers(id)
        .iter()
        .filter(|provider| universe.versions(universe.name_of(provider.version)).first() == Some(&provider.version))
        .map(|provider| universe.name_of(provider.version))
        .collect();
    providers.sort_by_key(|provider| universe.name(*provider));
    providers.dedup();
    match providers[..] {
        [] => Err(unknown()),
        [only] => Ok(only),
        _ => Err(ResolveError::VirtualPackage {
            name: name.to_owned(),
            providers: providers.iter().map(|provider| universe.name(*provider).to_owned()).collect(),
        }),
    }
}

fn is_of_suite(universe: &Universe, version: VersionId, suite: &str) -> bool {
    let origin = universe.origin(version);
    origin.suite == suite || origin.aliases.iter().any(|alias| alias == suite)
}

/// `1.2-3 (trixie)`
pub(super) fn describe_version(universe: &Universe, version: VersionId) -> String {
    let origin = universe.origin(version);
    let place = if origin.suite.is_empty() { &origin.repository } else { &origin.suite };
    format!("{} ({place})", universe.number(version))
}

impl Marks<'_> {
    /// Makes the version that is asked for the candidate; with a suite, also what it needs from there and can't have otherwise.
    pub(super) fn set_candidate(&mut self, request: &Request) {
        let Some((version, suite)) = &request.version else { return };
        self.mark_mut(request.name).candidate = Some(*version);
        let Some(suite) = suite else { return };
        let mut open = vec![*version];
        while let Some(version) = open.pop() {
            let owner = self.universe.name_of(version);
            for dependency in self.dependencies(version).iter() {
                if dependency.field.is_negative() || !dependency.field.is_critical() || self.holds_by_candidates(owner, dependency) {
                    continue;
                }
                let names: Vec<_> = dependency.alternatives.iter().filter_map(|target| target.name).collect();
                for name in names {
                    let universe = self.universe;
                    let from_suite = universe.versions(name).iter().copied().find(|version| {
                        let chosen = |other| if other == name { Some(*version) } else { self.candidate(other) };
                        is_of_suite(universe, *version, suite) && holds(universe, owner, dependency, chosen)
                    });
                    if let Some(found) = from_suite {
                        self.mark_mut(name).candidate = Some(found);
                        open.push(found);
                        break;
                    }
                }
            }
        }
    }
}
