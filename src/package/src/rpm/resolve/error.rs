use std::fmt;

/// Why no set of packages is what was asked for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RpmResolveError {
    /// Nothing is called so, provides it or has such a file.
    #[error("nothing in the repositories is `{asked}`, provides it or has it as a file")]
    NotFound {
        /// As it was asked for.
        asked: String,
    },
    /// It is there, and it was said not to be taken.
    #[error("every package that is `{asked}` is excluded")]
    Excluded {
        /// As it was asked for.
        asked: String,
    },
    /// No group or environment is called so.
    #[error("the repositories have no group `{asked}`")]
    UnknownGroup {
        /// Without the `@`.
        asked: String,
    },
    /// Something is missing, or can't be with something else.
    #[error("the packages can't be selected:{}", listed(problems))]
    Unsatisfiable {
        /// What stands in the way, together.
        problems: Vec<RpmProblem>,
    },
    /// More than can be counted.
    #[error("there are more than {limit} packages")]
    TooMany {
        /// What is possible.
        limit: usize,
    },
}

/// One thing that stands in the way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RpmProblem {
    /// What it is: `a-1-1.x86_64 needs b >= 2, which nothing provides`.
    pub text: String,
    /// Who wants the package that it is about, from the request on: `the request`, `c-1-1.noarch (needs a)`.
    pub wanted_by: Vec<String>,
}

impl fmt::Display for RpmProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)?;
        if self.wanted_by.is_empty() { Ok(()) } else { write!(f, "\n  wanted by: {}", self.wanted_by.join(", then ")) }
    }
}

fn listed(problems: &[RpmProblem]) -> String {
    problems.iter().map(|problem| format!("\n{problem}").replace('\n', "\n  ")).collect()
}

impl RpmResolveError {
    /// What the user can do.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        Some(match self {
            Self::NotFound { .. } => "see whether the release and its repositories have it; `*` stands for anything in a name".to_owned(),
            Self::Excluded { .. } => "leave it out of the excluded packages, or don't ask for it".to_owned(),
            Self::UnknownGroup { .. } => "groups come with a repository's metadata: see whether one of them has any".to_owned(),
            Self::Unsatisfiable { .. } => "leave one of them out, or add the repository that has what is missing".to_owned(),
            Self::TooMany { .. } => "leave some of the repositories out".to_owned(),
        })
    }
}
