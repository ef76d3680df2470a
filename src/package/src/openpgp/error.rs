use std::str::Utf8Error;

use crate::apt::date::format_date;

/// Why a document isn't believed.
#[derive(Debug, thiserror::Error)]
pub enum OpenPgpError {
    /// There is no certificate in a key file.
    #[error("there is no OpenPGP key in {origin}")]
    NoKeys {
        /// Where it was looked for.
        origin: String,
    },
    /// It carries no signature at all.
    #[error("the document is not signed")]
    Unsigned,
    /// It isn't text.
    #[error("the signed document is not UTF-8")]
    Encoding {
        /// Where it isn't.
        #[source]
        source: Utf8Error,
    },
    /// The signature or what is around it can't be read.
    #[error("the signature can't be read")]
    Malformed {
        /// What `pgp` says.
        #[source]
        source: Box<pgp::errors::Error>,
    },
    /// It is signed, but by nobody who is trusted.
    #[error("it is signed by {}, and trusted are only the keys from {}", ids.join(", "), origins.join(", "))]
    WrongKey {
        /// Whom the signatures name.
        ids: Vec<String>,
        /// Where the trusted keys come from.
        origins: Vec<String>,
    },
    /// A trusted key's signature doesn't count.
    #[error("the signature by {} does not count", source.fingerprint())]
    Signature {
        /// Why not.
        #[source]
        source: SignatureFault,
    },
}

impl OpenPgpError {
    /// The most telling of the faults: what a trusted key is about, before what is unknown.
    pub(super) fn from_faults(faults: Vec<SignatureFault>, origins: &[String]) -> Self {
        if faults.is_empty() {
            return Self::Unsigned;
        }
        let mut ids = Vec::new();
        for fault in faults {
            match fault {
                SignatureFault::UnknownKey { ids: found } => ids.extend(found),
                source => return Self::Signature { source },
            }
        }
        if ids.is_empty() {
            ids.push("nobody it names".to_owned());
        }
        Self::WrongKey { ids, origins: origins.to_vec() }
    }

    /// What the user may do about it.
    #[must_use]
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::Unsigned => Some("only signed repositories are used"),
            Self::WrongKey { .. } => Some("name the repository's key file, if you trust it"),
            Self::Signature { source: SignatureFault::KeyExpired { .. } } => Some("get the newer key of the repository"),
            Self::Signature { source: SignatureFault::Future { .. } } => Some("check the clock of this machine"),
            Self::Signature { source: SignatureFault::Bad { .. } } => {
                Some("the mirror may be in the middle of an update: try again, or another one")
            }
            _ => None,
        }
    }
}

/// Why one signature doesn't count.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "`fingerprint` is the certificate's in all of them, times are seconds since 1970")]
pub enum SignatureFault {
    #[error("the key {} is not trusted", ids.join(", "))]
    UnknownKey { ids: Vec<String> },
    #[error("it does not fit the document")]
    Bad {
        fingerprint: String,
        #[source]
        source: Box<pgp::errors::Error>,
    },
    #[error("it is no signature of a document")]
    Kind { fingerprint: String },
    #[error("it uses {hash}, which is too weak")]
    WeakHash { fingerprint: String, hash: String },
    #[error("it does not say when it was made")]
    Untimed { fingerprint: String },
    #[error("it is dated {}, which can't be", format_date(*created))]
    Future { fingerprint: String, created: i64 },
    #[error("it expired on {}", format_date(*since))]
    Expired { fingerprint: String, since: i64 },
    #[error("its key expired on {}", format_date(*since))]
    KeyExpired { fingerprint: String, since: i64 },
    #[error("its key was revoked")]
    KeyRevoked { fingerprint: String },
    #[error("its key is not one for signing")]
    NotForSigning { fingerprint: String },
    #[error("its key is not bound to the certificate by a signature that counts")]
    Unbound { fingerprint: String },
}

impl SignatureFault {
    /// The certificate's fingerprint, or whom the signature names.
    #[must_use]
    pub fn fingerprint(&self) -> &str {
        match self {
            Self::UnknownKey { ids } => ids.first().map_or("", String::as_str),
            Self::Bad { fingerprint, .. }
            | Self::Kind { fingerprint }
            | Self::WeakHash { fingerprint, .. }
            | Self::Untimed { fingerprint }
            | Self::Future { fingerprint, .. }
            | Self::Expired { fingerprint, .. }
            | Self::KeyExpired { fingerprint, .. }
            | Self::KeyRevoked { fingerprint }
            | Self::NotForSigning { fingerprint }
            | Self::Unbound { fingerprint } => fingerprint,
        }
    }
}
