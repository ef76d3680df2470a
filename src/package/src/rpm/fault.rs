//! What is wrong with a repository's metadata.

use std::io;

/// What is wrong with a file of a repository's metadata.
#[derive(Debug, thiserror::Error)]
pub enum MetadataFault {
    /// It is not well-formed, or uses what such files never use.
    #[error("byte {offset}{}: {reason}", shown(within))]
    Malformed {
        /// Where, from 0.
        offset: u64,
        /// The package or other record it is in; empty outside of them.
        within: String,
        /// What is wrong.
        reason: String,
    },
    /// It can't be read, or its compression is damaged.
    #[error("it can't be read at byte {offset}")]
    Read {
        /// How far reading came.
        offset: u64,
        /// Why not.
        #[source]
        source: io::Error,
    },
    /// More of something than can be counted.
    #[error("it has more names or packages than fit into memory")]
    TooMany,
}

/// More than 2³² of something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct TooMany;

impl From<TooMany> for MetadataFault {
    fn from(_: TooMany) -> Self {
        Self::TooMany
    }
}

impl MetadataFault {
    /// What the user can do.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Malformed { .. } | Self::Read { .. } => Some("try again, or use another mirror of the repository".to_owned()),
            Self::TooMany => None,
        }
    }
}

fn shown(within: &str) -> String {
    if within.is_empty() { String::new() } else { format!(" (in `{}`)", within.chars().take(200).collect::<String>()) }
}
