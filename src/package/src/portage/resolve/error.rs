use std::fmt;

/// Why there is no set of packages that is what was asked for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ResolveError {
    /// Nothing on the binary hosts is called so.
    #[error("no binary host has a package `{name}`{}", wanted(wanted_by))]
    Unknown {
        /// `CATEGORY/NAME`
        name: String,
        /// Who wants it, from the request on: `@system`, `a/b-1 (needs c/d)`.
        wanted_by: Vec<String>,
        /// What is called alike, with its category.
        alike: Vec<String>,
    },
    /// There are packages of that name, and none may be taken.
    #[error("nothing can be installed for {wish}{}{}", listed(found), wanted(wanted_by))]
    Unavailable {
        /// What is wanted: `>=a/b-2[c]`.
        wish: String,
        /// What there is, and why each is not taken.
        found: Vec<Refusal>,
        /// Who wants it, from the request on.
        wanted_by: Vec<String>,
    },
    /// No package has a library that another is linked to.
    #[error("no package that can be installed has the library {soname}{}", wanted(wanted_by))]
    Library {
        /// `x86_64: libz.so.1`
        soname: String,
        /// Who wants it, from the request on.
        wanted_by: Vec<String>,
    },
    /// Several packages are wanted where only one can be.
    #[error("of these packages only one can be installed:{}", conflict(packages))]
    Conflict {
        /// Each, with who wants it and not another one.
        packages: Vec<Contender>,
    },
    /// Packages may not be there together.
    #[error("packages can't be installed together:{}", blocks.iter().map(|block| format!("\n  {block}")).collect::<String>())]
    Blocked {
        /// Who blocks whom.
        blocks: Vec<Block>,
    },
}

/// A package that is not taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// `a/b-1-2`
    pub package: String,
    /// Why not.
    pub reason: String,
}

/// One of several packages for the same place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contender {
    /// `a/b-1-2`
    pub package: String,
    /// Who wants it, and as what: `c/d-1 (needs <a/b-2)`.
    pub wanted_by: Vec<String>,
}

/// A package that doesn't want another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Block {
    /// Who doesn't want it.
    pub package: String,
    /// As what: `!<a/b-2`.
    pub atom: String,
    /// What is not wanted.
    pub blocked: String,
    /// Who wants that one, from the request on.
    pub wanted_by: Vec<String>,
}

impl fmt::Display for Block {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} blocks {} ({}){}", self.package, self.blocked, self.atom, wanted(&self.wanted_by))
    }
}

fn wanted(by: &[String]) -> String {
    if by.is_empty() { String::new() } else { format!("; wanted by {}", by.join(", then ")) }
}

fn listed(found: &[Refusal]) -> String {
    let line = |refusal: &Refusal| format!("\n  {}: {}", refusal.package, refusal.reason);
    if found.is_empty() { String::new() } else { format!(":{}\n ", found.iter().map(line).collect::<String>()) }
}

fn conflict(packages: &[Contender]) -> String {
    let line = |contender: &Contender| format!("\n  {}, wanted by {}", contender.package, contender.wanted_by.join(", "));
    packages.iter().map(line).collect()
}

impl ResolveError {
    /// What the user can do.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        Some(match self {
            Self::Unknown { alike, .. } if !alike.is_empty() => format!("did you mean {}?", alike.join(" or ")),
            Self::Unknown { .. } => {
                "see whether the binary host and the profile belong together, or add a binary host that has it".to_owned()
            }
            Self::Unavailable { .. } => {
                "ask for other flags with --use, accept more keywords, or add a binary host that has what is missing".to_owned()
            }
            Self::Library { .. } => "add the package that has it, or a binary host that is complete".to_owned(),
            Self::Conflict { .. } => "ask for one of them only, or for versions of the others that go with it".to_owned(),
            Self::Blocked { .. } => "leave one of them out".to_owned(),
        })
    }
}
