//! What an index, a package's `.PKGINFO` and the installed database alike say of a package.

use super::{Dependency, DependencyError, Provide, Sha1Sum, Version};

/// A package as an index describes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IndexPackage {
    /// `C`: the SHA-1 of its control member, which names this very package.
    pub identity: Sha1Sum,
    /// `P`: its name.
    pub name: String,
    /// `V`: its version.
    pub version: Version,
    /// `A`: `x86_64`, `noarch`.
    pub architecture: Option<String>,
    /// `S`: the size of its file, in bytes.
    pub size: u64,
    /// `I`: the size of its files, in bytes; a package of 0 is never fetched by apk, for it holds nothing.
    pub installed_size: u64,
    /// `T`: one line about it.
    pub description: String,
    /// `U`: where it comes from.
    pub url: String,
    /// `L`: its licence.
    pub license: String,
    /// `o`: what it was built with; packages of one origin may take each other's files.
    pub origin: Option<String>,
    /// `m`: who takes care of it.
    pub maintainer: Option<String>,
    /// `t`: when it was built, in seconds since 1970.
    pub build_time: u64,
    /// `c`: the commit it was built from.
    pub commit: Option<String>,
    /// `k`: which of several providers of a name comes first, the highest; 0 for those that nobody chooses by themselves.
    pub provider_priority: u32,
    /// `D`: what it needs, or can't be with.
    pub depends: Vec<Dependency>,
    /// `p`: what it is too.
    pub provides: Vec<Provide>,
    /// `i`: with what it comes by itself.
    pub install_if: Vec<Dependency>,
    /// Why it can't be installed, if it says something that only later versions of apk know.
    pub unusable: Option<String>,
}

impl Default for IndexPackage {
    fn default() -> Self {
        Self {
            identity: Sha1Sum([0; 20]),
            name: String::new(),
            version: Version::new(""),
            architecture: None,
            size: 0,
            installed_size: 0,
            description: String::new(),
            url: String::new(),
            license: String::new(),
            origin: None,
            maintainer: None,
            build_time: 0,
            commit: None,
            provider_priority: 0,
            depends: Vec::new(),
            provides: Vec::new(),
            install_if: Vec::new(),
            unusable: None,
        }
    }
}

impl IndexPackage {
    /// `NAME-VERSION`, as apk calls it.
    #[must_use]
    pub fn title(&self) -> String {
        format!("{}-{}", self.name, self.version)
    }

    /// Its file's path below its repository's URL. A package that doesn't say its architecture is among those of `architecture`.
    #[must_use]
    pub fn path(&self, architecture: &str) -> String {
        format!("{}/{}.apk", self.architecture.as_deref().unwrap_or(architecture), self.title())
    }

    /// Takes what a field says, by its letter.
    pub(super) fn set(&mut self, field: u8, value: &str) -> Result<(), String> {
        let text = || value.to_owned();
        match field {
            b'P' => self.name = word(value)?,
            b'V' => self.version = Version::new(&word(value)?),
            b'A' => self.architecture = Some(word(value)?),
            b'C' => self.identity = value.parse().map_err(|error: super::ChecksumError| error.to_string())?,
            b'S' => self.size = number(value)?,
            b'I' => self.installed_size = number(value)?,
            b't' => self.build_time = number(value)?,
            b'k' => self.provider_priority = u32::try_from(number(value)?).map_err(|_too_large| format!("`{value}` is too large"))?,
            b'T' => self.description = text(),
            b'U' => self.url = text(),
            b'L' => self.license = text(),
            b'o' => self.origin = Some(text()),
            b'm' => self.maintainer = Some(text()),
            b'c' => self.commit = Some(text()),
            b'D' => add_all(value, &mut self.depends, &mut self.unusable),
            b'p' => add_all(value, &mut self.provides, &mut self.unusable),
            b'i' => add_all(value, &mut self.install_if, &mut self.unusable),
            // Letters of lower case are promised to be safe to pass over.
            b'A'..=b'Z' if !matches!(field, b'F' | b'M' | b'R' | b'Z') => {
                self.unusable = Some(format!("its field `{}` is not known", field.escape_ascii()));
            }
            _ => {}
        }
        Ok(())
    }

    /// Itself, unusable when nothing says which very package it is.
    pub(super) fn with_identity(mut self) -> Self {
        if self.identity == Self::default().identity {
            self.unusable.get_or_insert_with(|| "the index doesn't say its identity".to_owned());
        }
        self
    }

    /// Whether what every package says is there.
    pub(super) fn check(&self) -> Result<(), String> {
        match self {
            _ if self.name.is_empty() => Err("a package has no name".to_owned()),
            _ if self.version.as_str().is_empty() => Err(format!("package `{}` has no version", self.name)),
            _ => Ok(()),
        }
    }
}

/// Reads a list; what is malformed makes the package unusable, for a later apk may know more.
fn add_all<T: std::str::FromStr<Err = DependencyError>>(value: &str, list: &mut Vec<T>, unusable: &mut Option<String>) {
    for word in value.split_ascii_whitespace() {
        match word.parse() {
            Ok(item) => list.push(item),
            Err(error) => *unusable = Some(error.to_string()),
        }
    }
}

/// A text that becomes part of a path.
fn word(value: &str) -> Result<String, String> {
    let is_bad = |character: char| matches!(character, '/' | '\\') || character.is_whitespace() || character.is_control();
    if value.is_empty() || value.len() > 200 || value.starts_with('.') || value.chars().any(is_bad) {
        return Err(format!("`{}` can't be part of a file's name", value.escape_debug()));
    }
    Ok(value.to_owned())
}

pub(super) fn number(value: &str) -> Result<u64, String> {
    value.parse().map_err(|_not_one| format!("`{}` is not a number", value.escape_debug()))
}
