use std::path::PathBuf;

use super::ApkFault;
use crate::store::StoreError;

/// Why a package can't be made a layer.
#[derive(Debug, thiserror::Error)]
pub enum ApkError {
    /// The package is not what apk would accept, or tries to do harm.
    #[error("`{}` is not a sound Alpine package", package.display())]
    Unsound {
        /// The file.
        package: PathBuf,
        /// What is wrong with it.
        #[source]
        source: ApkFault,
    },
    /// The store can't give the package, or can't keep its payload.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl ApkError {
    /// What the user can do.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Unsound { source, .. } => source.hint(),
            Self::Store(error) => error.hint(),
        }
    }
}
