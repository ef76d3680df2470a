use std::path::PathBuf;

use super::BinaryFault;
use crate::store::StoreError;

/// Why a package can't be made a layer.
#[derive(Debug, thiserror::Error)]
pub enum BinaryError {
    /// The package is not what portage would accept, or tries to do harm.
    #[error("`{}` is not a sound Gentoo package", package.display())]
    Unsound {
        /// The file.
        package: PathBuf,
        /// What is wrong with it.
        #[source]
        source: BinaryFault,
    },
    /// The store can't give the package, or can't keep its payload.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl BinaryError {
    /// What the user can do.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Unsound { source, .. } => source.hint(),
            Self::Store(error) => error.hint(),
        }
    }
}
