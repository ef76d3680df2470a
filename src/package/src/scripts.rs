//! Running what packages bring, in the root: programs and scripts, with what they print.

use rootfs_sandbox::{Command, Exit, Runner, SandboxError, Stream};

use crate::observer::{Event, Observer};

/// How much of a script's output an error shows.
const SHOWN_LINES: usize = 40;

/// Runs programs in the root and passes on what they print.
pub(crate) struct Scripts<'a> {
    runner: &'a mut dyn Runner,
    pub(crate) observer: &'a dyn Observer,
    environment: Vec<(String, String)>,
}

impl std::fmt::Debug for Scripts<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Scripts").field("environment", &self.environment).finish_non_exhaustive()
    }
}

/// What a program left.
#[derive(Debug)]
pub(crate) struct Finished {
    pub(crate) exit: Exit,
    pub(crate) lines: Vec<String>,
}

impl<'a> Scripts<'a> {
    /// `environment` is everything a script sees but what a call adds.
    pub(crate) fn new(runner: &'a mut dyn Runner, observer: &'a dyn Observer, environment: Vec<(String, String)>) -> Self {
        Self { runner, observer, environment }
    }

    /// Makes the root on this machine what programs have made of it.
    pub(crate) fn bring_back(&mut self) -> Result<(), SandboxError> {
        self.runner.bring_back()
    }

    /// Runs a program to its end; `origin` names it for people. `line` sees each line of its output.
    pub(crate) fn run(
        &mut self,
        origin: &str,
        arguments: &[&str],
        added: &[(&str, &str)],
        line: &mut dyn FnMut(&str),
    ) -> Result<Finished, SandboxError> {
        let mut environment = self.environment.clone();
        environment.extend(added.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
        let command = Command {
            arguments: arguments.iter().map(|argument| argument.as_bytes().to_vec()).collect(),
            environment,
            directory: "/".to_owned(),
            input: Vec::new(),
        };
        let mut lines = Vec::new();
        let mut splitters = [LineSplitter::default(), LineSplitter::default()];
        let observer = self.observer;
        let mut pass_on = |text: &str| {
            observer.event(Event::Script { origin, line: text });
            line(text);
            lines.push(text.to_owned());
        };
        let outcome = self.runner.run(&command, &mut |stream, bytes| {
            splitters[usize::from(stream == Stream::Error)].push(bytes, &mut pass_on);
        });
        for splitter in &mut splitters {
            splitter.finish(&mut pass_on);
        }
        let outcome = outcome?;
        if !outcome.left_running.is_empty() {
            observer.event(Event::Note(&format!("{origin} left {} running; ended", outcome.left_running.join(", "))));
        }
        Ok(Finished { exit: outcome.exit, lines })
    }
}

/// A script or program of a package failed.
#[derive(Debug, thiserror::Error)]
#[error("{origin} {how}{}", output.iter().map(|line| format!("\n    | {line}")).collect::<String>())]
pub struct ScriptError {
    /// `libc6 preinst`, `dpkg`.
    pub origin: String,
    /// `exited with 1`.
    pub how: String,
    /// The last lines it printed.
    pub output: Vec<String>,
}

impl ScriptError {
    /// What the user can do.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        Some("run again with -v to see everything that scripts print".to_owned())
    }
}

impl Finished {
    /// Fails unless the program exited with 0.
    pub(crate) fn expect_success(self, origin: &str) -> Result<(), ScriptError> {
        if self.exit.success() {
            return Ok(());
        }
        let skipped = self.lines.len().saturating_sub(SHOWN_LINES);
        Err(ScriptError { origin: origin.to_owned(), how: self.exit.to_string(), output: self.lines[skipped..].to_vec() })
    }
}

/// Cuts a stream into lines, however it arrives; a line longer than 8 KiB is cut.
#[derive(Debug, Default)]
struct LineSplitter {
    pending: Vec<u8>,
}

impl LineSplitter {
    fn push(&mut self, bytes: &[u8], line: &mut dyn FnMut(&str)) {
        for piece in bytes.split_inclusive(|byte| *byte == b'\n') {
            self.pending.extend_from_slice(piece);
            if piece.ends_with(b"\n") || self.pending.len() > 8 << 10 {
                self.finish(line);
            }
        }
    }

    fn finish(&mut self, line: &mut dyn FnMut(&str)) {
        if !self.pending.is_empty() {
            line(String::from_utf8_lossy(&self.pending).trim_end_matches(['\n', '\r']));
            self.pending.clear();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_put_together() {
        let (mut splitter, mut lines) = (LineSplitter::default(), Vec::new());
        splitter.push(b"one\ntw", &mut |line| lines.push(line.to_owned()));
        splitter.push(b"o\r\n\nthree", &mut |line| lines.push(line.to_owned()));
        splitter.finish(&mut |line| lines.push(line.to_owned()));
        assert_eq!(lines, ["one", "two", "", "three"]);
    }
}
