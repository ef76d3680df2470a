/// Why a task failed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum TaskError {
    /// The command line says nothing that can be done.
    #[error("no such task\n{usage}")]
    Usage {
        /// What can be typed.
        usage: &'static str,
    },
    /// A program could not be started or watched.
    #[error("can't run `{line}`: {cause}")]
    Start {
        /// The command, as it would be typed.
        line: String,
        /// The system's word.
        cause: std::io::Error,
    },
    /// A program ended badly.
    #[error("`{line}` failed ({status})")]
    Failed {
        /// The command, as it would be typed.
        line: String,
        /// How it ended.
        status: std::process::ExitStatus,
    },
    /// `cargo metadata` printed something else than its JSON.
    #[error("cargo metadata can't be understood: {cause}")]
    Metadata {
        /// Why.
        cause: serde_json::Error,
    },
    /// Tests failed; their names are above.
    #[error("{failed} failed")]
    Tests {
        /// How many.
        failed: u64,
    },
    /// A file or directory of the workspace can't be used.
    #[error(transparent)]
    Files {
        /// With the path.
        cause: std::io::Error,
    },
    /// Crates depend on what they must not.
    #[error("the arrows between the crates are broken:\n  {}", .broken.join("\n  "))]
    Arrows {
        /// One line each.
        broken: Vec<String>,
    },
}
