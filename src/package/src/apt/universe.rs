//! Every package that the repositories offer, kept as the indexes' text and offsets into it.

use std::collections::{BTreeMap, HashMap};
use std::ops::Range;
use std::path::{Path, PathBuf};

use super::deb822::{Stanza, Stanzas};
use super::mention::{Mention, first_mention};
use super::relation::{self, is_name};
use super::version;
use crate::lock::is_version;

/// A name that packages have or provide; dense, from 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct NameId(usize);

impl NameId {
    pub(super) fn index(self) -> usize {
        self.0
    }
}

/// One version of one package; dense, from 0, in the order the indexes were added.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct VersionId(usize);

/// Where an index came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IndexOrigin {
    /// The repository's name in the plan; `local` for package files of the user's.
    pub repository: String,
    /// The suite as the plan names it.
    pub suite: String,
    /// The release's own words for itself, besides `suite`: Suite and Codename.
    pub aliases: Vec<String>,
    /// How much apt prefers it: 500, 100 for backports, 1 for experimental.
    pub priority: i32,
}

/// How a package works together with other architectures.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum MultiArch {
    /// No field, or one that says so.
    #[default]
    No,
    /// `same`
    Same,
    /// `foreign`
    Foreign,
    /// `allowed`: `:any` may be asked of it.
    Allowed,
}

#[derive(Debug)]
struct Index {
    origin: IndexOrigin,
    text: String,
}

#[derive(Debug)]
struct Name {
    text: Box<str>,
    versions: Vec<VersionId>,
    providers: Vec<Provider>,
    essential: bool,
    important: bool,
}

/// A version that provides a name.
#[derive(Debug, Clone)]
pub struct Provider {
    /// Who provides it.
    pub version: VersionId,
    provided: Option<Box<str>>,
    any: bool,
}

impl Provider {
    /// The version it provides the name with.
    #[must_use]
    pub fn provided(&self) -> Option<&str> {
        self.provided.as_deref()
    }

    /// Whether it may answer for `name:any`.
    #[must_use]
    pub fn answers_any(&self) -> bool {
        self.any
    }
}

#[derive(Debug)]
struct Version {
    index: usize,
    stanza: Range<usize>,
    name: NameId,
    number: Range<usize>,
    priority: u8,
    multi_arch: MultiArch,
    essential: bool,
}

/// Everything that could be installed.
#[derive(Debug)]
pub struct Universe {
    architecture: String,
    indexes: Vec<Index>,
    names: Vec<Name>,
    by_name: HashMap<Box<str>, NameId>,
    versions: Vec<Version>,
    local: BTreeMap<PathBuf, VersionId>,
    fingerprints: BTreeMap<String, Vec<String>>,
}

/// An index that can't be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum IndexError {
    /// A stanza lacks a field.
    #[error("an entry at byte {offset} has no {field}")]
    Field {
        /// Where the stanza begins.
        offset: usize,
        /// What it lacks.
        field: &'static str,
    },
    /// A stanza's field is none that a package can have.
    #[error("an entry at byte {offset} has a {field} that can't be: `{value}`")]
    Value {
        /// Where the stanza begins.
        offset: usize,
        /// Which field.
        field: &'static str,
        /// What it says, cut to a sensible length.
        value: String,
    },
    /// More packages than can be real.
    #[error("it lists more than {limit} packages")]
    Size {
        /// The most that is taken.
        limit: usize,
    },
}

/// Debian has 70,000 a suite.
const MOST_VERSIONS: usize = 4_000_000;

const PRIORITIES: [&str; 5] = ["required", "important", "standard", "optional", "extra"];

impl Universe {
    /// An empty one, for a dpkg architecture (`amd64`).
    #[must_use]
    pub fn new(architecture: &str) -> Self {
        Self {
            architecture: architecture.to_owned(),
            indexes: Vec::new(),
            names: Vec::new(),
            by_name: HashMap::new(),
            versions: Vec::new(),
            local: BTreeMap::new(),
            fingerprints: BTreeMap::new(),
        }
    }

    /// dpkg's word for the architecture.
    #[must_use]
    pub fn architecture(&self) -> &str {
        &self.architecture
    }

    /// Which keys signed each repository, by its name: upper-case fingerprints, sorted.
    #[must_use]
    pub fn fingerprints(&self) -> &BTreeMap<String, Vec<String>> {
        &self.fingerprints
    }

    /// Notes that these keys signed a repository.
    pub fn add_fingerprints(&mut self, repository: &str, fingerprints: &[String]) {
        let known = self.fingerprints.entry(repository.to_owned()).or_default();
        known.extend_from_slice(fingerprints);
        known.sort();
        known.dedup();
    }

    /// Adds a Packages file. Entries for other architectures are passed over; a version that is there already stays where it was found first.
    pub fn add_index(&mut self, origin: IndexOrigin, text: String) -> Result<(), IndexError> {
        let index = self.indexes.len();
        for (start, stanza) in Stanzas::new(&text) {
            if self.versions.len() >= MOST_VERSIONS {
                return Err(IndexError::Size { limit: MOST_VERSIONS });
            }
            let entry = Entry::read(stanza, start)?;
            if entry.architecture == "all" || entry.architecture == self.architecture {
                self.add_entry(index, start, stanza, &entry, &text);
            }
        }
        self.indexes.push(Index { origin, text });
        for name in &mut self.names {
            if name.versions.last().is_some_and(|last| self.versions[last.0].index == index) {
                sort_versions(&mut name.versions, &self.versions, &self.indexes);
            }
        }
        Ok(())
    }

    /// Adds a package file of the user's: its control text, with Filename, Size and SHA256 added. It is the candidate for its name.
    pub fn add_local(&mut self, path: &Path, control: String) -> Result<(), IndexError> {
        let origin = IndexOrigin { repository: "local".to_owned(), suite: String::new(), aliases: Vec::new(), priority: 1000 };
        let before = self.versions.len();
        self.add_index(origin, control)?;
        if self.versions.len() > before {
            self.local.insert(path.to_owned(), VersionId(before));
        }
        Ok(())
    }

    fn add_entry(&mut self, index: usize, start: usize, stanza: Stanza<'_>, entry: &Entry<'_>, text: &str) {
        let name = self.intern(entry.name);
        let named = &mut self.names[name.0];
        named.essential |= entry.essential;
        named.important |= entry.important;
        let known = |id: &VersionId| {
            let version = &self.versions[id.0];
            let of = if version.index == index { text } else { &self.indexes[version.index].text };
            &of[version.number.clone()] == entry.version
                && (index == version.index || self.indexes[version.index].origin.repository != "local")
        };
        if self.names[name.0].versions.iter().any(known) {
            return;
        }
        let id = VersionId(self.versions.len());
        let number = offset_in(text, entry.version);
        self.versions.push(Version {
            index,
            stanza: start..start + stanza.text().len(),
            name,
            number,
            priority: entry.priority,
            multi_arch: entry.multi_arch,
            essential: entry.essential,
        });
        self.names[name.0].versions.push(id);
        // A Provides that can't be read provides nothing.
        for provided in relation::parse_provides(entry.provides.unwrap_or_default()).unwrap_or_default() {
            let any = entry.multi_arch == MultiArch::Allowed || provided.qualifier == Some("any");
            let target = self.intern(provided.name);
            let provided = provided.version.map(|(_, version)| version.into());
            self.names[target.0].providers.push(Provider { version: id, provided, any });
        }
    }

    fn intern(&mut self, text: &str) -> NameId {
        if let Some(id) = self.by_name.get(text) {
            return *id;
        }
        let id = NameId(self.names.len());
        let text: Box<str> = text.into();
        self.names.push(Name { text: text.clone(), versions: Vec::new(), providers: Vec::new(), essential: false, important: false });
        self.by_name.insert(text, id);
        id
    }

    /// The name, if a package has or provides it.
    #[must_use]
    pub fn find(&self, name: &str) -> Option<NameId> {
        self.by_name.get(name).copied()
    }

    /// Every name, in the order the indexes were added.
    pub fn names(&self) -> impl Iterator<Item = NameId> + use<> {
        (0..self.names.len()).map(NameId)
    }

    /// The name's text.
    #[must_use]
    pub fn name(&self, id: NameId) -> &str {
        &self.names[id.0].text
    }

    /// The versions that packages of this name have, the one apt would take first.
    #[must_use]
    pub fn versions(&self, id: NameId) -> &[VersionId] {
        &self.names[id.0].versions
    }

    /// Who provides the name.
    #[must_use]
    pub fn providers(&self, id: NameId) -> &[Provider] {
        &self.names[id.0].providers
    }

    /// Whether any version is marked Essential.
    #[must_use]
    pub fn is_essential(&self, id: NameId) -> bool {
        self.names[id.0].essential
    }

    /// Whether any version is marked Important or Protected.
    #[must_use]
    pub fn is_important(&self, id: NameId) -> bool {
        self.names[id.0].important
    }

    /// The version that a package file of the user's brought.
    #[must_use]
    pub fn local(&self, path: &Path) -> Option<VersionId> {
        self.local.get(path).copied()
    }

    /// Which name this is a version of.
    #[must_use]
    pub fn name_of(&self, id: VersionId) -> NameId {
        self.versions[id.0].name
    }

    /// The version number.
    #[must_use]
    pub fn number(&self, id: VersionId) -> &str {
        let version = &self.versions[id.0];
        &self.indexes[version.index].text[version.number.clone()]
    }

    /// The whole entry in the index.
    #[must_use]
    pub fn stanza(&self, id: VersionId) -> Stanza<'_> {
        let version = &self.versions[id.0];
        Stanza::new(&self.indexes[version.index].text[version.stanza.clone()])
    }

    /// Where it was found.
    #[must_use]
    pub fn origin(&self, id: VersionId) -> &IndexOrigin {
        &self.indexes[self.versions[id.0].index].origin
    }

    /// 1 for `required` to 5 for `extra`; 0 when the package doesn't say, as apt counts.
    #[must_use]
    pub fn priority(&self, id: VersionId) -> u8 {
        self.versions[id.0].priority
    }

    /// How it works together with other architectures.
    #[must_use]
    pub fn multi_arch(&self, id: VersionId) -> MultiArch {
        self.versions[id.0].multi_arch
    }

    /// Whether this version is marked Essential.
    #[must_use]
    pub fn says_essential(&self, id: VersionId) -> bool {
        self.versions[id.0].essential
    }

    /// Where the indexes name a package for the first time: apt numbers packages in this order, and lets the number decide between equals.
    #[must_use]
    pub fn first_mention(&self, name: NameId) -> Option<(usize, Mention)> {
        let name = self.name(name);
        self.indexes.iter().enumerate().find_map(|(index, at)| Some((index, first_mention(&at.text, name)?)))
    }
}

/// The priority by its name, as [`Universe::priority`] counts.
#[must_use]
pub(super) fn priority_by_name(name: &str) -> Option<u8> {
    PRIORITIES.iter().position(|known| *known == name).and_then(|position| u8::try_from(position + 1).ok())
}

/// apt's order: the preferred suite first, in it the newest; stable for equals.
fn sort_versions(ids: &mut [VersionId], versions: &[Version], indexes: &[Index]) {
    ids.sort_by(|left, right| {
        let key = |id: &VersionId| {
            let version = &versions[id.0];
            let index = &indexes[version.index];
            (index.origin.priority, &index.text[version.number.clone()])
        };
        let ((left_priority, left_number), (right_priority, right_number)) = (key(left), key(right));
        right_priority.cmp(&left_priority).then_with(|| version::compare(right_number, left_number))
    });
}

/// Where a part of a text lies in it.
fn offset_in(text: &str, part: &str) -> Range<usize> {
    let start = part.as_ptr().addr() - text.as_ptr().addr();
    start..start + part.len()
}

/// The fields of a stanza that every version is asked for.
#[derive(Debug, Default)]
struct Entry<'a> {
    name: &'a str,
    version: &'a str,
    architecture: &'a str,
    provides: Option<&'a str>,
    priority: u8,
    multi_arch: MultiArch,
    essential: bool,
    important: bool,
}

impl<'a> Entry<'a> {
    fn read(stanza: Stanza<'a>, offset: usize) -> Result<Self, IndexError> {
        let mut entry = Self::default();
        for (name, value) in stanza.fields() {
            // Most fields are none of these; this is the hot loop of reading an index.
            if !name.starts_with(['P', 'V', 'A', 'E', 'I', 'M', 'p', 'v', 'a', 'e', 'i', 'm']) {
                continue;
            }
            let yes = || value.eq_ignore_ascii_case("yes");
            match name.to_ascii_lowercase().as_str() {
                "package" => entry.name = value,
                "version" => entry.version = value,
                "architecture" => entry.architecture = value,
                "provides" => entry.provides = Some(value),
                "priority" => entry.priority = priority_by_name(value).unwrap_or(5),
                "essential" => entry.essential = yes(),
                "important" | "protected" => entry.important |= yes(),
                "multi-arch" => {
                    entry.multi_arch = match value {
                        "same" => MultiArch::Same,
                        "foreign" => MultiArch::Foreign,
                        "allowed" => MultiArch::Allowed,
                        _ => MultiArch::No,
                    }
                }
                _ => {}
            }
        }
        let present = [("Package", entry.name), ("Version", entry.version), ("Architecture", entry.architecture)];
        if let Some((field, _)) = present.iter().find(|(_, value)| value.is_empty()) {
            return Err(IndexError::Field { offset, field });
        }
        // Both become names of files.
        match present.iter().zip([is_name, is_version, is_name]).find(|((_, value), rule)| !rule(value)) {
            Some(((field, value), _)) => Err(IndexError::Value { offset, field, value: value.chars().take(80).collect() }),
            None => Ok(entry),
        }
    }
}
