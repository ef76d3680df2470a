//! Running what packages bring: preinst scripts as dpkg runs them, and dpkg itself.

use rootfs_sandbox::{Command, Exit, Runner, Stream};

use super::InstallError;
use super::control::Control;
use crate::deb::DebLayer;
use crate::observer::{Event, Observer};
use crate::root::Root;

/// Where dpkg puts the control files of the package it is about to unpack; debconf reads the package's name and templates there.
const CONTROL_DIRECTORY: &[u8] = b"var/lib/dpkg/tmp.ci";

/// How much of a script's output an error shows.
const SHOWN_LINES: usize = 40;

/// Runs programs in the root and passes on what they print.
pub(crate) struct Scripts<'a> {
    runner: &'a mut dyn Runner,
    observer: &'a dyn Observer,
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
    /// `environment` is everything a script sees but what dpkg adds.
    pub(crate) fn new(runner: &'a mut dyn Runner, observer: &'a dyn Observer, environment: Vec<(String, String)>) -> Self {
        Self { runner, observer, environment }
    }

    /// Runs a program to its end; `origin` names it for people. `line` sees each line of its output.
    pub(crate) fn run(
        &mut self,
        origin: &str,
        arguments: &[&str],
        added: &[(&str, &str)],
        line: &mut dyn FnMut(&str),
    ) -> Result<Finished, InstallError> {
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

    /// Runs the package's preinst, if it has one, before its files are unpacked.
    pub(super) fn run_preinst(&mut self, root: &Root, control: &Control, layer: &DebLayer) -> Result<(), InstallError> {
        if !layer.control.contains_key("preinst") {
            return Ok(());
        }
        for (name, file) in &layer.control {
            root.write(&[CONTROL_DIRECTORY, b"/", name.as_bytes()].concat(), &file.content, file.mode.into())?;
        }
        let origin = format!("{} preinst", control.name);
        let added = [
            ("DPKG_ADMINDIR", "/var/lib/dpkg"),
            ("DPKG_ROOT", ""),
            ("DPKG_MAINTSCRIPT_PACKAGE", control.name.as_str()),
            ("DPKG_MAINTSCRIPT_PACKAGE_REFCOUNT", "1"),
            ("DPKG_MAINTSCRIPT_ARCH", control.architecture.as_str()),
            ("DPKG_MAINTSCRIPT_NAME", "preinst"),
            ("DPKG_MAINTSCRIPT_DEBUG", "0"),
        ];
        let finished = self.run(&origin, &["/var/lib/dpkg/tmp.ci/preinst", "install"], &added, &mut |_| {})?;
        root.remove(CONTROL_DIRECTORY)?;
        finished.expect_success(&origin)
    }

    /// Runs dpkg; each package it has set up is an item done.
    pub(super) fn run_dpkg(&mut self, arguments: &[&str]) -> Result<(), InstallError> {
        let command: Vec<&str> = ["dpkg", "--force-confdef", "--force-confold"].iter().chain(arguments).copied().collect();
        let observer = self.observer;
        let finished = self.run("dpkg", &command, &[], &mut |line| {
            if let Some(package) = line.strip_prefix("Setting up ").and_then(|rest| rest.split(' ').next()) {
                observer.event(Event::Item(package));
            }
        })?;
        let blamed = blamed(&finished.lines);
        finished.expect_success("dpkg").map_err(|error| match (error, blamed) {
            (InstallError::Script { output, .. }, Some((origin, how))) => InstallError::Script { origin, how, output },
            (error, _) => error,
        })
    }
}

/// The script that made dpkg give up and how it ended, as dpkg tells it; later packages failed because of the first.
///
/// ```text
/// dpkg: error processing package broken (--configure):
///  installed broken package post-installation script subprocess returned error exit status 7
/// ```
fn blamed(lines: &[String]) -> Option<(String, String)> {
    let head = lines.iter().position(|line| line.starts_with(BLAME))?;
    let (package, _) = lines[head].strip_prefix(BLAME)?.split_once(" (")?;
    let reason = lines.get(head + 1)?.trim();
    let script = SCRIPTS.iter().find_map(|(long, short)| reason.contains(long).then_some(*short));
    let status = reason.rsplit_once(" returned error exit status ").map(|(_, status)| status);
    Some(match (script, status) {
        (Some(script), Some(status)) => (format!("{package} {script}"), format!("exited with {status}")),
        _ => (package.to_owned(), format!("failed: {reason}")),
    })
}

const BLAME: &str = "dpkg: error processing package ";

/// What dpkg calls the scripts, and what everyone else does.
const SCRIPTS: [(&str, &str); 4] = [
    ("post-installation script", "postinst"),
    ("pre-installation script", "preinst"),
    ("post-removal script", "postrm"),
    ("pre-removal script", "prerm"),
];

impl Finished {
    /// Fails unless the program exited with 0.
    pub(crate) fn expect_success(self, origin: &str) -> Result<(), InstallError> {
        let how = match self.exit {
            Exit::Code(0) => return Ok(()),
            Exit::Code(code) => format!("exited with {code}"),
            Exit::Signal(signal) => format!("was ended by signal {signal}"),
        };
        let skipped = self.lines.len().saturating_sub(SHOWN_LINES);
        Err(InstallError::Script { origin: origin.to_owned(), how, output: self.lines[skipped..].to_vec() })
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

    #[test]
    fn the_first_script_that_failed_is_to_blame() {
        let lines = |lines: &[&str]| lines.iter().map(|line| (*line).to_owned()).collect::<Vec<_>>();
        let script = lines(&[
            "Setting up broken (1) ...",
            "dpkg: error processing package broken (--configure):",
            " installed broken package post-installation script subprocess returned error exit status 7",
            "dpkg: error processing package other (--configure):",
            " dependency problems - leaving unconfigured",
        ]);
        assert_eq!(blamed(&script), Some(("broken postinst".to_owned(), "exited with 7".to_owned())));
        let killed = lines(&[
            "dpkg: error processing package x:amd64 (--configure):",
            " installed x:amd64 package post-installation script subprocess was killed by signal (Killed)",
        ]);
        let how = "failed: installed x:amd64 package post-installation script subprocess was killed by signal (Killed)";
        assert_eq!(blamed(&killed), Some(("x:amd64".to_owned(), how.to_owned())));
        assert_eq!(blamed(&lines(&["Setting up broken (1) ..."])), None);
        assert_eq!(blamed(&lines(&["dpkg: error processing package cut (--configure):"])), None);
    }
}
