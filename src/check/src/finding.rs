use serde::Serialize;

/// What a rule says about a tree.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// The rule's name.
    pub rule: &'static str,
    /// How bad it is.
    pub severity: Severity,
    /// Inside the tree, with unprintable bytes escaped.
    pub path: String,
    /// What is wrong, as the end of a sentence that begins with the path.
    pub reason: String,
    /// What to do about it.
    pub fix: String,
}

/// How bad a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Worth knowing.
    Warning,
    /// The tree won't do what it is for, or must not be shared.
    Error,
}

/// What a rule's function finds; the rule adds its name and its severity.
#[derive(Debug)]
pub(crate) struct Fault {
    pub(crate) path: Vec<u8>,
    pub(crate) reason: String,
    pub(crate) fix: String,
    /// Instead of the rule's own.
    pub(crate) severity: Option<Severity>,
}

impl Fault {
    pub(crate) fn new(path: &[u8], reason: impl Into<String>, fix: impl Into<String>) -> Self {
        Self { path: path.to_vec(), reason: reason.into(), fix: fix.into(), severity: None }
    }
}

/// Bytes as messages show them.
pub(crate) fn shown(bytes: &[u8]) -> String {
    bytes.escape_ascii().to_string()
}
