/// What is done to the paths that a rule matches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Action {
    /// The entry goes, with all below it.
    Remove,
    /// The entry goes unless a package owns it.
    RemoveUnowned,
    /// A file keeps its mode and owner and loses its content.
    Empty,
}

/// One thing that is not part of what was asked for.
#[derive(Debug, Clone, Copy)]
pub(super) struct Rule {
    /// Absolute, with `*` in the last component.
    pub(super) path: &'static str,
    pub(super) action: Action,
    /// Why it must not stay.
    pub(super) reason: &'static str,
}

const LOG: &str = "a log of the build, with its times";
const CACHE: &str = "a cache that its program makes again, and that holds times or inode numbers";
const BACKUP: &str = "a copy of the state before the last change";
const LOCK: &str = "a lock of a program that has ended";
const IDENTITY: &str = "every guest makes its own";
const TEMPORARY: &str = "it is mounted over, or emptied, at boot";

/// What a rule with `*` leaves where it is: `/var/lock` leads here, also in a container that mounts nothing over `/run`.
pub(super) const KEPT: [&str; 1] = ["/run/lock"];

const fn rule(path: &'static str, action: Action, reason: &'static str) -> Rule {
    Rule { path, action, reason }
}

/// All rules, by reason.
pub(super) const RULES: &[Rule] = &[
    rule("/var/log/dpkg.log", Action::Remove, LOG),
    rule("/var/log/alternatives.log", Action::Remove, LOG),
    rule("/var/log/bootstrap.log", Action::Remove, LOG),
    rule("/var/log/fontconfig.log", Action::Remove, LOG),
    rule("/var/log/apt/*", Action::Remove, LOG),
    rule("/var/log/journal/*", Action::Remove, LOG),
    rule("/var/log/btmp", Action::Empty, LOG),
    rule("/var/log/wtmp", Action::Empty, LOG),
    rule("/var/log/lastlog", Action::Empty, LOG),
    rule("/var/log/faillog", Action::Empty, LOG),
    rule("/var/cache/ldconfig/aux-cache", Action::Remove, CACHE),
    rule("/var/cache/apt/*.bin", Action::Remove, CACHE),
    rule("/var/cache/apt/archives/*.deb", Action::Remove, CACHE),
    rule("/var/cache/apt/archives/partial/*", Action::Remove, CACHE),
    rule("/var/cache/man/*", Action::RemoveUnowned, CACHE),
    rule("/var/lib/apt/lists/partial/*", Action::Remove, CACHE),
    rule("/var/cache/debconf/*-old", Action::Remove, BACKUP),
    rule("/var/lib/dpkg/*-old", Action::Remove, BACKUP),
    rule("/etc/passwd-", Action::Remove, BACKUP),
    rule("/etc/group-", Action::Remove, BACKUP),
    rule("/etc/shadow-", Action::Remove, BACKUP),
    rule("/etc/gshadow-", Action::Remove, BACKUP),
    rule("/etc/subuid-", Action::Remove, BACKUP),
    rule("/etc/subgid-", Action::Remove, BACKUP),
    rule("/etc/.pwd.lock", Action::Remove, LOCK),
    rule("/var/lib/dpkg/lock*", Action::Remove, LOCK),
    rule("/var/lib/dpkg/triggers/Lock", Action::Remove, LOCK),
    rule("/var/lib/apt/lists/lock", Action::Remove, LOCK),
    rule("/var/cache/apt/archives/lock", Action::Remove, LOCK),
    rule("/etc/machine-id", Action::Empty, IDENTITY),
    rule("/var/lib/dbus/machine-id", Action::RemoveUnowned, IDENTITY),
    rule("/var/lib/systemd/random-seed", Action::Remove, IDENTITY),
    rule("/var/lib/systemd/credential.secret", Action::Remove, IDENTITY),
    rule("/var/lib/urandom/random-seed", Action::Remove, IDENTITY),
    rule("/run/lock/*", Action::RemoveUnowned, TEMPORARY),
    rule("/run/*", Action::RemoveUnowned, TEMPORARY),
    rule("/tmp/*", Action::Remove, TEMPORARY),
    rule("/var/tmp/*", Action::Remove, TEMPORARY),
];

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_rule_is_in_the_documentation() {
        let page = include_str!("../../../../../docs/reproducible.md");
        for rule in RULES {
            let is_row = |line: &str| line.starts_with(&format!("| `{}` | ", rule.path)) && line.ends_with(&format!("| {} |", rule.reason));
            assert!(page.lines().any(is_row), "{} is not in docs/reproducible.md with its reason", rule.path);
        }
    }

    #[test]
    fn every_rule_has_its_path_alone_and_a_reason() {
        let mut seen = BTreeSet::new();
        for rule in RULES {
            assert!(seen.insert(rule.path), "{} is there twice", rule.path);
            assert!(rule.path.starts_with('/') && !rule.reason.is_empty(), "{}", rule.path);
            let (directory, _) = rule.path.rsplit_once('/').unwrap();
            assert!(!directory.contains('*'), "{}: `*` is for the last component", rule.path);
        }
    }
}
