//! emerge at work: its command lines, what is seen of it, and what is left when it fails.

use rootfs_plugin::BuildError;
use rootfs_sandbox::Seat;

use super::CompileError;
use super::builder::AREA;
use super::configuration;
use crate::engine::build_error;
use crate::observer::{Event, Observer};
use crate::scripts::{Finished, Scripts};
use crate::store::Store;

/// How much of a package's build an error shows.
const SHOWN_LINES: usize = 25;

/// What emerge is called in messages.
const ORIGIN: &str = "emerge";

/// What stands before the name of a package that failed.
const FAILED: [&str; 2] = [">>> Failed to emerge ", ">>> Failed to install "];

/// emerge in a builder.
pub(super) struct Emerge<'a> {
    pub(super) seat: &'a mut dyn Seat,
    pub(super) store: &'a Store,
    pub(super) observer: &'a dyn Observer,
    /// Seconds since 1970, for what asks for a time that is always the same.
    pub(super) epoch: i64,
}

impl Emerge<'_> {
    /// Has emerge note what it would fetch, and fetch nothing: so it fails, and why else it might shows when it compiles.
    pub(super) fn ask_for_sources(&mut self, atoms: &[&str]) -> Result<(), BuildError> {
        let arguments = [&command_line()[..], &words(&["--fetchonly", "--keep-going", "--quiet"]), &words(atoms)].concat();
        self.run(&arguments, &mut |_| {}).map(drop)
    }

    /// Compiles and installs into the root that is thrown away; the packages stay.
    pub(super) fn compile(&mut self, atoms: &[&str]) -> Result<(), BuildError> {
        let arguments = [&command_line()[..], &words(atoms)].concat();
        let observer = self.observer;
        observer.event(Event::Note(&format!("running {}", shown(&arguments))));
        let finished = self.run(&arguments, &mut |line| watch(line, observer))?;
        self.expect_success(finished)
    }

    /// Makes a package of what the builder itself has installed.
    pub(super) fn pack(&mut self, package: &str) -> Result<(), BuildError> {
        let finished = self.run(&words(&["quickpkg", "--include-config=y", package]), &mut |_| {})?;
        self.expect_success(finished)
    }

    fn expect_success(&mut self, finished: Finished) -> Result<(), BuildError> {
        if finished.exit.success() {
            return Ok(());
        }
        Err(build_error(&self.failure(finished.exit.to_string(), &finished.lines)?))
    }

    fn run(&mut self, arguments: &[String], line: &mut dyn FnMut(&str)) -> Result<Finished, BuildError> {
        let variables = [
            ("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin".to_owned()),
            ("HOME", "/root".to_owned()),
            ("LC_ALL", "C.UTF-8".to_owned()),
            ("TERM", "dumb".to_owned()),
            ("PYTHONHASHSEED", "0".to_owned()),
            ("SOURCE_DATE_EPOCH", self.epoch.to_string()),
        ];
        let variables = variables.map(|(name, value)| (name.to_owned(), value)).to_vec();
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        let mut scripts = Scripts::new(self.seat, self.observer, variables);
        scripts.run(ORIGIN, &arguments, &[], line).map_err(|error| build_error(&error))
    }

    /// Which package it was, and what was said of it last. All of it is kept.
    fn failure(&self, how: String, lines: &[String]) -> Result<CompileError, BuildError> {
        let told = lines.iter().enumerate().find_map(|(at, line)| Some((at, FAILED.iter().find_map(|verb| line.strip_prefix(verb))?)));
        let keep = |name: &str, lines: &[String]| {
            let text: String = lines.iter().map(|line| format!("{line}\n")).collect();
            self.store.keep_log(name, text.as_bytes()).map_err(|error| build_error(&error))
        };
        let Some((end, rest)) = told else {
            return Ok(CompileError::Emerge { how, output: last(lines), log: keep(ORIGIN, lines)? });
        };
        let package = rest.split([' ', ',']).next().unwrap_or_default().to_owned();
        let (before, _) = lines.split_at(end);
        let began = before.iter().rposition(|line| line.starts_with(">>> Emerging ")).unwrap_or_default();
        let own = before.get(began..).unwrap_or_default();
        let log = keep(&package.replace('/', "_"), own)?;
        Ok(CompileError::Package { package, output: last(&told_by_ebuild(own)), log })
    }
}

/// What every call of emerge has. Packages of this same run are used: one that was compiled for the builder is not compiled again for the root.
fn command_line() -> Vec<String> {
    let paths = [format!("--config-root={}", configuration::ROOT), format!("--root={AREA}/root")];
    [&words(&["emerge"])[..], &paths, &words(&["--color=n", "--nospinner", "--oneshot", "--buildpkg", "--usepkg"])].concat()
}

fn words(words: &[&str]) -> Vec<String> {
    words.iter().map(|word| (*word).to_owned()).collect()
}

/// As a person would type it.
fn shown(arguments: &[String]) -> String {
    let is_plain = |word: &str| word.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_=/.:+,@%".contains(&byte));
    let quoted = |word: &String| if is_plain(word) { word.clone() } else { format!("'{}'", word.replace('\'', "'\\''")) };
    arguments.iter().map(quoted).collect::<Vec<_>>().join(" ")
}

/// Makes progress of what emerge says of packages: `>>> Emerging (1 of 3) a/b-1::repo for …`, `>>> Completed (1 of 3) …`.
fn watch(line: &str, observer: &dyn Observer) {
    let rest = |verb: &str| line.strip_prefix(">>> ")?.strip_prefix(verb)?.split_once(") ");
    if let Some((count, _)) = rest("Emerging ") {
        let (at, all) = count.rsplit_once('(').and_then(|(_, count)| count.split_once(" of ")).unwrap_or_default();
        if let (1, Ok(items)) = (at.parse().unwrap_or(0), all.parse()) {
            observer.event(Event::Expect { items, bytes: 0 });
        }
    }
    if let Some((_, package)) = rest("Completed ") {
        observer.event(Event::Item(package.split("::").next().unwrap_or(package)));
    }
}

/// Lines of a build without where portage says what to send to Gentoo, and where in a directory that is gone something was.
fn told_by_ebuild(lines: &[String]) -> Vec<String> {
    let end = lines.iter().position(|line| line.starts_with(" * If you need support, post the output of"));
    lines.iter().take(end.unwrap_or(lines.len())).filter(|line| !matches!(line.trim(), "" | "*")).cloned().collect()
}

fn last(lines: &[String]) -> Vec<String> {
    lines.get(lines.len().saturating_sub(SHOWN_LINES)..).unwrap_or_default().to_vec()
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;

    #[derive(Default)]
    struct Told(Mutex<Vec<String>>);

    impl Observer for Told {
        fn event(&self, event: Event<'_>) {
            self.0.lock().unwrap().push(format!("{event:?}"));
        }

        fn cancelled(&self) -> bool {
            false
        }
    }

    #[test]
    fn packages_are_progress() {
        let told = Told::default();
        for line in [
            ">>> Emerging (1 of 3) sys-apps/baselayout-2.18::tiny for /root/",
            ">>> Completed (1 of 3) sys-apps/baselayout-2.18::tiny to /root/",
            ">>> Emerging binary (2 of 3) a/b-1::tiny for /root/",
            ">>> Compiling source in (1 of 9) /x",
        ] {
            watch(line, &told);
        }
        let told = told.0.into_inner().unwrap();
        assert_eq!(told, ["Expect { items: 3, bytes: 0 }", "Item(\"sys-apps/baselayout-2.18\")"]);
    }

    #[test]
    fn a_command_line_can_be_typed() {
        let words: Vec<String> = ["emerge", ">=a/b-1*", "a/c:0", "it's"].map(str::to_owned).into();
        assert_eq!(shown(&words), "emerge '>=a/b-1*' a/c:0 'it'\\''s'");
    }

    #[test]
    fn of_a_failed_build_what_matters_is_shown() {
        let lines: Vec<String> =
            ["one", "", " * ERROR: a/b-1::tiny failed", " * ", " * If you need support, post the output of `x`", "more"]
                .map(str::to_owned)
                .into();
        assert_eq!(told_by_ebuild(&lines), ["one", " * ERROR: a/b-1::tiny failed"]);
    }
}
