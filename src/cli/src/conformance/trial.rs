/// One thing that was tried.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Trial {
    /// What a distribution has to do, in a few words.
    pub(crate) name: &'static str,
    /// How it went.
    pub(crate) outcome: Outcome,
}

/// How a trial went.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// As it has to, with what was seen.
    Passed(String),
    /// Otherwise, with the reason.
    Failed(String),
    /// It could not be tried.
    Skipped(String),
}

impl Trial {
    pub(super) fn of(name: &'static str, result: Result<String, String>) -> Self {
        Self { name, outcome: result.map_or_else(Outcome::Failed, Outcome::Passed) }
    }

    pub(super) fn skipped(name: &'static str, reason: impl Into<String>) -> Self {
        Self { name, outcome: Outcome::Skipped(reason.into()) }
    }
}
