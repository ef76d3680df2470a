//! Values that remember where they were said.

use std::fmt;
use std::path::{Path, PathBuf};

/// Where a setting was said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// On the command line, by this flag.
    Flag(&'static str),
    /// On the command line, by this flag of the distribution's own, without its dashes.
    Option(&'static str),
    /// In the environment, by this variable.
    Variable(&'static str),
    /// In the environment, by the variable of an option of the distribution's own.
    OptionVariable(String),
    /// In a configuration file, by this key.
    File {
        /// The file as it was named.
        path: PathBuf,
        /// `extra-pkg`.
        key: &'static str,
    },
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Flag(flag) => f.write_str(flag),
            Self::Option(name) => write!(f, "--{name}"),
            Self::OptionVariable(name) => f.write_str(name),
            Self::Variable(name) => f.write_str(name),
            Self::File { path, key } => write!(f, "{}: {key}", path.display()),
        }
    }
}

/// A value that remembers where it was said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sourced<T> {
    /// What was said.
    pub value: T,
    /// Where.
    pub source: Source,
}

impl<T> Sourced<T> {
    /// A value with its source.
    pub fn new(value: T, source: Source) -> Self {
        Self { value, source }
    }

    /// The same source with another value.
    pub fn with<U>(&self, value: U) -> Sourced<U> {
        Sourced { value, source: self.source.clone() }
    }
}

impl<T: AsRef<Path>> Sourced<T> {
    /// The path; one from a configuration file is relative to that file's directory.
    #[must_use]
    pub fn path(&self) -> PathBuf {
        match &self.source {
            Source::File { path, .. } => path.parent().unwrap_or(Path::new("")).join(&self.value),
            _ => self.value.as_ref().to_owned(),
        }
    }
}

impl<T: fmt::Display> fmt::Display for Sourced<T> {
    /// As the user would have to write it again: `--arch mips`, `AGENT_INIT=maybe`, `guest.toml: arch = "mips"`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.source {
            Source::Flag(flag) => write!(f, "{flag} {}", self.value),
            Source::Option(name) => write!(f, "--{name} {}", self.value),
            Source::OptionVariable(name) => write!(f, "{name}={}", self.value),
            Source::Variable(name) => write!(f, "{name}={}", self.value),
            Source::File { path, key } => write!(f, "{}: {key} = \"{}\"", path.display(), self.value),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_shown_as_it_was_said() {
        let file = Source::File { path: "conf/guest.toml".into(), key: "arch" };
        assert_eq!(Sourced::new("mips", Source::Flag("--arch")).to_string(), "--arch mips");
        assert_eq!(Sourced::new("mips", Source::Variable("ARCH")).to_string(), "ARCH=mips");
        assert_eq!(Sourced::new("mips", file).to_string(), "conf/guest.toml: arch = \"mips\"");
    }

    #[test]
    fn a_path_of_a_file_is_relative_to_that_file() {
        let file = Source::File { path: "conf/guest.toml".into(), key: "overlay" };
        assert_eq!(Sourced::new("tree", file.clone()).path(), Path::new("conf/tree"));
        assert_eq!(Sourced::new("/tree", file).path(), Path::new("/tree"));
        assert_eq!(Sourced::new("tree", Source::Flag("--overlay")).path(), Path::new("tree"));
    }
}
