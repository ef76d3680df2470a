use crate::openpgp::OpenPgpError;
use crate::payload::{StreamFault, TarFault};

/// What is wrong with a package of portage's.
#[derive(Debug, thiserror::Error)]
pub enum BinaryFault {
    /// It begins and ends as neither format does.
    #[error("it is neither a gpkg nor an xpak package")]
    NoPackage,
    /// Something that every such package has is not there.
    #[error("it has no {what}")]
    Missing {
        /// What it is.
        what: &'static str,
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
    /// Its Manifest says nothing that can be used, or of something else.
    #[error("line {line} of its Manifest: {reason}")]
    Manifest {
        /// From 1.
        line: usize,
        /// What is wrong with it.
        reason: String,
    },
    /// A part of it is not what its Manifest says.
    #[error("its part `{part}` has another {what} than its Manifest says")]
    Changed {
        /// `image.tar.zst`.
        part: String,
        /// `size`, `SHA512`.
        what: &'static str,
    },
    /// A part is packed in a way that is not read.
    #[error("its part `{part}` is packed with {program}, which is not read here")]
    Compression {
        /// `image.tar.lz4`.
        part: String,
        /// `lz4`.
        program: String,
    },
    /// A part unpacks to more than any package needs.
    #[error("{place} unpacks to more than {limit} bytes")]
    TooLarge {
        /// The part.
        place: &'static str,
        /// What is allowed.
        limit: u64,
    },
    /// The index at the end of an XPAK leads out of it, or is none.
    #[error("its metadata can't be read: {reason}")]
    Xpak {
        /// Why not.
        reason: &'static str,
    },
    /// It is in the older format, in which nothing can be signed.
    #[error("it is an xpak package, which nobody can have signed")]
    CannotBeSigned,
    /// Nobody has signed it.
    #[error("its Manifest is not signed")]
    Unsigned,
    /// Nobody who is trusted has signed it.
    #[error("the signature of its {part} is not accepted")]
    Signature {
        /// `Manifest`, `image.tar.zst`.
        part: String,
        /// Why not.
        #[source]
        source: OpenPgpError,
    },
    /// It was not read to its end.
    #[error(transparent)]
    Stream(#[from] StreamFault),
}

impl BinaryFault {
    /// What the user can do.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        Some(
            match self {
                Self::CannotBeSigned => {
                    "build it as a gpkg (BINPKG_FORMAT=gpkg) and sign it, or take what nobody signed with --allow-unsigned"
                }
                Self::Unsigned => "have portage sign it (FEATURES=binpkg-signing), or take what nobody signed with --allow-unsigned",
                Self::Signature { source: OpenPgpError::WrongKey { .. }, .. } => {
                    "name the key that signs this host's packages with --key FILE, or take what nobody signed with --allow-unsigned"
                }
                Self::Changed { .. } => "the package was changed or damaged: try again, or use another binary host",
                Self::Compression { .. } => "build it with BINPKG_COMPRESS=zstd, which is portage's default",
                _ => return None,
            }
            .to_owned(),
        )
    }
}

impl From<TarFault> for BinaryFault {
    fn from(fault: TarFault) -> Self {
        match fault {
            TarFault::Entry { place, entry, reason } => Self::Entry { place, entry, reason },
            TarFault::Stream(fault) => Self::Stream(fault),
        }
    }
}
