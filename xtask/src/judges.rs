//! The foreign programs that the tests need.

use std::collections::BTreeSet;

use crate::error::TaskError;
use crate::process::{Process, complain, is_installed, say};

const LIST: &str = include_str!("../../tests/judges.txt");

/// Which judges a run needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wanted {
    /// Those of the cases of every run.
    Daily,
    /// Also those that only long cases need.
    All,
}

/// Installs the judges that are absent, when this may be done (root, on a host with apt); otherwise says how.
pub(crate) fn install_judges(wanted: Wanted) -> Result<(), TaskError> {
    let missing = packages_of_absent(LIST, wanted, is_installed);
    if missing.is_empty() {
        return Ok(());
    }
    let packages: Vec<&str> = missing.into_iter().collect();
    let command = format!("apt-get install --no-install-recommends {}", packages.join(" "));
    if !is_root()? || !is_installed("apt-get") {
        complain(&format!("some judges are not installed, and their cases will be ignored; as root: {command}"));
        return Ok(());
    }
    say(&format!("installing judges: {}", packages.join(" ")));
    Process::new("apt-get", &["update", "-qq"]).run()?;
    let arguments = ["install", "-y", "-qq", "--no-install-recommends"];
    Process::new("apt-get", &[&arguments[..], &packages].concat()).with("DEBIAN_FRONTEND", "noninteractive").run()
}

/// The packages of those listed programs that are wanted and not installed.
fn packages_of_absent(list: &str, wanted: Wanted, is_installed: impl Fn(&str) -> bool) -> BTreeSet<&str> {
    let lines = list.lines().filter(|line| !line.starts_with('#')).map(|line| line.split_whitespace().collect::<Vec<_>>());
    lines
        .filter_map(|words| match words[..] {
            [program, package] => Some((program, package)),
            [program, package, "full"] if wanted == Wanted::All => Some((program, package)),
            _ => None,
        })
        .filter(|(program, _)| !is_installed(program))
        .map(|(_, package)| package)
        .collect()
}

fn is_root() -> Result<bool, TaskError> {
    Ok(Process::new("id", &["-u"]).output()?.trim_ascii() == b"0")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_each_package_once_and_only_when_absent() {
        let list = "# comment\nsetpriv util-linux\nunshare\tutil-linux\ngpg   gpg\nsshd openssh-server full\n";
        let absent = |wanted| packages_of_absent(list, wanted, |program| program == "gpg");
        assert_eq!(absent(Wanted::Daily), BTreeSet::from(["util-linux"]));
        assert_eq!(absent(Wanted::All), BTreeSet::from(["openssh-server", "util-linux"]));
        assert!(packages_of_absent(list, Wanted::All, |_| true).is_empty());
    }

    #[test]
    fn the_list_is_well_formed() {
        let lines = LIST.lines().filter(|line| !line.starts_with('#') && !line.is_empty());
        for line in lines {
            let words: Vec<&str> = line.split_whitespace().collect();
            assert!(matches!(words[..], [_, _] | [_, _, "full"]), "{line}");
        }
    }
}
