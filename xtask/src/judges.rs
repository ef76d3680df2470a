//! The foreign programs that the tests need.

use std::collections::BTreeSet;

use crate::error::TaskError;
use crate::process::{Process, complain, is_installed, say};

const LIST: &str = include_str!("../../tests/judges.txt");

/// Installs the judges that are absent, when this may be done (root, on a host with apt); otherwise says how.
pub(crate) fn install_judges() -> Result<(), TaskError> {
    let missing = packages_of_absent(LIST, is_installed);
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

/// The packages of those listed programs that are not installed.
fn packages_of_absent(list: &str, is_installed: impl Fn(&str) -> bool) -> BTreeSet<&str> {
    list.lines()
        .filter(|line| !line.starts_with('#'))
        .filter_map(|line| line.split_once(char::is_whitespace))
        .filter(|(program, _)| !is_installed(program))
        .map(|(_, package)| package.trim())
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
        let list = "# comment\nsetpriv util-linux\nunshare\tutil-linux\ngpg   gpg\n";
        assert_eq!(packages_of_absent(list, |program| program == "gpg"), BTreeSet::from(["util-linux"]));
        assert!(packages_of_absent(list, |_| true).is_empty());
    }

    #[test]
    fn the_list_is_well_formed() {
        let lines = LIST.lines().filter(|line| !line.starts_with('#') && !line.is_empty());
        for line in lines {
            assert_eq!(line.split_whitespace().count(), 2, "{line}");
        }
    }
}
