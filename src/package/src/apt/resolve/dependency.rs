//! A version's relations, tied to the universe's names, in the order apt weighs them.

use std::fmt;

use super::super::relation::{self, Relation, RelationError};
use super::super::universe::{MultiArch, NameId, Provider, Universe, VersionId};

/// Which field a relation stands in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Field {
    /// Must be configured before the package is unpacked.
    PreDepends,
    /// Must be there.
    Depends,
    /// Must not be there.
    Conflicts,
    /// Must not be there in that version.
    Breaks,
    /// Wanted, unless the plan leaves them out.
    Recommends,
    /// Never installed for its own sake, but never taken away either.
    Suggests,
}

impl Field {
    /// As in `a VERB b`.
    pub(super) fn verb(self) -> &'static str {
        match self {
            Self::PreDepends => "pre-depends on",
            Self::Depends => "depends on",
            Self::Conflicts => "conflicts with",
            Self::Breaks => "breaks",
            Self::Recommends => "recommends",
            Self::Suggests => "suggests",
        }
    }

    /// In apt's order.
    const ALL: [Self; 6] = [Self::PreDepends, Self::Depends, Self::Conflicts, Self::Breaks, Self::Recommends, Self::Suggests];

    /// The field's name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::PreDepends => "Pre-Depends",
            Self::Depends => "Depends",
            Self::Conflicts => "Conflicts",
            Self::Breaks => "Breaks",
            Self::Recommends => "Recommends",
            Self::Suggests => "Suggests",
        }
    }

    pub(super) fn is_negative(self) -> bool {
        matches!(self, Self::Conflicts | Self::Breaks)
    }

    /// Whether an installation is broken without it.
    pub(super) fn is_critical(self) -> bool {
        !matches!(self, Self::Recommends | Self::Suggests)
    }
}

impl fmt::Display for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// One alternative: what is asked, and of which name.
#[derive(Debug, Clone, Copy)]
pub(super) struct Target<'u> {
    pub(super) name: Option<NameId>,
    pub(super) relation: Relation<'u>,
}

/// One element of a field. A negative one has a single alternative.
#[derive(Debug, Clone)]
pub(super) struct Dependency<'u> {
    pub(super) field: Field,
    pub(super) alternatives: Vec<Target<'u>>,
}

impl fmt::Display for Dependency<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, target) in self.alternatives.iter().enumerate() {
            if index > 0 {
                f.write_str(" | ")?;
            }
            write!(f, "{}", target.relation)?;
        }
        Ok(())
    }
}

/// Reads every relation of a version. What can't be read can't be satisfied, so a package with such a field can't be chosen.
pub(super) fn read_dependencies(universe: &Universe, version: VersionId) -> Result<Vec<Dependency<'_>>, RelationError> {
    let stanza = universe.stanza(version);
    let mut dependencies = Vec::new();
    for field in Field::ALL {
        let Some(text) = stanza.get(field.name()) else { continue };
        for element in relation::parse(text)? {
            let targets = element.0.into_iter().map(|relation| Target { name: universe.find(relation.name), relation });
            if field.is_negative() {
                dependencies.extend(targets.map(|target| Dependency { field, alternatives: vec![target] }));
            } else {
                dependencies.push(Dependency { field, alternatives: targets.collect() });
            }
        }
    }
    Ok(dependencies)
}

/// Whether this version, by its own name, is what the target asks for.
pub(super) fn accepts_version(universe: &Universe, target: &Target<'_>, version: VersionId) -> bool {
    let qualified = match target.relation.qualifier {
        None | Some("native") => true,
        Some("any") => universe.multi_arch(version) == MultiArch::Allowed,
        Some(architecture) => architecture == universe.architecture(),
    };
    qualified && target.relation.accepts(Some(universe.number(version)))
}

/// Whether this Provides is what the target asks for.
pub(super) fn accepts_provider(universe: &Universe, target: &Target<'_>, provider: &Provider) -> bool {
    let qualified = match target.relation.qualifier {
        None | Some("native") => true,
        Some("any") => provider.answers_any(),
        Some(architecture) => architecture == universe.architecture(),
    };
    qualified && target.relation.accepts(provider.provided())
}

/// Every version for which `chosen` holds and that is meant by the target: the real package first, then its providers.
///
/// A package never conflicts with itself, nor with what it provides.
pub(super) fn matches<'a>(
    universe: &'a Universe,
    owner: NameId,
    field: Field,
    target: &'a Target<'_>,
    chosen: impl Fn(NameId) -> Option<VersionId> + Copy + 'a,
) -> impl Iterator<Item = VersionId> + 'a {
    let stands = move |name: NameId| !(field.is_negative() && name == owner);
    target.name.into_iter().flat_map(move |name| {
        let real = chosen(name).filter(move |version| stands(name) && accepts_version(universe, target, *version));
        let providers = universe.providers(name).iter().filter(move |provider| {
            let name = universe.name_of(provider.version);
            stands(name) && chosen(name) == Some(provider.version) && accepts_provider(universe, target, provider)
        });
        real.into_iter().chain(providers.map(|provider| provider.version))
    })
}

/// Whether a dependency holds when just the `chosen` versions are installed.
pub(super) fn holds(
    universe: &Universe,
    owner: NameId,
    dependency: &Dependency<'_>,
    chosen: impl Fn(NameId) -> Option<VersionId> + Copy,
) -> bool {
    let found = |target| matches(universe, owner, dependency.field, target, chosen).next().is_some();
    dependency.alternatives.iter().any(found) != dependency.field.is_negative()
}
