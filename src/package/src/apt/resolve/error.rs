use std::fmt;
use std::io;
use std::path::PathBuf;

use super::dependency::Field;

/// One step from a package to what it needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    /// The package that needs it.
    pub name: String,
    /// In which field it says so.
    pub field: Field,
    /// What it says.
    pub relation: String,
}

/// How a package was come to: from what was asked for, step by step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chain {
    /// What it starts with.
    pub start: String,
    /// Why that was asked for.
    pub reason: String,
    /// Each step; empty when the package itself was asked for.
    pub links: Vec<Link>,
}

impl fmt::Display for Chain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.start, self.reason)?;
        for link in &self.links {
            write!(f, ", {} {} {}", link.name, link.field.verb(), link.relation)?;
        }
        Ok(())
    }
}

/// No set of packages is what the plan asks for.
#[derive(Debug, thiserror::Error)]
pub enum ResolveError {
    /// No package and no Provides has this name.
    #[error("no repository has a package `{name}`")]
    UnknownPackage {
        /// What was asked for.
        name: String,
        /// Names that are close to it.
        near: Vec<String>,
    },
    /// Several packages provide the name, none has it.
    #[error("`{name}` is a virtual package, provided by {}", providers.join(", "))]
    VirtualPackage {
        /// What was asked for.
        name: String,
        /// Who provides it.
        providers: Vec<String>,
    },
    /// The package isn't there in that version or from that suite.
    #[error("`{name}` is not there as `{wanted}`")]
    UnknownVersion {
        /// The package.
        name: String,
        /// The version or suite that was asked for.
        wanted: String,
        /// What there is.
        known: Vec<String>,
    },
    /// dpkg knows no such priority.
    #[error("`{priority}` is no priority of packages")]
    UnknownPriority {
        /// What was asked for.
        priority: String,
    },
    /// A package file of the user's that was never added to the universe.
    #[error("{} was not read", path.display())]
    UnreadFile {
        /// Where it is.
        path: PathBuf,
    },
    /// A relation that nothing answers.
    #[error("{package} can't be installed: it {} {relation}, {fault}; it is there for {chain}", field.verb())]
    Unsatisfiable {
        /// The package that says so, with its version.
        package: String,
        /// In which field.
        field: Field,
        /// What it says.
        relation: String,
        /// What there is instead.
        fault: String,
        /// How the package was come to.
        chain: Chain,
    },
    /// Two packages that exclude each other.
    #[error("{left} {} {right} ({relation}); {left} is there for {left_chain}; {right} is there for {right_chain}", field.verb())]
    Conflict {
        /// The package that says so.
        left: String,
        /// `Conflicts` or `Breaks`.
        field: Field,
        /// What it says.
        relation: String,
        /// The other package.
        right: String,
        /// How the first was come to.
        left_chain: Chain,
        /// How the other was come to.
        right_chain: Chain,
    },
    /// A package whose relations can't be read.
    #[error("the index's entry for {package} is malformed: {fault}")]
    Unreadable {
        /// The package with its version.
        package: String,
        /// What is wrong.
        fault: String,
    },
    /// A chosen package whose entry lacks what is needed to fetch it.
    #[error("the index's entry for {name} {version} has no {field} that can be used")]
    Entry {
        /// The package.
        name: String,
        /// Its version.
        version: String,
        /// The field.
        field: &'static str,
    },
    /// No set was found, for no single reason that could be named.
    #[error("the packages can't be installed together: {names}")]
    Tangled {
        /// What doesn't work in the end.
        names: String,
    },
    /// The relations lead on and on.
    #[error("the packages' relations are too tangled to resolve")]
    Exhausted,
    /// The system gave no thread.
    #[error("can't start a thread to resolve in")]
    Thread(#[source] io::Error),
}

impl ResolveError {
    /// What the user may do about it.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::UnknownPackage { near, .. } if !near.is_empty() => Some(format!("did you mean {}?", near.join(", "))),
            Self::UnknownPackage { .. } => Some("see whether the release and its components have it".to_owned()),
            Self::VirtualPackage { .. } => Some("ask for one of them by name".to_owned()),
            Self::UnknownVersion { known, .. } if !known.is_empty() => Some(format!("there is {}", known.join(", "))),
            Self::Conflict { .. } => Some("leave one of the two out".to_owned()),
            _ => None,
        }
    }
}
