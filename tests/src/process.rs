//! Programs: the one module here that starts them.

use std::ffi::{OsStr, OsString};
use std::io::{Seek, Write};
use std::os::unix::fs::FileExt;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use libtest_mimic::Failed;
use rustix::process::{Pid, Signal, kill_process_group};

use crate::judge;
use crate::settings::find_program;

/// No program here may take longer, unless it says so.
const LIMIT: Duration = Duration::from_secs(600);

/// A program to run in a process group of its own, its input empty and its output kept.
#[derive(Debug)]
pub struct Process {
    command: Command,
    input: Vec<u8>,
    limit: Duration,
}

impl Process {
    /// A program, found in PATH when its name has no slash.
    #[expect(clippy::disallowed_methods, reason = "the one module here that starts processes")]
    pub fn new(program: impl AsRef<OsStr>) -> Self {
        let mut command = Command::new(program);
        command.process_group(0).env("LC_ALL", "C.UTF-8");
        Self { command, input: Vec::new(), limit: LIMIT }
    }

    /// A judge: as [`Process::new`], and its run is counted.
    #[must_use]
    pub fn judge(program: &str) -> Self {
        judge::count_run(program);
        // By its path, so that it is found whatever PATH it is given.
        find_program(program).map_or_else(|| Self::new(program), Self::new)
    }

    /// Adds an argument.
    #[must_use]
    pub fn arg(mut self, argument: impl AsRef<OsStr>) -> Self {
        self.command.arg(argument);
        self
    }

    /// Adds arguments.
    #[must_use]
    pub fn args<I: AsRef<OsStr>>(mut self, arguments: impl IntoIterator<Item = I>) -> Self {
        self.command.args(arguments);
        self
    }

    /// Sets a variable.
    #[must_use]
    pub fn env(mut self, name: &str, value: impl AsRef<OsStr>) -> Self {
        self.command.env(name, value);
        self
    }

    /// Takes every variable away that was inherited or set so far.
    #[must_use]
    pub fn without_environment(mut self) -> Self {
        self.command.env_clear();
        self
    }

    /// What it reads.
    #[must_use]
    pub fn input(mut self, bytes: impl Into<Vec<u8>>) -> Self {
        self.input = bytes.into();
        self
    }

    /// Where it runs.
    #[must_use]
    pub fn directory(mut self, path: &Path) -> Self {
        self.command.current_dir(path);
        self
    }

    /// The command as it would be typed.
    #[must_use]
    pub fn line(&self) -> String {
        let words = std::iter::once(self.command.get_program()).chain(self.command.get_args());
        words.map(quote).collect::<Vec<_>>().join(" ")
    }

    /// Runs it to its end.
    ///
    /// # Errors
    /// When it can't be started or takes too long; a bad exit is not an error here.
    pub fn run(mut self) -> Result<Finished, Failed> {
        self.run_once()
    }

    /// The same for a program that emulates a guest. The kernel replaces instructions of its own while it runs, and now and then QEMU's emulation takes a
    /// half of the old one; the guest then panics in the first seconds, with any image. Such a run is done again, twice at most.
    ///
    /// # Errors
    /// As [`Process::run`].
    pub fn run_guest(mut self) -> Result<Finished, Failed> {
        const BROKEN: &str = "Fatal exception in interrupt";
        for _ in 0..2 {
            let finished = self.run_once()?;
            if !finished.error.contains(BROKEN) && !finished.output.contains(BROKEN) {
                return Ok(finished);
            }
        }
        self.run_once()
    }

    fn run_once(&mut self) -> Result<Finished, Failed> {
        self.start_once()?.finish(self.limit)
    }

    /// Starts it.
    ///
    /// # Errors
    /// When it can't be started.
    pub fn start(mut self) -> Result<Running, Failed> {
        self.start_once()
    }

    fn start_once(&mut self) -> Result<Running, Failed> {
        let line = self.line();
        let mut input = tempfile::tempfile()?;
        input.write_all(&self.input)?;
        input.rewind()?;
        let (output, error) = (tempfile::tempfile()?, tempfile::tempfile()?);
        self.command.stdin(Stdio::from(input)).stdout(Stdio::from(output.try_clone()?)).stderr(Stdio::from(error.try_clone()?));
        let child = self.command.spawn().map_err(|cause| format!("can't start `{line}`: {cause}"))?;
        Ok(Running { child, line, output, error, began: Instant::now() })
    }
}

/// A program that runs. One that is dropped is killed with its whole process group.
#[derive(Debug)]
pub struct Running {
    child: Child,
    line: String,
    output: std::fs::File,
    error: std::fs::File,
    began: Instant,
}

impl Running {
    /// Sends a signal to the process group, as a terminal does.
    ///
    /// # Errors
    /// When it has ended already.
    pub fn signal(&self, signal: Signal) -> Result<(), Failed> {
        let group = self.group().ok_or("it has no process group")?;
        kill_process_group(group, signal).map_err(|cause| format!("`{}` can't be sent a signal: {cause}", self.line).into())
    }

    /// Its process id.
    #[must_use]
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// What it has printed on standard error so far.
    ///
    /// # Errors
    /// When the kept output can't be read.
    pub fn error_so_far(&self) -> Result<String, Failed> {
        read_whole(&self.error)
    }

    /// Whether it has ended.
    ///
    /// # Errors
    /// When the system doesn't know the process.
    pub fn has_ended(&mut self) -> Result<bool, Failed> {
        Ok(self.child.try_wait()?.is_some())
    }

    /// Waits for its end.
    ///
    /// # Errors
    /// When it takes longer than `limit`; it is killed then.
    pub fn finish(mut self, limit: Duration) -> Result<Finished, Failed> {
        let status = self.wait(limit)?;
        Ok(Finished {
            line: std::mem::take(&mut self.line),
            status,
            output: read_whole(&self.output)?,
            error: read_whole(&self.error)?,
            elapsed: self.began.elapsed(),
        })
    }

    fn wait(&mut self, limit: Duration) -> Result<ExitStatus, Failed> {
        let deadline = Instant::now() + limit;
        while Instant::now() < deadline {
            if let Some(status) = self.child.try_wait()? {
                return Ok(status);
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        let error = self.error_so_far()?;
        Err(format!("`{}` did not end within {} s\n{error}", self.line, limit.as_secs()).into())
    }

    fn group(&self) -> Option<Pid> {
        i32::try_from(self.child.id()).ok().and_then(Pid::from_raw)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if let (Ok(None), Some(group)) = (self.child.try_wait(), self.group()) {
            let _gone = kill_process_group(group, Signal::KILL);
            let _reaped = self.child.wait();
        }
    }
}

/// A program that has ended.
#[derive(Debug, Clone)]
pub struct Finished {
    /// The command as it would be typed.
    pub line: String,
    /// How it ended.
    pub status: ExitStatus,
    /// What it printed on standard output.
    pub output: String,
    /// What it printed on standard error.
    pub error: String,
    /// How long it took.
    pub elapsed: Duration,
}

impl Finished {
    /// Itself, when its exit code is 0.
    ///
    /// # Errors
    /// With all it printed, otherwise.
    pub fn success(self) -> Result<Self, Failed> {
        self.exits_with(0)
    }

    /// Itself, when its exit code is this.
    ///
    /// # Errors
    /// With all it printed, otherwise.
    pub fn exits_with(self, code: i32) -> Result<Self, Failed> {
        if self.status.code() == Some(code) {
            return Ok(self);
        }
        let how = self.status.signal().map_or_else(|| format!("exit {:?}", self.status.code()), |signal| format!("signal {signal}"));
        Err(self.report(&format!("{how}, expected exit {code}")).into())
    }

    /// Itself, when standard error holds each of these texts.
    ///
    /// # Errors
    /// With all it printed, otherwise.
    pub fn complains(self, texts: &[&str]) -> Result<Self, Failed> {
        match texts.iter().find(|text| !self.error.contains(**text)) {
            None => Ok(self),
            Some(text) => Err(self.report(&format!("standard error does not say `{text}`")).into()),
        }
    }

    /// A text that shows all of it.
    #[must_use]
    pub fn report(&self, problem: &str) -> String {
        format!("`{}`: {problem}\n--- standard output\n{}\n--- standard error\n{}", self.line, tail(&self.output), tail(&self.error))
    }
}

/// The end of a text, where the reason mostly is.
fn tail(text: &str) -> &str {
    const KEPT: usize = 8000;
    let start = text.len().saturating_sub(KEPT);
    let start = (start..text.len()).find(|&at| text.is_char_boundary(at)).unwrap_or(0);
    &text[start..]
}

/// Reads what a program has written so far. It shares its place in the file with us, so that place must not be moved.
fn read_whole(file: &std::fs::File) -> Result<String, Failed> {
    let mut bytes = vec![0; usize::try_from(file.metadata()?.len())?];
    let mut length = 0;
    while length < bytes.len() {
        match file.read_at(&mut bytes[length..], u64::try_from(length)?)? {
            0 => break,
            count => length += count,
        }
    }
    Ok(String::from_utf8_lossy(&bytes[..length]).into_owned())
}

fn quote(word: &OsStr) -> String {
    let text = word.to_string_lossy();
    let plain = |character: char| character.is_alphanumeric() || "-_=./:,@+".contains(character);
    if !text.is_empty() && text.chars().all(plain) { text.into_owned() } else { format!("'{}'", text.replace('\'', r"'\''")) }
}

/// Words of a command, for calls that mix kinds of text.
#[must_use]
pub fn words<const N: usize>(words: [&dyn AsRef<OsStr>; N]) -> Vec<OsString> {
    words.iter().map(|word| word.as_ref().to_os_string()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_can_be_replayed() {
        assert_eq!(Process::new("sh").arg("-c").arg("it's").line(), r"sh -c 'it'\''s'");
    }

    #[test]
    fn output_and_exit_are_kept() {
        let run = Process::new("sh").args(["-c", "cat; echo no >&2; exit 3"]).input("yes").run().unwrap();
        assert_eq!((run.output.as_str(), run.error.as_str(), run.status.code()), ("yes", "no\n", Some(3)));
        assert!(run.clone().complains(&["no"]).is_ok());
        assert!(run.clone().complains(&["yes"]).is_err());
        assert!(run.success().is_err());
    }

    #[test]
    fn what_takes_too_long_is_killed() {
        let running = Process::new("sh").args(["-c", "sleep 60 & sleep 60"]).start().unwrap();
        assert!(running.finish(Duration::from_millis(100)).is_err());
    }
}
