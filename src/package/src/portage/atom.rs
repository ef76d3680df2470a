//! Package atoms: `[!|!!][OPERATOR]CATEGORY/NAME[-VERSION[*]][:SLOT][::REPOSITORY][[USE]]` (PMS, chapter 8.3).
//!
//! What is valid and what matches what is as portage 3.0.83 has it (`portage.dep.Atom`, `portage.dep.match_from_list`).

mod matching;
mod parse;

use std::fmt;

use super::{Eapi, UseDependency, UseWish, Version};

pub use matching::AtomCandidate;

/// A description of packages.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Atom {
    /// Whether it is about packages that must not be there.
    pub blocker: Option<Blocker>,
    /// `dev-libs`; with `*` only in [`AtomSyntax::Pattern`].
    pub category: String,
    /// `openssl`; with `*` only in [`AtomSyntax::Pattern`].
    pub name: String,
    /// Which versions it means; none for all of them.
    pub version: Option<VersionConstraint>,
    /// `:2`, none for any.
    pub slot: Option<String>,
    /// `:2/3`, none for any.
    pub sub_slot: Option<String>,
    /// `:=` and `:*`.
    pub slot_operator: Option<SlotOperator>,
    /// `::gentoo`
    pub repository: Option<String>,
    /// `[a,-b]`, in the order they were written.
    pub use_dependencies: Vec<UseDependency>,
    /// Flags that a package must have, whether on or off: those without a default that were written, also where their condition turned out not to hold.
    pub required_flags: Vec<String>,
}

/// How strict a block is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Blocker {
    /// `!`: both may be there while one takes the other's place.
    Weak,
    /// `!!`: they may never be there together.
    Strong,
}

/// Which versions an atom means.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct VersionConstraint {
    /// How a package's version must stand to it.
    pub operator: Operator,
    /// `1.2-r3`; empty only for [`Operator::Contains`].
    pub version: Option<Version>,
    /// The part of a version that [`Operator::Contains`] looks for.
    pub contained: String,
    /// `=a/b-1.2-3`: the third build of version 1.2.
    pub build_id: Option<u64>,
}

/// How a package's version must stand to an atom's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Operator {
    /// `<`
    Less,
    /// `<=`
    LessOrEqual,
    /// `=`
    Equal,
    /// `=…*`: it begins so, up to the end of one of its parts.
    Prefix,
    /// `~`: in any revision.
    AnyRevision,
    /// `>=`
    GreaterOrEqual,
    /// `>`
    Greater,
    /// `=…-*9999*`, in patterns only.
    Contains,
}

/// What an atom says of rebuilds when another sub-slot comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SlotOperator {
    /// `:=`: a package that was built with one sub-slot needs that one.
    Rebuild,
    /// `:*`: any will do at any time.
    Any,
}

/// Which forms of atoms are known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AtomSyntax {
    /// Those of a package's dependencies.
    Dependency(Eapi),
    /// Those that a user may write, with repositories and build ids.
    Argument,
    /// Those that a user may write where packages are excluded: `app-*/*`, `=*/*-*9999*` as well.
    Pattern,
}

/// Why a text is no atom.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{}` is not a package atom{}", text.escape_debug(), shown(reason))]
pub struct AtomError {
    /// As it was written.
    pub text: String,
    /// What is wrong with it; empty if it is nothing that one could name.
    pub reason: String,
}

fn shown(reason: &str) -> String {
    if reason.is_empty() { String::new() } else { format!(": {reason}") }
}

impl Atom {
    /// Reads an atom.
    ///
    /// # Errors
    /// When it is none, or of a form that `syntax` doesn't know.
    pub fn parse(text: &str, syntax: AtomSyntax) -> Result<Self, AtomError> {
        parse::parse(text, syntax)
    }

    /// `CATEGORY/NAME`
    #[must_use]
    pub fn category_and_name(&self) -> String {
        format!("{}/{}", self.category, self.name)
    }

    /// Whether it says which sub-slot its package was built with: `:0/3=`.
    #[must_use]
    pub fn is_built_slot(&self) -> bool {
        self.slot_operator == Some(SlotOperator::Rebuild) && self.sub_slot.is_some()
    }

    /// What it means for a package with these flags: conditional wishes become wishes, or nothing.
    #[must_use]
    pub fn evaluated(&self, is_on: impl Fn(&str) -> bool) -> Self {
        let evaluate = |wish: &UseDependency| {
            let wanted = wish.wish.evaluate(is_on(&wish.flag))?;
            Some(UseDependency { wish: if wanted { UseWish::On } else { UseWish::Off }, ..wish.clone() })
        };
        Self { use_dependencies: self.use_dependencies.iter().filter_map(evaluate).collect(), ..self.clone() }
    }

    /// Whether a package that depends has a say in what it means.
    #[must_use]
    pub fn is_conditional(&self) -> bool {
        self.use_dependencies.iter().any(|wish| wish.wish.is_conditional())
    }
}

impl Operator {
    fn as_str(self) -> &'static str {
        match self {
            Self::Less => "<",
            Self::LessOrEqual => "<=",
            Self::Equal | Self::Prefix | Self::Contains => "=",
            Self::AnyRevision => "~",
            Self::GreaterOrEqual => ">=",
            Self::Greater => ">",
        }
    }
}

impl fmt::Display for Atom {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.blocker {
            Some(Blocker::Weak) => "!",
            Some(Blocker::Strong) => "!!",
            None => "",
        })?;
        f.write_str(self.version.as_ref().map_or("", |constraint| constraint.operator.as_str()))?;
        write!(f, "{}/{}", self.category, self.name)?;
        if let Some(constraint) = &self.version {
            write!(f, "{constraint}")?;
        }
        self.write_slot(f)?;
        if let Some(repository) = &self.repository {
            write!(f, "::{repository}")?;
        }
        let mut separator = "[";
        for wish in &self.use_dependencies {
            write!(f, "{separator}{wish}")?;
            separator = ",";
        }
        f.write_str(if self.use_dependencies.is_empty() { "" } else { "]" })
    }
}

impl fmt::Display for VersionConstraint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.version {
            Some(version) => write!(f, "-{version}{}", if self.operator == Operator::Prefix { "*" } else { "" })?,
            None => write!(f, "-*{}*", self.contained)?,
        }
        self.build_id.map_or(Ok(()), |id| write!(f, "-{id}"))
    }
}

impl Atom {
    fn write_slot(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.slot.is_some() || self.slot_operator.is_some() {
            write!(f, ":{}", self.slot.as_deref().unwrap_or_default())?;
        }
        if let Some(sub_slot) = &self.sub_slot {
            write!(f, "/{sub_slot}")?;
        }
        f.write_str(match self.slot_operator {
            Some(SlotOperator::Rebuild) => "=",
            Some(SlotOperator::Any) => "*",
            None => "",
        })
    }
}

#[cfg(test)]
mod tests;
