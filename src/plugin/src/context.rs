use serde::{Deserialize, Serialize};

use crate::Plan;

/// The engine as a plugin sees it. It owns the lock and the tree.
///
/// Paths are absolute and mean the tree: symbolic links are resolved inside it, always.
pub trait BuildContext {
    /// Resolves, fetches, verifies, unpacks and configures what the plan names.
    ///
    /// # Errors
    /// The first thing that failed, as a text a user can act on.
    fn install(&mut self, plan: &Plan) -> Result<(), BuildError>;

    /// Runs a program inside the tree, where maintainer scripts run: no network, its own processes.
    ///
    /// # Errors
    /// When it can't be started. A non-zero exit is in the [`Output`], not an error.
    fn run(&mut self, command: &Command) -> Result<Output, BuildError>;

    /// The content of a file.
    ///
    /// # Errors
    /// When it is not a regular file or can't be read.
    fn read(&mut self, path: &str) -> Result<Vec<u8>, BuildError>;

    /// The names in a directory, sorted by bytes; none when there is no such directory.
    ///
    /// # Errors
    /// When the disk refuses.
    fn list(&mut self, path: &str) -> Result<Vec<String>, BuildError>;

    /// Writes a file whole; parents are made with mode 0755, an old file is replaced, not written through.
    ///
    /// # Errors
    /// When the path can't be a file, or the disk refuses.
    fn write(&mut self, path: &str, content: &[u8], mode: u32) -> Result<(), BuildError>;

    /// Removes a file, a link, or a directory with all below it; what is not there is no error.
    ///
    /// # Errors
    /// When the disk refuses.
    fn remove(&mut self, path: &str) -> Result<(), BuildError>;

    /// Makes a symbolic link, replacing a file or link.
    ///
    /// # Errors
    /// When a directory is in the way, or the disk refuses.
    fn symlink(&mut self, target: &str, path: &str) -> Result<(), BuildError>;

    /// Says where the build is: `done` of `total` in the current step.
    fn progress(&mut self, step: &str, done: u64, total: u64);

    /// One line for the build's log.
    fn log(&mut self, line: &str);

    /// Whether the user wants the build to end; long loops ask now and then.
    fn cancelled(&self) -> bool;
}

/// A program to run inside the tree.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Command {
    /// The program, looked up in the tree's PATH when it has no slash, and its arguments.
    pub arguments: Vec<String>,
    /// Added to the fixed environment.
    pub environment: Vec<(String, String)>,
    /// What it reads.
    pub input: Vec<u8>,
}

/// What a program left.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Output {
    /// The exit status; 128 + n for a signal n.
    pub status: i32,
    /// Standard output and standard error, as they came.
    pub text: Vec<u8>,
}

/// Why a build failed: a chain of texts from the outermost to the cause.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
#[error("{message}")]
pub struct BuildError {
    /// What failed and on what, lower case.
    pub message: String,
    /// What to do.
    pub hint: Option<String>,
    /// Why.
    #[source]
    pub cause: Option<Box<BuildError>>,
}

impl BuildError {
    /// An error of one text.
    #[must_use]
    pub fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), hint: None, cause: None }
    }
}
