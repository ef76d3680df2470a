//! The one place where this crate starts programs, reads its environment and prints.

use std::ffi::OsStr;
use std::io::{BufRead, BufReader, IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};

use crate::error::TaskError;

/// A program to run from the workspace's root.
#[derive(Debug)]
pub(crate) struct Process {
    command: Command,
}

impl Process {
    /// The cargo that runs this task.
    pub(crate) fn cargo(arguments: &[&str]) -> Self {
        let cargo = variable("CARGO").unwrap_or_else(|| "cargo".into());
        Self::new(&cargo, arguments).directory(&workspace())
    }

    /// Any program.
    #[expect(clippy::disallowed_methods, reason = "the one module of this crate that starts processes")]
    pub(crate) fn new(program: &str, arguments: &[&str]) -> Self {
        let mut command = Command::new(program);
        command.args(arguments).stdin(Stdio::null());
        Self { command }
    }

    /// Adds a variable to its environment.
    pub(crate) fn with(mut self, name: &str, value: impl AsRef<OsStr>) -> Self {
        self.command.env(name, value);
        self
    }

    fn directory(mut self, path: &Path) -> Self {
        self.command.current_dir(path);
        self
    }

    /// The command as it would be typed.
    pub(crate) fn line(&self) -> String {
        let name = Path::new(self.command.get_program()).file_name().unwrap_or_default().to_string_lossy().into_owned();
        self.command.get_args().fold(name, |line, argument| line + " " + &argument.to_string_lossy())
    }

    /// Runs it on our own terminal.
    pub(crate) fn run(mut self) -> Result<(), TaskError> {
        say(&format!("$ {}", self.line()));
        let status = self.command.status().map_err(|cause| TaskError::Start { line: self.line(), cause })?;
        self.expect_success(status)
    }

    /// Runs it and gives what it printed.
    pub(crate) fn output(mut self) -> Result<Vec<u8>, TaskError> {
        let output = self.command.stderr(Stdio::inherit()).output().map_err(|cause| TaskError::Start { line: self.line(), cause })?;
        self.expect_success(output.status)?;
        Ok(output.stdout)
    }

    /// Runs it, passes its lines on as they come, and shows each to `watch`.
    pub(crate) fn watch(mut self, mut watch: impl FnMut(&str)) -> Result<ExitStatus, TaskError> {
        say(&format!("$ {}", self.line()));
        let line = self.line();
        let start = |cause| TaskError::Start { line: line.clone(), cause };
        let mut child = self.command.stdout(Stdio::piped()).spawn().map_err(start)?;
        let output = child.stdout.take().into_iter().flat_map(|pipe| BufReader::new(pipe).split(b'\n'));
        for bytes in output {
            let text = String::from_utf8_lossy(&bytes.map_err(start)?).into_owned();
            say(&text);
            watch(&text);
        }
        child.wait().map_err(start)
    }

    fn expect_success(&self, status: ExitStatus) -> Result<(), TaskError> {
        if status.success() { Ok(()) } else { Err(TaskError::Failed { line: self.line(), status }) }
    }
}

/// The workspace's root directory.
pub(crate) fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().map(Path::to_path_buf).unwrap_or_default()
}

/// A variable of the environment, when it is set and not empty.
#[expect(clippy::disallowed_methods, reason = "a task is a command of its own; its environment is read here only")]
pub(crate) fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// Whether a person is watching.
pub(crate) fn is_watched() -> bool {
    std::io::stdout().is_terminal()
}

/// Whether a program of this name is in PATH.
pub(crate) fn is_installed(program: &str) -> bool {
    let path = variable("PATH").unwrap_or_default();
    std::env::split_paths(&path).any(|directory| directory.join(program).is_file())
}

/// One line on standard output; whoever closed it doesn't want to know.
pub(crate) fn say(line: &str) {
    let _closed = writeln!(std::io::stdout(), "{line}");
}

/// One line on standard error.
pub(crate) fn complain(line: &str) {
    let _closed = writeln!(std::io::stderr(), "{line}");
}
