//! What dpkg says of a tree, and what its own files say.

use std::collections::BTreeMap;
use std::path::Path;

use libtest_mimic::Failed;

use crate::{Chroot, judge};

/// Versions by `name:architecture`.
pub type PackageSet = BTreeMap<String, String>;

/// One paragraph of a control file.
pub type Stanza = BTreeMap<String, String>;

/// The paragraphs of a text; continued lines keep their line ends.
#[must_use]
pub(crate) fn parse_stanzas(text: &str) -> Vec<Stanza> {
    let mut stanzas = vec![Stanza::new()];
    let mut last = String::new();
    for line in text.lines() {
        if line.is_empty() {
            stanzas.push(Stanza::new());
        } else if line.starts_with([' ', '\t']) {
            if let Some(value) = stanzas.last_mut().and_then(|stanza| stanza.get_mut(&last)) {
                value.push('\n');
                value.push_str(line);
            }
        } else if let (Some((name, value)), Some(stanza)) = (line.split_once(':'), stanzas.last_mut()) {
            name.clone_into(&mut last);
            stanza.insert(last.clone(), value.trim().to_owned());
        }
    }
    stanzas.retain(|stanza| !stanza.is_empty());
    stanzas
}

/// The paragraphs of a tree's status file.
///
/// # Errors
/// When it can't be read.
pub fn read_status(tree: &Path) -> Result<Vec<Stanza>, Failed> {
    Ok(parse_stanzas(&fs_err::read_to_string(tree.join("var/lib/dpkg/status"))?))
}

/// What is installed, by a status file's paragraphs.
#[must_use]
pub fn package_set(status: &[Stanza]) -> PackageSet {
    let field = |stanza: &Stanza, name: &str| stanza.get(name).cloned().unwrap_or_default();
    let name = |stanza: &Stanza| format!("{}:{}", field(stanza, "Package"), field(stanza, "Architecture"));
    status.iter().map(|stanza| (name(stanza), field(stanza, "Version"))).collect()
}

/// Everything that is wrong with a tree's packages: by `dpkg --audit`, by `dpkg --verify`, and by what a finished installation leaves nowhere.
/// Empty when all is well.
///
/// # Errors
/// When the tree's dpkg can't be asked.
pub fn findings(tree: &Path) -> Result<Vec<String>, Failed> {
    let chroot = Chroot::new(tree);
    let mut findings = Vec::new();
    for question in ["dpkg --audit", "dpkg --verify"] {
        judge::count_run(question);
        let answer = chroot.run(question)?;
        if !answer.status.success() || !answer.error.is_empty() {
            findings.push(format!("{question}: {} {}", answer.status, answer.error));
        }
        findings.extend(answer.output.lines().map(|line| format!("{question}: {line}")));
    }
    findings.extend(unfinished(&read_status(tree)?));
    findings.extend(leftovers(tree)?);
    Ok(findings)
}

fn unfinished(status: &[Stanza]) -> Vec<String> {
    let mut findings = Vec::new();
    for stanza in status {
        let name = stanza.get("Package").map_or("?", String::as_str);
        match stanza.get("Status").map(String::as_str) {
            Some("install ok installed") => {}
            other => findings.push(format!("{name} is {}", other.unwrap_or("without a status"))),
        }
        let triggers = ["Triggers-Pending", "Triggers-Awaited"].into_iter().filter(|field| stanza.contains_key(*field));
        findings.extend(triggers.map(|field| format!("{name} has {field}")));
    }
    findings
}

fn leftovers(tree: &Path) -> Result<Vec<String>, Failed> {
    let dpkg = tree.join("var/lib/dpkg");
    let mut findings = Vec::new();
    for directory in ["updates", "tmp.ci"] {
        if dpkg.join(directory).is_dir() && fs_err::read_dir(dpkg.join(directory))?.next().is_some() {
            findings.push(format!("/var/lib/dpkg/{directory} is not empty"));
        }
    }
    if fs_err::read(dpkg.join("triggers/Unincorp")).is_ok_and(|content| !content.is_empty()) {
        findings.push("/var/lib/dpkg/triggers/Unincorp is not empty".to_owned());
    }
    let found = crate::listing::names_ending(tree, &[".dpkg-new", ".dpkg-tmp"])?;
    findings.extend(found.into_iter().map(|path| format!("{path} was left behind")));
    Ok(findings)
}

#[cfg(test)]
mod tests {
    use super::*;

    const STATUS: &str = "Package: a\nStatus: install ok installed\nVersion: 1:2\nArchitecture: amd64\nConffiles:\n /etc/a 0123\n\n\
                          Package: b\nStatus: install ok half-configured\nVersion: 3\nArchitecture: all\nTriggers-Pending: x\n";

    #[test]
    fn a_status_file_becomes_a_set() {
        let set = package_set(&parse_stanzas(STATUS));
        assert_eq!(set, PackageSet::from([("a:amd64".to_owned(), "1:2".to_owned()), ("b:all".to_owned(), "3".to_owned())]));
        assert_eq!(parse_stanzas(STATUS)[0]["Conffiles"], "\n /etc/a 0123");
    }

    #[test]
    fn what_is_not_finished_is_found() {
        assert_eq!(unfinished(&parse_stanzas(STATUS)), ["b is install ok half-configured", "b has Triggers-Pending"]);
    }
}
