use std::collections::BTreeMap;

use super::Chosen;
use crate::observer::{Event, Observer};

/// Understands what rpm prints: the title of each package as it begins with it, warnings, errors; all else comes from scripts.
pub(super) struct Reader<'a> {
    names: BTreeMap<String, &'a str>,
    observer: &'a dyn Observer,
}

impl<'a> Reader<'a> {
    pub(super) fn new(packages: &'a [Chosen<'a>], observer: &'a dyn Observer) -> Self {
        let name = |chosen: &'a Chosen<'a>| (chosen.header.identity.title(), chosen.header.identity.name.as_str());
        Self { names: packages.iter().map(name).collect(), observer }
    }

    pub(super) fn line(&mut self, line: &str) {
        if let Some(name) = self.names.remove(line) {
            self.observer.event(Event::Item(name));
        } else if is_failed_script(line) {
            self.observer.event(Event::Note(line));
        }
    }
}

/// A script that failed and doesn't count for rpm: `warning: %post(NAME-VERSION-RELEASE.ARCH) scriptlet failed, exit status 1`.
fn is_failed_script(line: &str) -> bool {
    line.strip_prefix("warning: %").is_some_and(|rest| rest.contains(" scriptlet failed"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_failed_scripts_are_worth_a_note() {
        assert!(is_failed_script("warning: %post(a-1-1.noarch) scriptlet failed, exit status 1"));
        for line in ["warning: /etc/x created as /etc/x.rpmnew", "error: %pre(a-1-1.noarch) scriptlet failed, exit status 1", "a"] {
            assert!(!is_failed_script(line), "{line}");
        }
    }
}
