use std::collections::BTreeMap;

use rootfs_tree::Digest;
use serde::Deserialize;
use toml::Spanned;

use super::{Lock, LockError, LockFault, LockedAgent, LockedBuild, LockedPackage, VERSION};

/// 100,000 packages have 40 MB.
const MOST_BYTES: usize = 64 << 20;

/// A package file of 1 TiB doesn't exist.
const MOST_SIZE: u64 = 1 << 40;

const MOST_STRING: usize = 4096;

type Text = Spanned<String>;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    version: Spanned<i64>,
    distribution: Text,
    release: Text,
    architecture: Text,
    #[serde(default)]
    keys: BTreeMap<Text, Vec<Text>>,
    agent: Option<Agent>,
    #[serde(default)]
    kernel: Vec<Package>,
    #[serde(default)]
    tool: Vec<Package>,
    #[serde(default)]
    source: Vec<Package>,
    #[serde(default)]
    compiler: Vec<Package>,
    #[serde(default)]
    package: Vec<Package>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Agent {
    name: Text,
    sha256: Text,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Package {
    name: Text,
    version: Text,
    architecture: Text,
    repository: Text,
    path: Text,
    size: Spanned<u64>,
    sha256: Text,
    automatic: bool,
    essential: bool,
    slot: Option<Text>,
    #[serde(rename = "use")]
    flags: Option<Text>,
}

impl Lock {
    /// Reads a lock. Whatever is not exactly one is refused, with the line that is wrong.
    pub fn parse(text: &str) -> Result<Self, LockError> {
        if text.len() > MOST_BYTES {
            return Err(LockError { line: 1, fault: LockFault::Length { limit: MOST_BYTES } });
        }
        let reader = Reader { text };
        let document: Document = toml::from_str(text).map_err(|error| {
            let at = error.span().map_or(0, |span| span.start);
            reader.fail(at, LockFault::Syntax(error.message().to_owned()))
        })?;
        reader.read(&document)
    }
}

/// Turns values into what they stand for, and places into lines.
struct Reader<'a> {
    text: &'a str,
}

impl Reader<'_> {
    fn fail(&self, at: usize, fault: LockFault) -> LockError {
        let before = self.text.as_bytes().get(..at).unwrap_or_default();
        LockError { line: 1 + before.iter().filter(|byte| **byte == b'\n').count(), fault }
    }

    fn read(&self, document: &Document) -> Result<Lock, LockError> {
        if *document.version.get_ref() != VERSION {
            return Err(self.fail(document.version.span().start, LockFault::Version { found: *document.version.get_ref() }));
        }
        let agent = document.agent.as_ref().map(|agent| {
            let is_name = |name: &str| is_plain(name) && !name.contains('/') && name != "." && name != "..";
            Ok(LockedAgent { name: self.text(&agent.name, "file name", is_name)?, sha256: self.digest(&agent.sha256)? })
        });
        Ok(Lock {
            distribution: self.text(&document.distribution, "distribution", is_word)?,
            release: self.text(&document.release, "release", is_word)?,
            architecture: self.text(&document.architecture, "architecture", is_word)?,
            agent: agent.transpose()?,
            keys: self.keys(&document.keys)?,
            kernel: document.kernel.iter().map(|kernel| self.package(kernel)).collect::<Result<_, _>>()?,
            tools: self.packages(&document.tool)?,
            sources: document.source.iter().map(|source| self.package(source)).collect::<Result<_, _>>()?,
            compilers: self.packages(&document.compiler)?,
            packages: self.packages(&document.package)?,
        })
    }

    fn keys(&self, keys: &BTreeMap<Text, Vec<Text>>) -> Result<BTreeMap<String, Vec<String>>, LockError> {
        let read = keys.iter().map(|(repository, fingerprints)| {
            let fingerprints = fingerprints.iter().map(|fingerprint| self.text(fingerprint, "fingerprint", is_fingerprint));
            Ok((self.text(repository, "repository", is_word)?, fingerprints.collect::<Result<_, _>>()?))
        });
        read.collect()
    }

    fn packages(&self, packages: &[Package]) -> Result<Vec<LockedPackage>, LockError> {
        let mut read: Vec<LockedPackage> = Vec::with_capacity(packages.len());
        for package in packages {
            let next = self.package(package)?;
            if read.last().is_some_and(|last| last.place() >= next.place()) {
                return Err(self.fail(package.name.span().start, LockFault::Order { name: next.name }));
            }
            read.push(next);
        }
        Ok(read)
    }

    fn package(&self, package: &Package) -> Result<LockedPackage, LockError> {
        let size = *package.size.get_ref();
        if size == 0 || size > MOST_SIZE {
            let fault = LockFault::Value { what: "size of a package", value: size.to_string() };
            return Err(self.fail(package.size.span().start, fault));
        }
        // What has a slot has a category.
        let is_name = if package.slot.is_some() { is_name_in_category } else { is_word };
        Ok(LockedPackage {
            name: self.text(&package.name, "package name", is_name)?,
            version: self.text(&package.version, "version", is_version)?,
            architecture: self.text(&package.architecture, "architecture", is_word)?,
            repository: self.text(&package.repository, "repository", is_word)?,
            path: self.text(&package.path, "path below a repository", is_path)?,
            size,
            sha256: self.digest(&package.sha256)?,
            automatic: package.automatic,
            essential: package.essential,
            build: self.build(package)?,
        })
    }

    fn build(&self, package: &Package) -> Result<Option<LockedBuild>, LockError> {
        let Some(slot) = &package.slot else { return Ok(None) };
        let flags = package.flags.as_ref().map(|flags| self.text(flags, "USE flags", is_flags)).transpose()?.unwrap_or_default();
        let flags = flags.split(' ').filter(|flag| !flag.is_empty()).map(str::to_owned).collect();
        Ok(Some(LockedBuild { slot: self.text(slot, "slot", is_slot)?, flags }))
    }

    fn text(&self, text: &Text, what: &'static str, rule: impl Fn(&str) -> bool) -> Result<String, LockError> {
        let value = text.get_ref();
        if value.len() <= MOST_STRING && rule(value) {
            return Ok(value.clone());
        }
        let value = value.chars().take(100).collect();
        Err(self.fail(text.span().start, LockFault::Value { what, value }))
    }

    fn digest(&self, text: &Text) -> Result<Digest, LockError> {
        let lower = |text: &str| text.parse::<Digest>().is_ok_and(|digest| digest.to_string() == text);
        let malformed = |_| self.fail(text.span().start, LockFault::Value { what: "SHA-256", value: String::new() });
        self.text(text, "SHA-256 in lower case", lower)?.parse::<Digest>().map_err(malformed)
    }
}

/// Something on one line.
fn is_plain(text: &str) -> bool {
    !text.is_empty() && !text.contains(|c: char| c.is_control())
}

/// Names of packages, repositories, releases: nothing that could lead out of a directory or mean something to a shell.
fn is_word(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphanumeric())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+-._".contains(&byte))
}

/// A package's category and its name.
fn is_name_in_category(text: &str) -> bool {
    text.split_once('/').is_some_and(|(category, name)| is_word(category) && is_word(name))
}

/// A slot, or a slot and its sub-slot.
fn is_slot(text: &str) -> bool {
    text.split_once('/').map_or_else(|| is_word(text), |(slot, sub_slot)| is_word(slot) && is_word(sub_slot))
}

/// Words with a space between them.
fn is_flags(text: &str) -> bool {
    let is_flag = |flag: &str| flag.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+-_@".contains(&byte));
    text.split(' ').all(is_flag)
}

/// What versions consist of; nothing that could lead out of a directory.
pub(crate) fn is_version(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+-.~:_^".contains(&byte))
}

fn is_fingerprint(text: &str) -> bool {
    matches!(text.len(), 40 | 64) && text.bytes().all(|byte| byte.is_ascii_digit() || (b'A'..=b'F').contains(&byte))
}

/// Relative, and nowhere but down.
pub(crate) fn is_path(text: &str) -> bool {
    let component = |part: &str| !part.is_empty() && part != "." && part != "..";
    is_plain(text) && !text.contains('\\') && text.split('/').all(component)
}
