use std::io;

/// What is wrong with a binary host's index.
#[derive(Debug, thiserror::Error)]
pub enum IndexFault {
    /// A line of it, or the block of a package that begins there.
    #[error("line {line}: {reason}")]
    Line {
        /// From 1.
        line: usize,
        /// What is wrong with it.
        reason: String,
    },
    /// It says no version, or one that is newer than what is known.
    #[error("it is of version `{}`, and not 0", version.escape_debug())]
    Version {
        /// As it says; empty if it says none.
        version: String,
    },
    /// Its compression is damaged, or it ends early.
    #[error("it can't be unpacked")]
    Read {
        /// Why not.
        #[source]
        source: io::Error,
    },
    /// It has more of something than any such file needs.
    #[error("it has more than {limit} {what}")]
    TooLarge {
        /// `bytes`, `packages`
        what: &'static str,
        /// What is allowed.
        limit: usize,
    },
}

impl IndexFault {
    /// What the user can do.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        Some(match self {
            Self::Line { .. } | Self::Read { .. } => "try again, or use another mirror of the binary host".to_owned(),
            Self::Version { .. } => "see whether the URL is that of a binary host's directory, which `Packages` lies in".to_owned(),
            Self::TooLarge { .. } => return None,
        })
    }
}
