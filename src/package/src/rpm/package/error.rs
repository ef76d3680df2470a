use std::path::PathBuf;

use super::RpmFault;
use crate::store::StoreError;

/// Why a package can't be used.
#[derive(Debug, thiserror::Error)]
pub enum RpmError {
    /// The package is not what rpm would accept, nobody who is trusted has signed it, or it tries to do harm.
    #[error("`{}` is not a sound RPM package", package.display())]
    Unsound {
        /// The file.
        package: PathBuf,
        /// What is wrong with it.
        #[source]
        source: RpmFault,
    },
    /// The store can't give the package, or can't keep its payload.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl RpmError {
    /// What the user can do.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Unsound { source, .. } => source.hint(),
            Self::Store(error) => error.hint(),
        }
    }
}
