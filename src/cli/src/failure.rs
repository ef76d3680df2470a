//! How every error reaches the user, and the exit codes.

use std::error::Error;
use std::io::Write as _;
use std::process::ExitCode;

use rootfs_plugin::{BuildError, PlanError};

use crate::customise::CustomiseError;
use crate::lxc::LxcError;
use crate::setting_error::SettingError;
use crate::target::TargetError;

/// How the program ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// All is well.
    Done,
    /// The build failed.
    Failed,
    /// What was asked for can't be understood.
    Usage,
    /// The check found errors.
    Findings,
    /// A signal ended it.
    Interrupted,
    /// What a guest exited with, or why it couldn't.
    Guest(u8),
}

impl Exit {
    /// The exit code.
    #[must_use]
    pub fn code(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::Failed => 1,
            Self::Usage => 2,
            Self::Findings => 3,
            Self::Interrupted => 130,
            Self::Guest(code) => code,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        exit.code().into()
    }
}

/// Why the program ends without having done what it should: the one shape in which every error reaches the user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// What failed, and on what.
    pub message: String,
    /// Why, from the outermost to the innermost cause.
    pub causes: Vec<String>,
    /// What to do.
    pub hint: Option<String>,
    /// What a script that failed printed last.
    pub output: Option<Box<ScriptOutput>>,
    /// How the program ends.
    pub exit: Exit,
}

/// The last lines that a script printed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScriptOutput {
    /// `libc6 postinst`.
    pub origin: String,
    /// Without their ends.
    pub lines: Vec<String>,
}

impl Failure {
    /// A failure of one text.
    #[must_use]
    pub fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), causes: Vec::new(), hint: None, output: None, exit: Exit::Failed }
    }

    /// An error with its causes. A cause that says the same as the one above it is left out.
    #[must_use]
    pub fn of(error: &dyn Error) -> Self {
        let mut failure = Self::new(error.to_string());
        let mut next = error.source();
        while let Some(cause) = next {
            let text = cause.to_string();
            if failure.causes.last().unwrap_or(&failure.message) != &text {
                failure.causes.push(text);
            }
            next = cause.source();
        }
        failure
    }

    /// With an error, and its causes, as the cause.
    #[must_use]
    pub fn because(mut self, error: &dyn Error) -> Self {
        let cause = Self::of(error);
        self.causes.push(cause.message);
        self.causes.extend(cause.causes);
        self
    }

    /// With what to do.
    #[must_use]
    pub fn hint(mut self, hint: Option<String>) -> Self {
        self.hint = hint.or(self.hint);
        self
    }

    /// With another exit code.
    #[must_use]
    pub fn exit(mut self, exit: Exit) -> Self {
        self.exit = exit;
        self
    }

    /// In one text, where it stands among others: what failed, and why.
    #[must_use]
    pub fn in_one(&self) -> String {
        [&self.message].into_iter().chain(&self.causes).map(String::as_str).collect::<Vec<_>>().join(": ")
    }

    /// The lines that the user reads.
    #[must_use]
    pub fn render(&self) -> String {
        let mut text = format!("\u{1b}[1;31merror\u{1b}[0m: {}\n", self.message);
        for cause in &self.causes {
            text.push_str(&format!("  caused by: {}\n", cause.trim_end().replace('\n', "\n             ")));
        }
        if let Some(output) = &self.output {
            text.push_str(&format!("  output of {}:\n", output.origin));
            output.lines.iter().for_each(|line| text.push_str(&format!("    {line}\n")));
        }
        if let Some(hint) = &self.hint {
            text.push_str(&format!("  hint: {hint}\n"));
        }
        text
    }

    /// Writes it to standard error, without colours where they aren't wanted, and gives the exit code.
    #[must_use]
    pub fn report(&self) -> ExitCode {
        // Nobody is left to tell when standard error is gone.
        let _ = anstream::stderr().write_all(self.render().as_bytes());
        self.exit.into()
    }
}

impl From<SettingError> for Failure {
    fn from(error: SettingError) -> Self {
        Self::of(&error).hint(error.hint()).exit(Exit::Usage)
    }
}

impl From<TargetError> for Failure {
    fn from(error: TargetError) -> Self {
        let exit = if error.is_usage() { Exit::Usage } else { Exit::Failed };
        Self::of(&error).hint(error.hint()).exit(exit)
    }
}

impl From<LxcError> for Failure {
    fn from(error: LxcError) -> Self {
        let exit = if error.is_usage() { Exit::Usage } else { Exit::Failed };
        Self::of(&error).hint(error.hint()).exit(exit)
    }
}

impl From<CustomiseError> for Failure {
    fn from(error: CustomiseError) -> Self {
        Self::of(&error).hint(error.hint())
    }
}

impl From<PlanError> for Failure {
    fn from(error: PlanError) -> Self {
        Self::of(&error).hint(error.hint()).exit(Exit::Usage)
    }
}

impl From<BuildError> for Failure {
    fn from(error: BuildError) -> Self {
        let mut hint = None;
        let mut next = Some(&error);
        while let Some(error) = next {
            hint = error.hint.clone().or(hint);
            next = error.cause.as_deref();
        }
        Self::of(&error).hint(hint)
    }
}

/// Prints what clap says, which may be the help that was asked for, and gives its exit code.
#[must_use]
pub fn usage(error: &clap::Error) -> ExitCode {
    // A reader that went away before the end of the help is no failure.
    let _ = error.print();
    u8::try_from(error.exit_code()).map_or(Exit::Usage.into(), ExitCode::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_is_told_once_with_its_causes_and_its_innermost_hint() {
        let inner = BuildError { message: "no space left\non device".into(), hint: Some("make room".into()), cause: None };
        let middle = BuildError { message: "can't write /usr".into(), hint: None, cause: Some(Box::new(inner)) };
        let same = BuildError { message: "can't write /usr".into(), hint: Some("outer".into()), cause: Some(Box::new(middle)) };
        let expected = "error: can't write /usr\n  caused by: no space left\n             on device\n  hint: make room\n";
        let rendered = Failure::from(same).render();
        assert_eq!(anstream::adapter::strip_str(&rendered).to_string(), expected);
    }
}
