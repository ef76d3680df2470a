use std::fmt;

use super::Universe;
use super::explain::unusable;
use crate::apk::Dependency;

/// Why no set of packages is what was asked for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ResolveError {
    /// Something is missing, or can't be with something else.
    #[error("the packages can't be selected:{}", listed(problems))]
    Unsatisfiable {
        /// One for each package or name at fault, as apk reports them.
        problems: Vec<Problem>,
    },
    /// A pinning that no repository carries.
    #[error("no repository has the tag of `{dependency}`")]
    UnknownTag {
        /// As it was asked for.
        dependency: String,
    },
    /// More repositories than can be told apart.
    #[error("there are more than {limit} repositories")]
    TooManyRepositories {
        /// What is possible.
        limit: usize,
    },
}

/// What is wrong with a package or a name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// `NAME-VERSION`, `NAME (no such package)`, `NAME (virtual)`.
    pub subject: String,
    /// Under headings: `required by`, `which is for`, `breaks`, `satisfies`, `conflicts`, `masked in`, `provided by`, `note`.
    pub reasons: Vec<(&'static str, Vec<String>)>,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:", self.subject)?;
        self.reasons.iter().try_for_each(|(heading, reasons)| write!(f, "\n  {heading}: {}", reasons.join(" ")))
    }
}

fn listed(problems: &[Problem]) -> String {
    problems.iter().flat_map(|problem| format!("\n{problem}").chars().collect::<Vec<_>>()).collect::<String>().replace('\n', "\n  ")
}

impl ResolveError {
    /// What the user can do.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Unsatisfiable { problems } => problems.iter().find_map(Problem::hint),
            Self::UnknownTag { .. } => Some("add a repository with this tag, as `@edge URL`, or ask without the tag".to_owned()),
            Self::TooManyRepositories { .. } => Some("leave some of them out".to_owned()),
        }
    }
}

impl Problem {
    /// Of a name that the world asks for and nothing in the universe has.
    pub(super) fn unknown(universe: &Universe, dependency: &Dependency) -> Self {
        let shown = Dependency { tag: None, ..dependency.clone() };
        let mut reasons = vec![("note", unusable(universe, &dependency.name)), ("required by", vec![format!("world[{shown}]")])];
        reasons.retain(|(_, reasons)| !reasons.is_empty());
        Self { subject: format!("{} (no such package)", dependency.name), reasons }
    }

    fn hint(&self) -> Option<String> {
        let has = |wanted: &str| self.reasons.iter().any(|(heading, _)| *heading == wanted);
        match &self.subject {
            subject if subject.ends_with("(no such package)") => Some("see whether the release and its repositories have it".to_owned()),
            subject if subject.ends_with("(virtual)") => Some("ask for one of the packages that provide it, by name".to_owned()),
            _ if has("masked in") => Some("ask for it with the tag of its repository, as `name@tag`".to_owned()),
            _ if has("conflicts") || has("breaks") => Some("leave one of them out, or ask for another version".to_owned()),
            _ => None,
        }
    }
}
