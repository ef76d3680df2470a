/// A lock that can't be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line} of the lock: {fault}")]
pub struct LockError {
    /// From 1.
    pub line: usize,
    /// What is wrong there.
    pub fault: LockFault,
}

/// What is wrong with a lock.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LockFault {
    /// It is longer than any lock.
    #[error("it is longer than {limit} bytes")]
    Length {
        /// The most that is read.
        limit: usize,
    },
    /// It isn't TOML, or not with these keys.
    #[error("{0}")]
    Syntax(String),
    /// It is of another version.
    #[error("it has version {found}, and this program reads version {}", super::VERSION)]
    Version {
        /// What it says.
        found: i64,
    },
    /// A value that can't be.
    #[error("`{value}` is no {what}")]
    Value {
        /// What it should be.
        what: &'static str,
        /// What it is.
        value: String,
    },
    /// A package before or beside another of its name.
    #[error("the package `{name}` is not in its place: packages are sorted, and each is there once")]
    Order {
        /// Its name.
        name: String,
    },
}

impl LockError {
    /// What the user may do about it.
    #[must_use]
    pub fn hint(&self) -> &'static str {
        match self.fault {
            LockFault::Version { .. } => "write it anew with --lock",
            _ => "a lock is not edited by hand: write it anew with --lock",
        }
    }
}
