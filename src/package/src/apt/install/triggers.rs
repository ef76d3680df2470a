//! dpkg's triggers, as far as unpacking touches them: interests are registered, activations are noted for dpkg to carry out.
//! Format: deb-triggers(5) and dpkg's `doc/triggers.txt`.

use std::collections::{BTreeMap, BTreeSet};

use crate::apt::relation::is_name;

/// What a package's control file `triggers` says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Directives {
    pub(super) interests: Vec<Interest>,
    pub(super) activations: Vec<Activation>,
}

/// The package wants to know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Interest {
    pub(super) trigger: String,
    pub(super) noawait: bool,
}

/// The package tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Activation {
    pub(super) trigger: String,
    pub(super) noawait: bool,
}

/// A line that is no directive.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{line}` is not a trigger directive")]
pub struct BadDirective {
    /// As it stands in the package.
    pub line: String,
}

impl Directives {
    pub(super) fn parse(content: &[u8]) -> Result<Self, BadDirective> {
        let mut directives = Self::default();
        for raw in String::from_utf8_lossy(content).lines() {
            let line = raw.split('#').next().unwrap_or_default().trim();
            if line.is_empty() {
                continue;
            }
            let bad = || BadDirective { line: raw.to_owned() };
            let (word, trigger) = line.split_once(char::is_whitespace).ok_or_else(bad)?;
            let trigger = trigger.trim().to_owned();
            if !is_trigger(&trigger) {
                return Err(bad());
            }
            match word {
                "interest" | "interest-await" => directives.interests.push(Interest { trigger, noawait: false }),
                "interest-noawait" => directives.interests.push(Interest { trigger, noawait: true }),
                "activate" | "activate-await" => directives.activations.push(Activation { trigger, noawait: false }),
                "activate-noawait" => directives.activations.push(Activation { trigger, noawait: true }),
                _ => return Err(bad()),
            }
        }
        Ok(directives)
    }
}

/// Files of dpkg's own beside those of explicit triggers.
const DATABASES: [&str; 3] = ["File", "Unincorp", "Lock"];

/// dpkg's own rule: a path, or what a package could be called; an explicit trigger becomes the name of a file.
fn is_trigger(text: &str) -> bool {
    match text.strip_prefix('/') {
        Some(path) => !path.contains(|c: char| c.is_whitespace() || c.is_control()) && path.split('/').all(|name| name != ".."),
        None => is_name(text) && !text.contains('_') && !DATABASES.contains(&text),
    }
}

/// Who is interested in what, over all packages unpacked so far.
#[derive(Debug, Default)]
pub(super) struct Interests {
    /// By path without its leading slash; `/noawait` is kept with the name, as dpkg writes it.
    files: BTreeMap<Vec<u8>, BTreeMap<String, bool>>,
    explicit: BTreeMap<String, BTreeMap<String, bool>>,
}

impl Interests {
    pub(super) fn add(&mut self, package: &str, interests: &[Interest]) {
        for interest in interests {
            let packages = match interest.trigger.strip_prefix('/') {
                Some(path) => self.files.entry(path.as_bytes().to_vec()).or_default(),
                None => self.explicit.entry(interest.trigger.clone()).or_default(),
            };
            packages.insert(package.to_owned(), interest.noawait);
        }
    }

    /// dpkg's `triggers/File`.
    pub(super) fn file_database(&self) -> Vec<u8> {
        let mut text = Vec::new();
        for (path, packages) in &self.files {
            for (package, noawait) in packages {
                text.extend_from_slice(b"/");
                text.extend_from_slice(path);
                text.extend_from_slice(format!(" {package}{}\n", suffix(*noawait)).as_bytes());
            }
        }
        text
    }

    /// dpkg's `triggers/NAME`, for each name.
    pub(super) fn explicit_databases(&self) -> impl Iterator<Item = (&str, String)> {
        self.explicit.iter().map(|(name, packages)| {
            let text = packages.iter().map(|(package, noawait)| format!("{package}{}\n", suffix(*noawait))).collect();
            (name.as_str(), text)
        })
    }

    /// The file triggers that a path fires: those on the path itself and on every directory above it.
    fn fired_by<'a>(&'a self, path: &'a [u8]) -> impl Iterator<Item = &'a [u8]> {
        let ends = path.iter().enumerate().filter(|(_, byte)| **byte == b'/').map(|(end, _)| end).chain([path.len()]);
        ends.map(|end| &path[..end]).filter(|prefix| self.files.contains_key(*prefix))
    }
}

fn suffix(noawait: bool) -> &'static str {
    if noawait { "/noawait" } else { "" }
}

/// Activations that dpkg has still to incorporate: its `triggers/Unincorp`.
#[derive(Debug, Default)]
pub(super) struct Activated {
    by_trigger: BTreeMap<String, BTreeSet<String>>,
}

impl Activated {
    /// Notes what unpacking a package activates: its own directives, and the file triggers of its paths.
    pub(super) fn unpacked<'a>(
        &mut self,
        package: &str,
        activations: &[Activation],
        paths: impl Iterator<Item = &'a [u8]>,
        interests: &Interests,
    ) {
        for activation in activations {
            let awaiter = if activation.noawait { "-" } else { package };
            self.by_trigger.entry(activation.trigger.clone()).or_default().insert(awaiter.to_owned());
        }
        for path in paths {
            for fired in interests.fired_by(path) {
                let name = format!("/{}", String::from_utf8_lossy(fired));
                self.by_trigger.entry(name).or_default().insert(package.to_owned());
            }
        }
    }

    /// Lines of a trigger and those who await it; `-` stands for nobody.
    pub(super) fn database(&self) -> String {
        self.by_trigger
            .iter()
            .map(|(trigger, awaiters)| {
                let names: Vec<&str> = awaiters.iter().map(String::as_str).collect();
                format!("{trigger} {}\n", names.join(" "))
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn directives() {
        let directives =
            Directives::parse(b"# x\ninterest-noawait /usr/share/man\nactivate-noawait ldconfig # why\n\ninterest update-initramfs\n")
                .unwrap();
        assert_eq!(directives.interests.len(), 2);
        assert!(directives.interests[0].noawait && !directives.interests[1].noawait);
        assert_eq!(directives.activations, [Activation { trigger: "ldconfig".into(), noawait: true }]);
        assert!(Directives::parse(b"interest\n").is_err());
        assert!(Directives::parse(b"interest ../../x\n").is_err());
        assert!(Directives::parse(b"fire a\n").is_err());
    }

    #[test]
    fn databases_are_as_dpkg_writes_them() {
        let mut interests = Interests::default();
        interests.add("man-db", &[Interest { trigger: "/usr/share/man".into(), noawait: true }]);
        interests.add("libc-bin", &[Interest { trigger: "ldconfig".into(), noawait: false }]);
        assert_eq!(interests.file_database(), b"/usr/share/man man-db/noawait\n");
        assert_eq!(interests.explicit_databases().collect::<Vec<_>>(), [("ldconfig", "libc-bin\n".to_owned())]);
        let mut activated = Activated::default();
        let ldconfig = [Activation { trigger: "ldconfig".into(), noawait: true }];
        activated.unpacked("libx", &ldconfig, [b"usr/share/man/man1/x.1".as_slice(), b"usr/share/mandrill"].into_iter(), &interests);
        assert_eq!(activated.database(), "/usr/share/man libx\nldconfig -\n");
    }
}
