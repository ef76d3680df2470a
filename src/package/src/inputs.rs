//! What a stage's result depends on.

mod plan;

use std::collections::{BTreeMap, BTreeSet};

use rootfs_tree::Digest;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

/// How many differences a person is told of one input.
const TOLD: usize = 4;

/// Everything that a stage's result depends on, by names for people: the same inputs give the same result, wherever and whenever.
///
/// An input is a set of lines. Where each begins with a name (`libc6 2.41-12 …`), a change is told as that of the name's second word.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Inputs {
    by_name: BTreeMap<String, BTreeSet<String>>,
}

impl Inputs {
    /// Sets an input of one line.
    pub fn set(&mut self, name: &str, value: impl Into<String>) {
        self.set_lines(name, [value.into()]);
    }

    /// Sets an input of many lines, whose order means nothing.
    pub fn set_lines(&mut self, name: &str, lines: impl IntoIterator<Item = String>) {
        self.by_name.insert(name.to_owned(), lines.into_iter().collect());
    }

    /// The result's name: no two different inputs share one.
    #[must_use]
    pub fn key(&self) -> Digest {
        let mut hash = Sha256::new();
        let mut add = |text: &str| {
            hash.update((text.len() as u64).to_le_bytes());
            hash.update(text);
        };
        for (name, lines) in &self.by_name {
            add(name);
            add(&lines.len().to_string());
            lines.iter().for_each(|line| add(line));
        }
        Digest(hash.finalize().into())
    }

    /// How far apart two are: the lines that only one of them has.
    #[must_use]
    pub fn distance(&self, other: &Self) -> usize {
        self.names_of(other).map(|name| self.lines(name).symmetric_difference(other.lines(name)).count()).sum()
    }

    /// What is different now from what `before` was, one text an input.
    #[must_use]
    pub fn changes_since(&self, before: &Self) -> Vec<String> {
        let texts = self.names_of(before).filter_map(|name| {
            let told = changes(before.lines(name), self.lines(name));
            (!told.is_empty()).then(|| format!("{name}: {}", told.join(", ")))
        });
        texts.collect()
    }

    fn names_of<'a>(&'a self, other: &'a Self) -> impl Iterator<Item = &'a str> {
        let names: BTreeSet<&str> = self.by_name.keys().chain(other.by_name.keys()).map(String::as_str).collect();
        names.into_iter()
    }

    fn lines(&self, name: &str) -> &BTreeSet<String> {
        static NONE: BTreeSet<String> = BTreeSet::new();
        self.by_name.get(name).unwrap_or(&NONE)
    }
}

fn changes(before: &BTreeSet<String>, now: &BTreeSet<String>) -> Vec<String> {
    let word = |line: &str, at| line.split(' ').nth(at).unwrap_or_default().to_owned();
    let mut gone: BTreeMap<String, &String> = before.difference(now).map(|line| (word(line, 0), line)).collect();
    let mut told = Vec::new();
    for line in now.difference(before) {
        let name = word(line, 0);
        told.push(match gone.remove(&name) {
            Some(old) if word(old, 1) == word(line, 1) => format!("{name} is another"),
            Some(old) => format!("{name} {} → {}", word(old, 1), word(line, 1)),
            None if before.len() == 1 && now.len() == 1 => format!("{} → {line}", before.iter().next().map_or("", String::as_str)),
            None => format!("{name} is new"),
        });
    }
    if !(before.len() == 1 && now.len() == 1) {
        told.extend(gone.into_keys().map(|name| format!("{name} is gone")));
    }
    let more = told.len().saturating_sub(TOLD);
    told.truncate(TOLD);
    if more > 0 {
        told.push(format!("{more} more"));
    }
    told
}

#[cfg(test)]
mod tests {
    use super::*;

    fn inputs(packages: &[&str], host_name: &str) -> Inputs {
        let mut inputs = Inputs::default();
        inputs.set_lines("packages", packages.iter().map(|line| (*line).to_owned()));
        inputs.set("host name", host_name);
        inputs
    }

    #[test]
    fn the_key_tells_all_inputs_apart() {
        let one = inputs(&["a 1", "b 2"], "x");
        assert_eq!(one.key(), inputs(&["b 2", "a 1"], "x").key());
        for other in [inputs(&["a 1 b 2"], "x"), inputs(&["a 1"], "x"), inputs(&["a 1", "b 2"], "y"), Inputs::default()] {
            assert_ne!(one.key(), other.key());
            assert!(one.distance(&other) > 0);
        }
    }

    #[test]
    fn changes_are_told_by_name() {
        let before = inputs(&["a 1 h1", "b 2 h2", "c 3 h3"], "x");
        let now = inputs(&["a 2 h4", "b 2 h5", "d 1 h6"], "y");
        assert_eq!(now.changes_since(&before), ["host name: x → y", "packages: a 1 → 2, b is another, d is new, c is gone"]);
        assert!(now.changes_since(&now).is_empty());
    }

    #[test]
    fn many_changes_are_counted() {
        let names: Vec<String> = (0..9).map(|number| format!("p{number} 1")).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let changes = inputs(&names, "x").changes_since(&inputs(&[], "x"));
        assert_eq!(changes, ["packages: p0 is new, p1 is new, p2 is new, p3 is new, 5 more"]);
    }
}
