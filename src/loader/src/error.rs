use std::path::PathBuf;

use rootfs_plugin::DistroFileError;

use crate::shell::ShellDirectoryError;

/// Why a plugin that was found can't be used.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// A file of it can't be read.
    #[error("a file of the plugin can't be read")]
    Read(#[from] std::io::Error),
    /// `distro.toml` is not what it has to be.
    #[error("`{}` can't be used", path.display())]
    File {
        /// `distro.toml`.
        path: PathBuf,
        /// Why.
        #[source]
        source: DistroFileError,
    },
    /// A shell directory that is none.
    #[error(transparent)]
    Shell(ShellDirectoryError),
    /// It has nothing that says where packages come from.
    #[error("`{}` has no packages: it names no `library` and no `base`, and has no `apt`, `apk` or `rpm`", path.display())]
    Nothing {
        /// `distro.toml`.
        path: PathBuf,
    },
    /// Its base is not built in.
    #[error("the base `{name}` is no distribution that is built in")]
    Base {
        /// As written.
        name: String,
        /// Those there are.
        known: Vec<String>,
    },
    /// The library is no plugin for this program.
    #[error("`{}` {reason}", path.display())]
    Library {
        /// The shared object.
        path: PathBuf,
        /// What is wrong: `is not there`, `is for aarch64`.
        reason: String,
        /// What to do.
        hint: Option<String>,
    },
    /// Another distribution has its name.
    #[error("another distribution is called `{name}`: {owner}")]
    Taken {
        /// The name.
        name: String,
        /// `it is built in`, or the other one's directory.
        owner: String,
    },
    /// The name means something else on the command line.
    #[error("`{name}` is a verb of rootfs-gen")]
    Reserved {
        /// The name.
        name: String,
    },
}

impl LoadError {
    /// What the user can do.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Read(_) | Self::File { .. } => None,
            Self::Shell(error) => error.hint(),
            Self::Nothing { .. } => Some("`rootfs-gen new NAME` makes a plugin that has all it needs".to_owned()),
            Self::Base { known, .. } => Some(format!("there is {}", known.join(", "))),
            Self::Library { hint, .. } => hint.clone(),
            Self::Taken { .. } | Self::Reserved { .. } => Some("give it another name in its distro.toml".to_owned()),
        }
    }
}

/// Why a plugin's process gave no answer.
#[derive(Debug, thiserror::Error)]
pub enum WorkerError {
    /// It could not be started.
    #[error("its process can't be started")]
    Start(#[source] std::io::Error),
    /// It is gone.
    #[error("its process ended ({how}) {when}")]
    Died {
        /// `signal 6, SIGABRT`, `exit 1`.
        how: String,
        /// `while it was loaded`, `while it made a plan`.
        when: &'static str,
        /// What it wrote last on its standard error.
        said: Vec<String>,
    },
    /// It does nothing.
    #[error("it gave no answer for {seconds} s {when}")]
    Silent {
        /// How long was waited.
        seconds: u64,
        /// As of [`WorkerError::Died`].
        when: &'static str,
    },
    /// It panicked.
    #[error("it panicked {when}: {message}")]
    Panicked {
        /// What the panic said.
        message: String,
        /// As of [`WorkerError::Died`].
        when: &'static str,
    },
    /// What it gave is not what it has to give.
    #[error("what it gave is not understood: {reason}")]
    Answer {
        /// Why.
        reason: String,
    },
    /// The library can't be loaded or is of another ABI.
    #[error("its library can't be used: {reason}")]
    Library {
        /// Why.
        reason: String,
    },
    /// It makes no plan of this request: its own error, as JSON or as a line of text.
    #[error("it makes no plan")]
    Refused(Vec<u8>),
    /// The user wants the build to end.
    #[error("interrupted")]
    Cancelled,
}

impl WorkerError {
    /// What the user can do.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Died { said, .. } if !said.is_empty() => Some(format!("it said: {}", said.join("\n"))),
            Self::Silent { .. } => Some("`--timeout SECONDS` waits longer".to_owned()),
            Self::Library { .. } => Some("compile it with this version of rootfs-gen's plugin crate or header".to_owned()),
            _ => None,
        }
    }
}
