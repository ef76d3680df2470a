use crate::root::RootError;
use crate::scripts::ScriptError;

/// Why packages can't be installed.
#[derive(Debug, thiserror::Error)]
pub enum InstallError {
    /// The package's own control file is bad.
    #[error("the control file of {package}: {reason}")]
    Control {
        /// Its name as far as it is known.
        package: String,
        /// What is wrong.
        reason: String,
    },
    /// Two packages bring one file, and neither says it replaces the other.
    #[error("{package} and {owner} both bring `{path}`")]
    Overwrite {
        /// Inside the root.
        path: String,
        /// Unpacked later.
        package: String,
        /// Unpacked earlier.
        owner: String,
    },
    /// Pre-Depends that lead in a circle.
    #[error("the Pre-Depends of {} can't be satisfied in any order", packages.join(", "))]
    Cycle {
        /// All that wait.
        packages: Vec<String>,
    },
    /// No package at all.
    #[error("no package is to be installed")]
    Nothing,
    /// A script or dpkg failed.
    #[error(transparent)]
    Script(#[from] ScriptError),
    /// dpkg says it is done and isn't.
    #[error("packages that dpkg left unfinished: {}", packages.join(", "))]
    Unfinished {
        /// Names with their status.
        packages: Vec<String>,
    },
    /// A path of a package can't be what the package says.
    #[error("can't unpack {package}")]
    Place {
        /// Its name.
        package: String,
        /// With the path.
        #[source]
        source: RootError,
    },
    /// The disk.
    #[error(transparent)]
    Root(#[from] RootError),
    /// A layer of the store can't be opened.
    #[error("can't read a package's payload")]
    Layer {
        /// With the path.
        #[source]
        source: std::io::Error,
    },
    /// The sandbox failed.
    #[error("can't run a program in the root")]
    Sandbox(#[from] rootfs_sandbox::SandboxError),
    /// The user ended the build.
    #[error("interrupted")]
    Cancelled,
}

impl InstallError {
    /// What the user can do.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Overwrite { package, owner, .. } => {
                Some(format!("leave one of them out, or ask the maintainer of {package} for a Replaces on {owner}"))
            }
            Self::Script(error) => error.hint(),
            _ => None,
        }
    }
}
