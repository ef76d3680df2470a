//! One dnf that answers requests for a universe.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use libtest_mimic::Failed;
use rootfs_tests::ensure;

use crate::made::Universe;

const JUDGE: &str = include_str!("judge.py");

/// The process, which ends with this.
#[derive(Debug)]
pub(crate) struct Dnf {
    process: Child,
    requests: Option<ChildStdin>,
    answers: BufReader<ChildStdout>,
}

impl Dnf {
    /// Starts it on a universe that was written below a directory.
    #[expect(clippy::disallowed_methods, reason = "the judge is talked to while it runs")]
    pub(crate) fn start(universe: &Universe, directory: &Path) -> Result<Self, Failed> {
        let work = directory.join("dnf");
        fs_err::create_dir_all(work.join("root"))?;
        let script = directory.join("judge.py");
        fs_err::write(&script, JUDGE)?;
        let repositories =
            universe.repositories.iter().enumerate().map(|(number, (priority, cost, _))| {
                format!("r{number},{priority},{cost},{}", directory.join(number.to_string()).display())
            });
        let mut process = Command::new("/usr/bin/python3")
            .arg(&script)
            .arg("x86_64")
            .arg(&work)
            .args(repositories)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(fs_err::File::create(directory.join("dnf.errors"))?.into_parts().0)
            .spawn()?;
        let (requests, answers) = (process.stdin.take(), process.stdout.take());
        let answers = BufReader::new(answers.ok_or("dnf has no output")?);
        Ok(Self { process, requests, answers })
    }

    /// The packages it would install, in order; none if it says that they can't be.
    pub(crate) fn ask(&mut self, words: &[String]) -> Result<Result<Vec<String>, String>, Failed> {
        let mut requests = self.requests.as_ref().ok_or("dnf has no input")?;
        writeln!(requests, "{}", words.join("\t"))?;
        let mut answer = String::new();
        self.answers.read_line(&mut answer)?;
        let answer = answer.trim_end();
        let mut parts = answer.splitn(2, ' ');
        let first = parts.next();
        ensure!(matches!(first, Some("OK" | "ERR")), "dnf says nothing of {words:?}: `{answer}`");
        let rest = parts.next().unwrap_or_default();
        Ok(if first == Some("OK") { Ok(rest.split_whitespace().map(str::to_owned).collect()) } else { Err(rest.to_owned()) })
    }
}

impl Drop for Dnf {
    fn drop(&mut self) {
        self.requests = None;
        let _ended = self.process.wait();
    }
}
