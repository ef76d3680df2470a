//! Dependencies as apk writes them: `[!]NAME[@TAG][OPERATOR VERSION]`, in indexes, in packages and in the world file.

use std::cmp::Ordering;
use std::fmt;
use std::str::FromStr;

use super::{Sha1Sum, Version};

/// What a package, or the world, asks of another.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Dependency {
    /// A package's name, or one that packages provide: `so:libc.musl-x86_64.so.1`, `cmd:sh`, `/bin/sh`.
    pub name: String,
    /// Whether it must not be there (`!NAME`).
    pub conflict: bool,
    /// The repositories it may come from besides the untagged ones, without the `@`.
    pub tag: Option<String>,
    /// Which versions of it.
    pub constraint: Constraint,
}

/// Which versions a dependency means.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Constraint {
    /// Every one.
    Any,
    /// Those that stand so to a version.
    Version(Operator, Version),
    /// `><`: the one package with this identity.
    Identity(Sha1Sum),
}

/// How a version stands to another: any of the relations that are set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Operator {
    /// `<`
    pub less: bool,
    /// `=`
    pub equal: bool,
    /// `>`
    pub greater: bool,
    /// `~`: a version that begins with the other is equal to it.
    pub fuzzy: bool,
}

/// A name that a package answers to besides its own.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Provide {
    /// The name.
    pub name: String,
    /// None for a name that several packages may provide at once.
    pub version: Option<Version>,
}

/// A text that is no dependency.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not a dependency: {reason}")]
pub struct DependencyError {
    /// As read.
    pub text: String,
    /// What is wrong with it.
    pub reason: &'static str,
}

impl DependencyError {
    /// What the user can do.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        Some("write it as `name`, `name=1.2-r0`, `name>1`, `name~1.2` or `name@tag`; `!name` keeps it out".to_owned())
    }
}

impl Operator {
    /// Whether `found` stands so to `wanted`.
    #[must_use]
    pub fn holds(self, found: &Version, wanted: &Version) -> bool {
        match if self.fuzzy { found.compare_fuzzy(wanted) } else { found.compare(wanted) } {
            Ordering::Less => self.less,
            Ordering::Equal => self.equal,
            Ordering::Greater => self.greater,
        }
    }

    fn parse(text: &str) -> Self {
        let has = |sign: char| text.contains(sign);
        Self { less: has('<'), equal: has('=') || has('~'), greater: has('>'), fuzzy: has('~') }
    }

    /// `><` is for what is not compared at all.
    fn is_identity(self) -> bool {
        self.less && self.greater && !self.equal
    }
}

impl fmt::Display for Operator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.fuzzy { "~" } else { "=" };
        write!(f, "{}{}{}", if self.greater { ">" } else { "" }, if self.less { "<" } else { "" }, if self.equal { sign } else { "" })
    }
}

impl FromStr for Dependency {
    type Err = DependencyError;

    fn from_str(text: &str) -> Result<Self, DependencyError> {
        let refuse = |reason| DependencyError { text: text.chars().take(200).collect(), reason };
        let (conflict, rest) = text.strip_prefix('!').map_or((false, text), |rest| (true, rest));
        let is_sign = |byte: char| matches!(byte, '<' | '=' | '>' | '~');
        let (name, rest) = rest.split_at(rest.find(is_sign).unwrap_or(rest.len()));
        let (signs, version) = rest.split_at(rest.find(|byte| !is_sign(byte)).unwrap_or(rest.len()));
        let (name, tag) = name.split_once('@').map_or((name, None), |(name, tag)| (name, Some(tag)));
        if name.is_empty() || tag.is_some_and(str::is_empty) {
            return Err(refuse("it has no name"));
        }
        if text.chars().any(|character| character.is_whitespace() || character.is_control()) {
            return Err(refuse("it has a space"));
        }
        let constraint = if signs.is_empty() { Constraint::Any } else { constraint(signs, version).map_err(refuse)? };
        Ok(Self { name: name.to_owned(), conflict, tag: tag.map(str::to_owned), constraint })
    }
}

fn constraint(signs: &str, version: &str) -> Result<Constraint, &'static str> {
    let operator = Operator::parse(signs);
    if operator.is_identity() {
        return version.parse().map(Constraint::Identity).map_err(|_not_one| "what follows `><` is no checksum");
    }
    let version = Version::new(version);
    if version.as_str().is_empty() || !version.is_valid() {
        return Err("its version is not valid");
    }
    Ok(Constraint::Version(operator, version))
}

impl fmt::Display for Dependency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", if self.conflict { "!" } else { "" }, self.name)?;
        if let Some(tag) = &self.tag {
            write!(f, "@{tag}")?;
        }
        match &self.constraint {
            Constraint::Any => Ok(()),
            Constraint::Version(operator, version) => write!(f, "{operator}{version}"),
            Constraint::Identity(identity) => write!(f, "><{identity}"),
        }
    }
}

impl FromStr for Provide {
    type Err = DependencyError;

    fn from_str(text: &str) -> Result<Self, DependencyError> {
        let Dependency { name, conflict, tag, constraint } = text.parse()?;
        let refuse = |reason| DependencyError { text: text.chars().take(200).collect(), reason };
        match constraint {
            _ if conflict || tag.is_some() => Err(refuse("it is to be a name that is provided")),
            Constraint::Any => Ok(Self { name, version: None }),
            Constraint::Version(operator, version) if operator == Operator::parse("=") => Ok(Self { name, version: Some(version) }),
            Constraint::Version(..) | Constraint::Identity(_) => Err(refuse("a name is provided in one version only")),
        }
    }
}

impl fmt::Display for Provide {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)?;
        self.version.as_ref().map_or(Ok(()), |version| write!(f, "={version}"))
    }
}

/// The names that are to be there: `/etc/apk/world`, one dependency to a word.
///
/// # Errors
/// When a word is no dependency.
pub fn parse_world(text: &str) -> Result<Vec<Dependency>, DependencyError> {
    text.split_ascii_whitespace().map(str::parse).collect()
}

/// apk's order of names for people: without regard to case first.
#[must_use]
pub fn compare_names(left: &str, right: &str) -> Ordering {
    let folded = |name: &str| name.bytes().map(|byte| byte.to_ascii_lowercase()).collect::<Vec<_>>();
    folded(left).cmp(&folded(right)).then_with(|| left.cmp(right))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_is_read_and_written() {
        for text in [
            "musl",
            "so:libc.musl-x86_64.so.1",
            "/bin/sh",
            "busybox=1.36.1-r29",
            "a<2",
            "a<=2",
            "a>2",
            "a>=2",
            "a~1.2",
            "a>~1.2",
            "!a",
            "!a<2",
            "a@edge",
            "a@edge>=1",
            "a><Q1qZk+NkcGgWq6PiVxeFDCbJzQ2J0=",
            "cmd:[[",
        ] {
            assert_eq!(text.parse::<Dependency>().unwrap().to_string(), text);
        }
        assert_eq!("a=~1".parse::<Dependency>().unwrap().to_string(), "a~1");
    }

    #[test]
    fn what_is_none_is_refused() {
        for text in ["", "!", "=1", "a=", "a=xy", "a=1@edge", "a@", "@edge", "a b", "a><x", "a==~1~2", "a>1_foo"] {
            assert!(text.parse::<Dependency>().is_err(), "{text}");
        }
        for text in ["a>1", "!a", "a@b", "a~1"] {
            assert!(text.parse::<Provide>().is_err(), "{text}");
        }
    }

    #[test]
    fn versions_stand_to_each_other() {
        let holds = |dependency: &str, version: &str| match dependency.parse::<Dependency>().unwrap().constraint {
            Constraint::Version(operator, wanted) => operator.holds(&Version::new(version), &wanted),
            _ => panic!("{dependency}"),
        };
        assert!(holds("a>=1.2", "1.2-r0") && !holds("a>1.2-r0", "1.2-r0") && holds("a<1.2-r1", "1.2-r0"));
        assert!(holds("a~1.2", "1.2.9-r3") && !holds("a~1.2", "1.20") && !holds("a=1.2", "1.2-r0"));
    }

    #[test]
    fn names_are_in_the_order_of_people() {
        let mut names = ["b", "B", "a", "C", "a1", "A"];
        names.sort_by(|left, right| compare_names(left, right));
        assert_eq!(names, ["A", "a", "a1", "B", "b", "C"]);
    }
}
