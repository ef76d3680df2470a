use std::io;
use std::path::PathBuf;

use super::release::ReleaseError;
use super::source::SourceError;
use super::universe::IndexError;
use crate::deb::DebError;
use crate::fetch::FetchError;
use crate::openpgp::OpenPgpError;
use crate::store::StoreError;

/// Why a repository's indexes can't be had.
#[derive(Debug, thiserror::Error)]
pub enum AptError {
    /// A key file that can't be read.
    #[error("can't read the key file {}", path.display())]
    KeyFile {
        /// Where it should be.
        path: PathBuf,
        /// Why not.
        #[source]
        source: io::Error,
    },
    /// No key may sign the repository.
    #[error("the repository `{repository}` has no key")]
    NoKey {
        /// Its name in the plan.
        repository: String,
    },
    /// A key that is none.
    #[error("the repository `{repository}` has a key that can't be used")]
    Key {
        /// Its name in the plan.
        repository: String,
        /// What is wrong.
        #[source]
        source: OpenPgpError,
    },
    /// No mirror has that suite.
    #[error("the repository `{repository}` has no suite `{suite}`")]
    NoSuite {
        /// The repository's name in the plan.
        repository: String,
        /// What was asked for.
        suite: String,
        /// The last answer.
        #[source]
        source: FetchError,
    },
    /// Something didn't come.
    #[error("can't get the indexes of `{suite}` from the repository `{repository}`")]
    Fetch {
        /// The repository's name in the plan.
        repository: String,
        /// What was asked for.
        suite: String,
        /// Why not.
        #[source]
        source: FetchError,
    },
    /// The indexes themselves didn't come.
    #[error("can't get the package indexes")]
    Indexes {
        /// Why not.
        #[source]
        source: FetchError,
    },
    /// It isn't signed by whom it should be.
    #[error("{url} can't be trusted")]
    Signature {
        /// Where it came from.
        url: String,
        /// Why not.
        #[source]
        source: OpenPgpError,
    },
    /// The release file can't be used.
    #[error("{url} can't be used")]
    Release {
        /// Where it came from.
        url: String,
        /// Why not.
        #[source]
        source: ReleaseError,
    },
    /// The release lists no index for that component and architecture.
    #[error("the suite `{suite}` of `{repository}` has no component `{component}` for {architecture}")]
    NoComponent {
        /// The repository's name in the plan.
        repository: String,
        /// The suite.
        suite: String,
        /// What was asked for.
        component: String,
        /// dpkg's word.
        architecture: String,
        /// What there is.
        known: Vec<String>,
    },
    /// No repository has the source package.
    #[error("no repository of the plan has the source of `{package}`")]
    NoSource {
        /// Its name.
        package: String,
    },
    /// An index of sources with something wrong in it.
    #[error("the index {name} can't be used")]
    Sources {
        /// Repository, suite and path.
        name: String,
        /// Why.
        #[source]
        source: SourceError,
    },
    /// An index that isn't what its name says.
    #[error("the index {name} can't be unpacked")]
    Unpack {
        /// Its URL's last part.
        name: String,
        /// Why not.
        #[source]
        source: io::Error,
    },
    /// An index that unpacks to more than it should.
    #[error("the index {name} unpacks to more than {limit} bytes")]
    TooLong {
        /// Its URL's last part.
        name: String,
        /// What the release allows.
        limit: u64,
    },
    /// An index that can't be read.
    #[error("the index {name} is malformed")]
    Index {
        /// Its URL's last part.
        name: String,
        /// Why.
        #[source]
        source: IndexError,
    },
    /// A package file of the user's.
    #[error("{} is no package that can be used", path.display())]
    Local {
        /// Where it is.
        path: PathBuf,
        /// Why not.
        #[source]
        source: LocalError,
    },
    /// The store fails.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Why a package file of the user's can't be used.
#[derive(Debug, thiserror::Error)]
pub enum LocalError {
    /// It can't be put into the store.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// It is no package.
    #[error(transparent)]
    Deb(#[from] DebError),
    /// Its control file isn't one stanza of text.
    #[error("its control file is malformed")]
    Control,
    /// It lacks what an index entry has.
    #[error(transparent)]
    Entry(#[from] IndexError),
    /// It is for another architecture.
    #[error("it is not for {architecture}")]
    Architecture {
        /// What is built.
        architecture: String,
    },
}

impl AptError {
    /// What the user may do about it.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::NoKey { .. } => Some("name the file with the repository's key".to_owned()),
            Self::NoSuite { .. } => Some("check the release's name, and whether the mirror still has it".to_owned()),
            Self::NoComponent { known, .. } if !known.is_empty() => Some(format!("there is {}", known.join(", "))),
            Self::NoSource { .. } => Some("build it without `--from source`, or with a repository that has sources".to_owned()),
            Self::Key { source, .. } | Self::Signature { source, .. } => source.hint().map(str::to_owned),
            Self::Release { source, .. } => source.hint().map(str::to_owned),
            Self::Fetch { source, .. } | Self::Indexes { source } => source.hint(),
            Self::Store(source) => source.hint(),
            _ => None,
        }
    }
}
