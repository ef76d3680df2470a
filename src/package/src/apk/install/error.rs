use rootfs_tree::TreeError;

/// Why packages can't be installed together.
#[derive(Debug, thiserror::Error)]
pub enum InstallError {
    /// Two packages have a file, and neither says that it replaces the other's.
    #[error("`{package}` wants to overwrite `/{path}` of `{owner}`")]
    Overwrite {
        /// With unprintable bytes escaped.
        path: String,
        /// Who has it too.
        package: String,
        /// Who had it first.
        owner: String,
    },
    /// Something of a package can't be where it is to be.
    #[error("can't lay out `/{path}` of `{package}`")]
    Place {
        /// With unprintable bytes escaped.
        path: String,
        /// Whose it is.
        package: String,
        /// What is in the way.
        #[source]
        source: TreeError,
    },
    /// A file of the root that is none of a package's can't be written or read.
    #[error("can't write `{path}`")]
    Root {
        /// Inside the root.
        path: String,
        /// What is in the way.
        #[source]
        source: TreeError,
    },
}

impl InstallError {
    /// What the user can do.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Overwrite { .. } => Some("leave one of the two packages out".to_owned()),
            Self::Place { .. } | Self::Root { .. } => None,
        }
    }

    pub(super) fn root(path: &[u8], source: TreeError) -> Self {
        Self::Root { path: path.escape_ascii().to_string(), source }
    }
}
