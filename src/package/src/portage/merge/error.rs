use rootfs_tree::TreeError;

use crate::portage::binary::BinaryFault;

/// Why packages can't be merged together.
#[derive(Debug, thiserror::Error)]
pub enum MergeError {
    /// Two packages have a file.
    #[error("`{package}` has `/{path}`, which `{owner}` has too")]
    Collision {
        /// With unprintable bytes escaped.
        path: String,
        /// Who comes second.
        package: String,
        /// Who came first.
        owner: String,
    },
    /// Something of a package can't be where it is to be.
    #[error("can't merge `/{path}` of `{package}`")]
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
    /// The loader's list counts in 32 bits.
    #[error("the root has more libraries than `{path}` can list")]
    TooManyLibraries {
        /// `/etc/ld.so.cache`
        path: &'static str,
    },
    /// A list of accounts that can't be added to.
    #[error("`{path}` in the root is not UTF-8, so no account can be added to it")]
    NoText {
        /// `/etc/passwd`
        path: &'static str,
    },
    /// What a package's phases are can't be read.
    #[error("can't read the environment of `{package}`")]
    Environment {
        /// Whose it is.
        package: String,
        /// Why not.
        #[source]
        source: BinaryFault,
    },
    /// A package is for other machines.
    #[error("`{package}` is for {found}, and the guest is for {wanted}")]
    Machine {
        /// `sys-apps/busybox-1.36`.
        package: String,
        /// Its CHOST.
        found: String,
        /// The architecture's name.
        wanted: String,
    },
}

impl MergeError {
    /// What the user can do.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Collision { .. } => Some("leave one of the two packages out, or the file with --install-mask".to_owned()),
            Self::Machine { .. } => Some("name a binary host for the guest's architecture with --binhost, or another --arch".to_owned()),
            Self::Environment { source, .. } => source.hint(),
            Self::Place { .. } | Self::Root { .. } | Self::NoText { .. } | Self::TooManyLibraries { .. } => None,
        }
    }

    pub(super) fn root(path: &str, source: TreeError) -> Self {
        Self::Root { path: path.to_owned(), source }
    }
}
