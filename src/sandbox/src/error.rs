use std::io;
use std::path::PathBuf;

use rootfs_guest::mirror::MirrorError;
use rootfs_guest::protocol::{Failure, ProtocolError, Refusal};

/// Why a sandbox can't be made, or a command can't be run in it.
#[derive(Debug, thiserror::Error)]
pub enum SandboxError {
    /// The root of an image is wanted where nobody has named one.
    #[error("no image to build in was named")]
    NoImage,
    /// The tree can't be prepared.
    #[error("can't run commands in `{path}`")]
    Stage {
        /// The directory or the mount point.
        path: PathBuf,
        /// Why not.
        #[source]
        source: io::Error,
    },
    /// A directory that was made to mount on stays in the tree.
    #[error("can't remove `{path}`, which was made for the sandbox")]
    MountPoint {
        /// On the host.
        path: PathBuf,
        /// Why not.
        #[source]
        source: io::Error,
    },
    /// The runner can't be started at all.
    #[error("can't start the runner")]
    Launch {
        /// Why not.
        #[source]
        source: io::Error,
    },
    /// The kernel doesn't let this user make a sandbox.
    #[error("not permitted to {step}")]
    NotPermitted {
        /// What was being done.
        step: String,
    },
    /// The runner can't make the sandbox.
    #[error("can't {step} for the sandbox")]
    Prepare {
        /// What was being done.
        step: String,
        /// The kernel's reason.
        #[source]
        source: io::Error,
    },
    /// There is no such program.
    #[error("`{program}` is not installed in the tree")]
    Missing {
        /// As it was asked for.
        program: String,
    },
    /// The program is there, but not what must run it.
    #[error("`{program}` needs `{interpreter}`, which does not exist in the tree")]
    Interpreter {
        /// As it was asked for.
        program: String,
        /// From the `#!` line or the ELF header.
        interpreter: String,
    },
    /// The directory to start in can't be entered.
    #[error("can't enter `{directory}` in the tree")]
    Directory {
        /// As it was asked for.
        directory: String,
        /// The kernel's reason.
        #[source]
        source: io::Error,
    },
    /// The kernel refuses the program.
    #[error("can't execute `{program}` in the tree")]
    Program {
        /// As it was asked for.
        program: String,
        /// The kernel's reason.
        #[source]
        source: io::Error,
    },
    /// Something around the program failed.
    #[error("can't {step} for `{program}`")]
    Command {
        /// As it was asked for.
        program: String,
        /// What was being done.
        step: String,
        /// The kernel's reason.
        #[source]
        source: io::Error,
    },
    /// The command line and the environment are longer than can be sent.
    #[error("the command line of `{program}` is too long")]
    TooLong {
        /// As it was asked for.
        program: String,
    },
    /// The runner is gone in the middle of its work.
    #[error("the runner died{}", words(report))]
    Died {
        /// Its last words, if any.
        report: String,
    },
    /// The runner speaks nonsense.
    #[error("can't understand the runner")]
    Protocol {
        /// What was received.
        #[source]
        source: ProtocolError,
    },
    /// This side's copy of the tree can't be read or written.
    #[error("can't keep the tree and its copy equal")]
    Mirror {
        /// Why not.
        #[source]
        source: MirrorError,
    },
    /// The far side can't do its part with its copy of the tree.
    #[error("can't {step} in the copy of the tree that commands run in")]
    Copy {
        /// What was being done.
        step: String,
        /// The reason of the kernel there.
        #[source]
        source: io::Error,
    },
    /// Whoever makes seats elsewhere can't.
    #[error(transparent)]
    Elsewhere(Trouble),
    /// The build is to end.
    #[error("cancelled")]
    Cancelled,
}

/// An error of another crate's, in its own words.
#[derive(Debug)]
pub struct Trouble {
    /// What happened.
    pub error: Box<dyn std::error::Error + Send + Sync>,
    /// What the user can do.
    pub hint: Option<String>,
}

impl std::fmt::Display for Trouble {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.error.fmt(f)
    }
}

impl std::error::Error for Trouble {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.error.source()
    }
}

fn words(report: &str) -> String {
    if report.is_empty() { String::new() } else { format!(": {report}") }
}

impl SandboxError {
    /// What the user can do.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::NotPermitted { .. } => "run as root; inside a container, one that may make namespaces (CAP_SYS_ADMIN)",
            Self::Program { source, .. } => match source.raw_os_error().map(rustix::io::Errno::from_raw_os_error) {
                Some(rustix::io::Errno::NOEXEC) => "it is neither a program of this machine's architecture nor a script with a `#!` line",
                Some(rustix::io::Errno::ACCESS) => "it must have an execute bit, and its filesystem must not be mounted `noexec`",
                _ => return None,
            },
            Self::Elsewhere(trouble) => return trouble.hint.clone(),
            _ => return None,
        };
        Some(hint.to_owned())
    }

    pub(crate) fn from_failure(failure: Failure) -> Self {
        let Failure { step, errno } = failure;
        let source = kernel_error(errno);
        if source.kind() == io::ErrorKind::PermissionDenied {
            return Self::NotPermitted { step };
        }
        Self::Prepare { step, source }
    }

    pub(crate) fn from_refusal(refusal: Refusal, program: String, directory: &str) -> Self {
        match refusal {
            Refusal::Missing => Self::Missing { program },
            Refusal::Interpreter(interpreter) => Self::Interpreter { program, interpreter: interpreter.escape_ascii().to_string() },
            Refusal::Directory(errno) => Self::Directory { directory: directory.to_owned(), source: kernel_error(errno) },
            Refusal::Program(errno) => Self::Program { program, source: kernel_error(errno) },
            Refusal::Other(Failure { step, errno }) => Self::Command { program, step, source: kernel_error(errno) },
        }
    }
}

impl SandboxError {
    pub(crate) fn of_copy(refusal: Refusal) -> Self {
        match refusal {
            Refusal::Other(Failure { step, errno }) => Self::Copy { step, source: kernel_error(errno) },
            other => Self::from_refusal(other, "the runner".to_owned(), "/"),
        }
    }
}

fn kernel_error(errno: u32) -> io::Error {
    io::Error::from_raw_os_error(i32::try_from(errno).unwrap_or(0))
}
