//! One dnf that answers requests for a universe.

use std::ffi::OsString;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use libtest_mimic::Failed;
use rootfs_tests::ensure;

use crate::made::Universe;

const JUDGE: &str = include_str!("judge.py");

/// The process, which ends with this.
#[derive(Debug)]
pub(crate) struct Dnf {
    /// What it is started with.
    arguments: Vec<OsString>,
    /// Where its last words are.
    errors: PathBuf,
    running: Running,
}

#[derive(Debug)]
struct Running {
    process: Child,
    requests: Option<ChildStdin>,
    answers: BufReader<ChildStdout>,
}

impl Dnf {
    /// Starts it on a universe that was written below a directory.
    pub(crate) fn start(universe: &Universe, directory: &Path) -> Result<Self, Failed> {
        let work = directory.join("dnf");
        fs_err::create_dir_all(work.join("root"))?;
        let script = directory.join("judge.py");
        fs_err::write(&script, JUDGE)?;
        let repositories = universe.repositories.iter().enumerate().map(|(number, (priority, cost, _))| {
            format!("r{number},{priority},{cost},{}", directory.join(number.to_string()).display()).into()
        });
        let arguments: Vec<OsString> = [script.into(), "x86_64".into(), work.into()].into_iter().chain(repositories).collect();
        let errors = directory.join("dnf.errors");
        Ok(Self { running: Running::start(&arguments, &errors)?, arguments, errors })
    }

    /// The packages it would install, in order; none if it says that they can't be. dnf 4.14 was seen to crash once in a thousand requests, and to
    /// answer the same one when it was started anew: so it has a second chance.
    pub(crate) fn ask(&mut self, words: &[String]) -> Result<Result<Vec<String>, String>, Failed> {
        let line = words.join("\t");
        let mut answer = self.running.ask(&line);
        if answer.is_none() {
            self.running = Running::start(&self.arguments, &self.errors)?;
            answer = self.running.ask(&line);
        }
        let Some(answer) = answer else {
            return Err(format!("dnf says nothing of {words:?}:\n{}", fs_err::read_to_string(&self.errors)?).into());
        };
        let (first, rest) = answer.trim_end().split_once(' ').unwrap_or((answer.trim_end(), ""));
        ensure!(matches!(first, "OK" | "ERR"), "dnf says of {words:?}: {answer}");
        Ok(if first == "OK" { Ok(rest.split_whitespace().map(str::to_owned).collect()) } else { Err(rest.to_owned()) })
    }
}

impl Running {
    #[expect(clippy::disallowed_methods, reason = "the judge is talked to while it runs")]
    fn start(arguments: &[OsString], errors: &Path) -> Result<Self, Failed> {
        let mut process = Command::new("/usr/bin/python3")
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(fs_err::File::create(errors)?.into_parts().0)
            .spawn()?;
        let (requests, answers) = (process.stdin.take(), process.stdout.take());
        let answers = BufReader::new(answers.ok_or("dnf has no output")?);
        Ok(Self { process, requests, answers })
    }

    /// The answer to a request; none when the process has ended.
    fn ask(&mut self, request: &str) -> Option<String> {
        let mut answer = String::new();
        writeln!(self.requests.as_ref()?, "{request}").ok()?;
        self.answers.read_line(&mut answer).ok().filter(|bytes| *bytes > 0)?;
        Some(answer)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.requests = None;
        let _ended = self.process.wait();
    }
}
