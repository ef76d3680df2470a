//! Running what Debian's packages bring: preinst scripts as dpkg runs them, and dpkg itself.

use super::InstallError;
use super::control::Control;
use crate::deb::DebLayer;
use crate::observer::Event;
use crate::root::Root;
use crate::scripts::{ScriptError, Scripts};

/// Where dpkg knows what is installed.
pub(crate) const DATABASE: &str = "/var/lib/dpkg";

/// Where dpkg puts the control files of the package it is about to unpack; debconf reads the package's name and templates there.
const CONTROL_DIRECTORY: &[u8] = b"var/lib/dpkg/tmp.ci";

impl Scripts<'_> {
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
            ("DPKG_ADMINDIR", DATABASE),
            ("DPKG_ROOT", ""),
            ("DPKG_MAINTSCRIPT_PACKAGE", control.name.as_str()),
            ("DPKG_MAINTSCRIPT_PACKAGE_REFCOUNT", "1"),
            ("DPKG_MAINTSCRIPT_ARCH", control.architecture.as_str()),
            ("DPKG_MAINTSCRIPT_NAME", "preinst"),
            ("DPKG_MAINTSCRIPT_DEBUG", "0"),
        ];
        let finished = self.run(&origin, &["/var/lib/dpkg/tmp.ci/preinst", "install"], &added, &mut |_| {})?;
        root.remove(CONTROL_DIRECTORY)?;
        Ok(finished.expect_success(&origin)?)
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
        finished.expect_success("dpkg").map_err(|error| match blamed {
            Some((origin, how)) => ScriptError { origin, how, output: error.output }.into(),
            None => error.into(),
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

#[cfg(test)]
mod tests {
    use super::*;

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
