use std::io;
use std::path::PathBuf;

use crate::store::StoreError;

/// Why a package can't be made a layer.
#[derive(Debug, thiserror::Error)]
pub enum DebError {
    /// The package is not what dpkg would accept, or tries to do harm.
    #[error("`{}` is not a sound Debian package", package.display())]
    Unsound {
        /// The file.
        package: PathBuf,
        /// What is wrong with it.
        #[source]
        source: DebFault,
    },
    /// The store can't give the package, or can't keep its payload.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl DebError {
    /// What the user can do.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Unsound { source, .. } => source.hint(),
            Self::Store(error) => error.hint(),
        }
    }
}

/// What is wrong with a package.
#[derive(Debug, thiserror::Error)]
pub enum DebFault {
    /// It doesn't begin as `ar` archives do.
    #[error("it is not an ar archive")]
    NotAnArchive,
    /// It ends too early.
    #[error("it ends in the middle of {place}")]
    Truncated {
        /// A member, or an entry of one.
        place: String,
    },
    /// Its members are not those of a package.
    #[error("member `{name}`: {reason}")]
    Member {
        /// With unprintable bytes escaped.
        name: String,
        /// What is wrong with it.
        reason: String,
    },
    /// A format version that nobody knows.
    #[error("its format version is `{found}`, not 2.0")]
    Version {
        /// With unprintable bytes escaped.
        found: String,
    },
    /// A member is compressed in a way that isn't read here.
    #[error("member `{name}` is compressed with {format}, which is not supported")]
    Compression {
        /// The member.
        name: String,
        /// The compressor.
        format: String,
    },
    /// A member unpacks to more than any package needs.
    #[error("member `{name}` unpacks to more than {limit} bytes")]
    TooLarge {
        /// The member.
        name: String,
        /// What is allowed for a member of its compressed size.
        limit: u64,
    },
    /// An entry of a member's tar archive.
    #[error("entry `{entry}` of `{member}`: {reason}")]
    Entry {
        /// `control.tar` or `data.tar`.
        member: &'static str,
        /// Its name, with unprintable bytes escaped.
        entry: String,
        /// What is wrong with it.
        reason: String,
    },
    /// It can't be read, or a compressed member is damaged.
    #[error("can't read {place}")]
    Read {
        /// A member, or an entry of one.
        place: String,
        /// Why not.
        #[source]
        source: io::Error,
    },
    /// The payload can't be written.
    #[error("can't write its payload")]
    Write(#[source] io::Error),
}

impl DebFault {
    /// What the user can do.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Compression { format, .. } => Some(format!("repack it with xz or zstd: only old packages use {format}")),
            _ => None,
        }
    }
}
