use rootfs_tree::Digest;

use crate::store::StoreError;

/// Why something can't be fetched.
#[derive(Debug, thiserror::Error)]
pub enum FetchError {
    /// No URL gave it; this is about the last one.
    #[error("can't fetch {name} from {url} in {attempts} {}", if *attempts == 1 { "attempt" } else { "attempts" })]
    Failed {
        /// For people.
        name: String,
        /// Without a password.
        url: String,
        /// How often this URL was tried.
        attempts: u32,
        /// Why not, the last time.
        #[source]
        source: Box<FetchFault>,
    },
    /// There is no URL to try.
    #[error("nobody says where {name} could be fetched from")]
    Nowhere {
        /// For people.
        name: String,
    },
    /// The network would be needed.
    #[error("{} of what is needed is not in the store: {}", missing.len(), shorten(missing))]
    Offline {
        /// For people, by name.
        missing: Vec<String>,
    },
    /// A proxy's URL is none.
    #[error("`{url}` can't be a proxy")]
    Proxy {
        /// Without a password.
        url: String,
    },
    /// The store can't take it.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The user ended it.
    #[error("fetching was interrupted")]
    Cancelled,
}

impl FetchError {
    /// Whether the last mirror answered that it doesn't have it (404, 410, no such file).
    #[must_use]
    pub fn is_not_found(&self) -> bool {
        matches!(self, Self::Failed { source, .. } if source.is_not_found())
    }

    /// What the user can do.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Failed { source, .. } => source.hint().map(str::to_owned),
            Self::Offline { .. } => Some("build once without --offline".to_owned()),
            Self::Proxy { .. } => Some("it should look like http://proxy:3128".to_owned()),
            Self::Store(error) => error.hint(),
            Self::Nowhere { .. } | Self::Cancelled => None,
        }
    }
}

/// Why one URL didn't give a file.
#[derive(Debug, thiserror::Error)]
pub enum FetchFault {
    /// It isn't a URL that can be fetched.
    #[error("it is not an http, https or file URL")]
    Url,
    /// The server's answer.
    #[error("the server answers {code}{}", status_word(*code))]
    Status {
        /// Of HTTP.
        code: u16,
    },
    /// There was no answer, or it broke off.
    #[error("the connection failed")]
    Connection(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The server can't prove who it is, or speaks no TLS that is safe.
    #[error("there is no secure connection")]
    Secure(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// It ended too early.
    #[error("it was cut off after {received} of {size} bytes")]
    Truncated {
        /// What came.
        received: u64,
        /// What should have come.
        size: u64,
    },
    /// The server announces another length.
    #[error("the server has {announced} bytes of it, not {size}")]
    Size {
        /// What the server has.
        announced: u64,
        /// What the index says.
        size: u64,
    },
    /// There is more of it than there should be.
    #[error("it is longer than {limit} bytes")]
    TooLong {
        /// Its size, or what a document may have.
        limit: u64,
    },
    /// It is another file.
    #[error("its SHA-256 is {found}, not {expected}")]
    Hash {
        /// What the index says.
        expected: Digest,
        /// What came.
        found: Digest,
    },
    /// The server sends on and on.
    #[error("it is redirected more than {limit} times")]
    Redirects {
        /// What is followed.
        limit: u32,
    },
    /// The server sends where nothing may be fetched from: to no URL, a file, or out of https.
    #[error("it is redirected to `{to}`, which is not allowed")]
    Redirect {
        /// Without a password.
        to: String,
    },
    /// A `file` URL's file.
    #[error("the file can't be read")]
    File(#[source] std::io::Error),
}

impl FetchFault {
    /// Whether it isn't there at all.
    #[must_use]
    pub fn is_not_found(&self) -> bool {
        match self {
            Self::Status { code } => matches!(code, 404 | 410),
            Self::File(error) => error.kind() == std::io::ErrorKind::NotFound,
            _ => false,
        }
    }

    fn hint(&self) -> Option<&'static str> {
        match self {
            Self::Connection(_) => Some("check the network and the proxy, or name another mirror with --mirror"),
            Self::Secure(_) => Some("if a mirror or proxy has an authority of its own, name its certificate file in SSL_CERT_FILE"),
            Self::Status { code: 404 | 410 } => Some("the mirror may be out of date: name another one with --mirror, or resolve again"),
            Self::Status { .. } | Self::Truncated { .. } | Self::Redirects { .. } | Self::Redirect { .. } => {
                Some("try again later, or name another mirror with --mirror")
            }
            Self::Hash { .. } | Self::TooLong { .. } | Self::Size { .. } => {
                Some("the mirror is damaged or out of step with its index: try again later, or name another one with --mirror")
            }
            Self::Url | Self::File(_) => None,
        }
    }
}

fn status_word(code: u16) -> &'static str {
    match code {
        401 | 407 => " (it wants a password)",
        403 => " (forbidden)",
        404 => " (not found)",
        410 => " (gone)",
        429 => " (too many requests)",
        500..=599 => " (it is in trouble)",
        _ => "",
    }
}

fn shorten(names: &[String]) -> String {
    let shown = names.iter().take(3).map(String::as_str).collect::<Vec<_>>().join(", ");
    if names.len() > 3 { shown + ", …" } else { shown }
}
