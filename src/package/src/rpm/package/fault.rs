use rootfs_tree::Digest;

use crate::openpgp::OpenPgpError;
use crate::payload::StreamFault;

/// What is wrong with a package.
#[derive(Debug, thiserror::Error)]
pub enum RpmFault {
    /// It doesn't begin as a package does.
    #[error("it is not an RPM package")]
    NotRpm,
    /// It is the source of a package.
    #[error("it is a source package")]
    Source,
    /// A header is none.
    #[error("{place} is malformed: {reason}")]
    Header {
        /// Which of the two.
        place: &'static str,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// A value of a header.
    #[error("tag {tag} of its header: {reason}")]
    Tag {
        /// By its number in `rpmtag.h`.
        tag: u32,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// Nobody has signed its header.
    #[error("it is not signed")]
    Unsigned,
    /// It has a signature only of a kind that packages had before 2005.
    #[error("its only signatures are those of rpm 3, which don't cover its header by itself")]
    OldSignature,
    /// Who has signed it is not trusted, or not like this.
    #[error("its signature is not accepted")]
    Signature(#[source] OpenPgpError),
    /// It doesn't say which payload it means.
    #[error("its header has no SHA-256 of its payload, which every package since rpm 4.14 has")]
    NoPayloadDigest,
    /// Something is not what its hash says.
    #[error("the SHA-256 of {place} is {found}, not {expected}")]
    Digest {
        /// A part of it.
        place: &'static str,
        /// What the package says.
        expected: Digest,
        /// What it is.
        found: Digest,
    },
    /// Its payload is packed in a way that is not read here.
    #[error("its payload is packed as `{found}`, which is not read here")]
    Compression {
        /// By rpm's name, with unprintable bytes escaped.
        found: String,
    },
    /// It unpacks to more than any such package needs.
    #[error("its payload unpacks to more than {limit} bytes")]
    TooLarge {
        /// What is allowed.
        limit: u64,
    },
    /// One of its files.
    #[error("file `{path}`: {reason}")]
    File {
        /// With unprintable bytes escaped.
        path: String,
        /// What is wrong with it.
        reason: String,
    },
    /// Its payload is no archive as it should be.
    #[error("its payload is malformed: {reason}")]
    Payload {
        /// What is wrong with it.
        reason: &'static str,
    },
    /// It was not read to its end.
    #[error(transparent)]
    Stream(#[from] StreamFault),
}

impl RpmFault {
    pub(super) fn file(path: &[u8], reason: impl Into<String>) -> Self {
        Self::File { path: path.escape_ascii().to_string(), reason: reason.into() }
    }

    /// What the user can do.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Unsigned | Self::OldSignature => Some("only signed packages are installed".to_owned()),
            Self::Signature(error) => error.hint().map(str::to_owned),
            _ => None,
        }
    }
}
