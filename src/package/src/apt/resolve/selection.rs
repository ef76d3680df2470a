//! What was chosen, and why.

use std::collections::{BTreeMap, VecDeque};
use std::fmt;

use rootfs_tree::Digest;

use super::super::universe::{NameId, VersionId};
use super::dependency::{Field, matches};
use super::error::ResolveError;
use super::marks::Marks;
use super::request::Request;
use crate::lock::is_path;

/// Why a package is in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reason {
    /// It is marked Essential, and all those were asked for.
    Essential,
    /// It has that priority, and all of it was asked for.
    Priority(String),
    /// It was asked for by name or brought as a file.
    Requested,
    /// Another package's relation asked for it.
    Needed {
        /// The other package.
        by: String,
        /// In which field.
        field: Field,
        /// The relation, as dpkg writes it.
        relation: String,
    },
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Essential => f.write_str("essential"),
            Self::Priority(priority) => write!(f, "priority {priority}"),
            Self::Requested => f.write_str("asked for"),
            Self::Needed { by, field, relation } => write!(f, "{by} {} {relation}", field.verb()),
        }
    }
}

/// One chosen package.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Selected {
    /// Its name.
    pub name: String,
    /// Its version, as the index writes it.
    pub version: String,
    /// dpkg's word; `all` for packages without machine code.
    pub architecture: String,
    /// Marked Essential.
    pub essential: bool,
    /// Nobody asked for it; apt's Auto-Installed.
    pub automatic: bool,
    /// The shortest way to it from something that was asked for.
    pub reason: Reason,
    /// The repository's name in the plan, or `local`.
    pub repository: String,
    /// Relative to the repository's URL; for `local`, the file's name.
    pub path: String,
    /// In bytes.
    pub size: u64,
    /// Of the package file.
    pub sha256: Digest,
}

/// The chosen packages, sorted by name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Selection {
    /// Sorted by name; a name is there once.
    pub packages: Vec<Selected>,
    /// Which keys signed each repository, by its name: upper-case fingerprints, sorted.
    pub keys: BTreeMap<String, Vec<String>>,
}

impl Selection {
    pub(super) fn from_marks(marks: &mut Marks<'_>, requests: &[Request]) -> Result<Self, ResolveError> {
        let reasons = reasons(marks, requests);
        let chosen: Vec<_> = marks.installed().collect();
        let packages = chosen.into_iter().map(|(name, version)| {
            let reason = reasons.get(&name).cloned().unwrap_or(Reason::Requested);
            select(marks, version, reason)
        });
        let mut packages = packages.collect::<Result<Vec<_>, _>>()?;
        packages.sort_by(|left, right| left.name.cmp(&right.name));
        Ok(Self { packages, keys: marks.universe.fingerprints().clone() })
    }

    /// The package of that name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Selected> {
        self.packages.binary_search_by(|package| package.name.as_str().cmp(name)).ok().map(|index| &self.packages[index])
    }

    /// Why a package is in: itself first, then who needs it, and so on to what was asked for.
    #[must_use]
    pub fn why(&self, name: &str) -> Vec<&Selected> {
        let mut path = Vec::new();
        let mut next = self.get(name);
        while let Some(package) = next {
            path.push(package);
            next = match &package.reason {
                Reason::Needed { by, .. } if path.len() <= self.packages.len() => self.get(by),
                _ => None,
            };
        }
        path
    }
}

fn select(marks: &Marks<'_>, version: VersionId, reason: Reason) -> Result<Selected, ResolveError> {
    let universe = marks.universe;
    let stanza = universe.stanza(version);
    let name = universe.name(universe.name_of(version));
    let field = |field: &'static str| {
        stanza.get(field).filter(|value| !value.is_empty()).ok_or_else(|| ResolveError::Entry {
            name: name.to_owned(),
            version: universe.number(version).to_owned(),
            field,
        })
    };
    let malformed = |field| ResolveError::Entry { name: name.to_owned(), version: universe.number(version).to_owned(), field };
    Ok(Selected {
        name: name.to_owned(),
        version: universe.number(version).to_owned(),
        architecture: field("Architecture")?.to_owned(),
        essential: universe.says_essential(version),
        automatic: matches!(reason, Reason::Needed { .. }),
        reason,
        repository: universe.origin(version).repository.clone(),
        path: Some(field("Filename")?.trim_start_matches("./").to_owned())
            .filter(|path| is_path(path))
            .ok_or_else(|| malformed("Filename"))?,
        size: field("Size")?.parse().ok().ok_or_else(|| malformed("Size"))?,
        sha256: field("SHA256")?.parse().ok().ok_or_else(|| malformed("SHA256"))?,
    })
}

/// Walks from what was asked for to everything, the shortest way.
pub(super) fn reasons(marks: &mut Marks<'_>, requests: &[Request]) -> BTreeMap<NameId, Reason> {
    let mut reasons = BTreeMap::new();
    let mut open = VecDeque::new();
    for request in requests.iter().filter(|request| marks.install(request.name).is_some()) {
        reasons.entry(request.name).or_insert_with(|| request.reason.clone());
        open.push_back(request.name);
    }
    // What is kept for a relation that isn't followed comes last.
    for followed_only in [true, false] {
        open.extend(reasons.keys());
        walk(marks, followed_only, &mut open, &mut reasons);
    }
    reasons
}

fn walk(marks: &mut Marks<'_>, followed_only: bool, open: &mut VecDeque<NameId>, reasons: &mut BTreeMap<NameId, Reason>) {
    let universe = marks.universe;
    while let Some(owner) = open.pop_front() {
        let Some(version) = marks.install(owner) else { continue };
        for dependency in marks.dependencies(version).iter().filter(|dependency| !dependency.field.is_negative()) {
            if followed_only && !marks.follows(dependency.field) {
                continue;
            }
            for target in &dependency.alternatives {
                let found = matches(universe, owner, dependency.field, target, |name| marks.install(name));
                for name in found.map(|version| universe.name_of(version)) {
                    reasons.entry(name).or_insert_with(|| {
                        open.push_back(name);
                        let by = universe.name(owner).to_owned();
                        Reason::Needed { by, field: dependency.field, relation: dependency.to_string() }
                    });
                }
            }
        }
    }
}
