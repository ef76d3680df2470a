use rootfs_tree::Digest;

use super::Sha1Sum;
use super::keys::SignatureError;
use crate::payload::{StreamFault, TarFault};

/// What is wrong with an index or a package.
#[derive(Debug, thiserror::Error)]
pub enum ApkFault {
    /// It is in the format of apk-tools 3.
    #[error("it is in the format of apk-tools 3 (ADB), which is not read here")]
    Adb,
    /// It doesn't begin as gzip does.
    #[error("it is not a gzip stream")]
    NotGzip,
    /// Something that every such file has is not there.
    #[error("it has no {what}")]
    Missing {
        /// What it is.
        what: &'static str,
    },
    /// A part unpacks to more than any such file needs.
    #[error("{place} unpacks to more than {limit} bytes")]
    TooLarge {
        /// A part of it.
        place: &'static str,
        /// What is allowed.
        limit: u64,
    },
    /// An entry of one of its archives.
    #[error("entry `{entry}` of {place}: {reason}")]
    Entry {
        /// The archive.
        place: &'static str,
        /// Its name, with unprintable bytes escaped.
        entry: String,
        /// What is wrong with it.
        reason: String,
    },
    /// A line of the index or of `.PKGINFO`.
    #[error("line {line} of {place}: {reason}")]
    Line {
        /// `the index` or `.PKGINFO`.
        place: &'static str,
        /// From 1.
        line: usize,
        /// What is wrong with it.
        reason: String,
    },
    /// It is another package than the index means.
    #[error("its identity is {found}, not {expected} as the index says")]
    Identity {
        /// What the index says.
        expected: Sha1Sum,
        /// Of its control member.
        found: Sha1Sum,
    },
    /// Its files are not those that were packed.
    #[error("the SHA-256 of its files is {found}, not {expected} as its control data say")]
    DataHash {
        /// What `.PKGINFO` says.
        expected: Digest,
        /// Of the data member.
        found: Digest,
    },
    /// Nobody who is trusted vouches for it.
    #[error("its signature is not accepted")]
    Signature(#[from] SignatureError),
    /// It was not read to its end.
    #[error(transparent)]
    Stream(#[from] StreamFault),
}

impl ApkFault {
    /// What the user can do.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Adb => {
                Some("use a repository for apk-tools 2 (Alpine's own have an APKINDEX.tar.gz), and packages made by abuild".to_owned())
            }
            Self::Identity { .. } | Self::DataHash { .. } => {
                Some("try again, or use another mirror: this one's package and index don't belong together".to_owned())
            }
            Self::Signature(error) => error.hint(),
            _ => None,
        }
    }
}

impl From<TarFault> for ApkFault {
    fn from(fault: TarFault) -> Self {
        match fault {
            TarFault::Entry { place, entry, reason } => Self::Entry { place, entry, reason },
            TarFault::Stream(fault) => Self::Stream(fault),
        }
    }
}
