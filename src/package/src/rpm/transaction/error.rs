use rootfs_sandbox::SandboxError;
use rootfs_tree::TreeError;

use crate::root::RootError;
use crate::scripts::ScriptError;

/// Why packages couldn't be installed.
#[derive(Debug, thiserror::Error)]
pub enum TransactionError {
    /// The packages that bring rpm bring none.
    #[error("`{program}` is not in the packages that were to bring it: {}", packages.join(", "))]
    NoRpm {
        /// The program.
        program: &'static str,
        /// Their names.
        packages: Vec<String>,
    },
    /// The packages that bring rpm don't fit each other.
    #[error("can't unpack the packages that bring rpm")]
    Tools(#[from] TreeError),
    /// rpm failed.
    #[error("rpm can't install the packages")]
    Rpm(#[from] ScriptError),
    /// It could not be run.
    #[error(transparent)]
    Sandbox(#[from] SandboxError),
    /// The root can't be changed.
    #[error(transparent)]
    Root(#[from] RootError),
    /// The disk refuses.
    #[error("can't prepare the place where rpm runs")]
    Stage(#[from] std::io::Error),
}

impl TransactionError {
    /// What the user can do.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Rpm(error) => error.hint(),
            Self::Sandbox(error) => error.hint(),
            _ => None,
        }
    }
}
