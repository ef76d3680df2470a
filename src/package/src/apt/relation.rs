//! What packages say about each other: dependency fields and Provides (deb-control(5)).

use std::cmp::Ordering;
use std::fmt;

use super::version;

/// How a version must compare.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Operator {
    /// `<<`
    Earlier,
    /// `<=`, and the old `<`
    EarlierOrEqual,
    /// `=`
    Equal,
    /// `>=`, and the old `>`
    LaterOrEqual,
    /// `>>`
    Later,
}

impl Operator {
    /// The sign that dpkg writes.
    #[must_use]
    pub fn sign(self) -> &'static str {
        match self {
            Self::Earlier => "<<",
            Self::EarlierOrEqual => "<=",
            Self::Equal => "=",
            Self::LaterOrEqual => ">=",
            Self::Later => ">>",
        }
    }

    /// Whether `version` is what `OPERATOR wanted` asks for.
    #[must_use]
    pub fn accepts(self, version: &str, wanted: &str) -> bool {
        let order = version::compare(version, wanted);
        match self {
            Self::Earlier => order == Ordering::Less,
            Self::EarlierOrEqual => order != Ordering::Greater,
            Self::Equal => order == Ordering::Equal,
            Self::LaterOrEqual => order != Ordering::Less,
            Self::Later => order == Ordering::Greater,
        }
    }

    fn parse(sign: &str) -> Option<Self> {
        Some(match sign {
            "<<" => Self::Earlier,
            "<=" | "<" => Self::EarlierOrEqual,
            "=" => Self::Equal,
            ">=" | ">" => Self::LaterOrEqual,
            ">>" => Self::Later,
            _ => return None,
        })
    }
}

/// One package named by a field, with what is asked of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Relation<'a> {
    /// A package's name, or a virtual one.
    pub name: &'a str,
    /// What follows the colon: `any`, `native`, or an architecture.
    pub qualifier: Option<&'a str>,
    /// What is asked of the version.
    pub version: Option<(Operator, &'a str)>,
}

impl Relation<'_> {
    /// Whether a package of this version, or a Provides that names it, is what is asked for. Nothing but a version answers for a version.
    #[must_use]
    pub fn accepts(&self, version: Option<&str>) -> bool {
        match (self.version, version) {
            (None, _) => true,
            (Some(_), None) => false,
            (Some((operator, wanted)), Some(version)) => operator.accepts(version, wanted),
        }
    }
}

impl fmt::Display for Relation<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)?;
        if let Some(qualifier) = self.qualifier {
            write!(f, ":{qualifier}")?;
        }
        if let Some((operator, version)) = self.version {
            write!(f, " ({} {version})", operator.sign())?;
        }
        Ok(())
    }
}

/// Packages of which any one will do, in the order written; never empty.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Alternatives<'a>(pub Vec<Relation<'a>>);

impl fmt::Display for Alternatives<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, relation) in self.0.iter().enumerate() {
            if index > 0 {
                f.write_str(" | ")?;
            }
            write!(f, "{relation}")?;
        }
        Ok(())
    }
}

/// A field that can't be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{item}` is no relation between packages: {fault}")]
pub struct RelationError {
    /// The part of the field, cut to a sensible length.
    pub item: String,
    /// What is wrong with it.
    pub fault: RelationFault,
}

/// What is wrong with a part of a dependency field.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RelationFault {
    /// No name, or a character that names don't have.
    #[error("the package's name is missing or malformed")]
    Name,
    /// No operator that dpkg knows.
    #[error("the version's operator is missing or unknown")]
    Operator,
    /// No version, white space in it, or no closing parenthesis.
    #[error("the version is missing or not closed")]
    Version,
    /// `[…]` and `<…>` are for source packages.
    #[error("architecture and profile restrictions belong to source packages")]
    Restriction,
    /// Something after the end.
    #[error("something follows it")]
    Trailing,
    /// `|` or an operator other than `=` in Provides.
    #[error("Provides takes plain names and `=`")]
    Provides,
}

/// Reads a field like Depends: every element must hold, of each any alternative. Empty elements (`a, , b`) are passed over.
pub fn parse(field: &str) -> Result<Vec<Alternatives<'_>>, RelationError> {
    let elements = field.split(',').map(str::trim).filter(|element| !element.is_empty());
    elements.map(|element| Ok(Alternatives(element.split('|').map(parse_one).collect::<Result<_, _>>()?))).collect()
}

/// Reads a Provides field. A relation's version, if there is one, is the provided version.
pub fn parse_provides(field: &str) -> Result<Vec<Relation<'_>>, RelationError> {
    let elements = field.split(',').map(str::trim).filter(|element| !element.is_empty());
    elements
        .map(|element| match parse_one(element)? {
            Relation { version: Some((Operator::Equal, _)) | None, .. } if element.contains('|') => {
                Err(fail(element, RelationFault::Provides))
            }
            relation @ Relation { version: Some((Operator::Equal, _)) | None, .. } => Ok(relation),
            _ => Err(fail(element, RelationFault::Provides)),
        })
        .collect()
}

fn fail(item: &str, fault: RelationFault) -> RelationError {
    RelationError { item: item.trim().chars().take(80).collect(), fault }
}

fn parse_one(item: &str) -> Result<Relation<'_>, RelationError> {
    let text = item.trim();
    let end = text.find(|c: char| c.is_ascii_whitespace() || "([<".contains(c)).unwrap_or(text.len());
    let (full_name, rest) = text.split_at(end);
    let (name, qualifier) = full_name.split_once(':').map_or((full_name, None), |(name, qualifier)| (name, Some(qualifier)));
    if !is_name(name) || qualifier.is_some_and(|qualifier| !is_name(qualifier)) {
        return Err(fail(item, RelationFault::Name));
    }
    let rest = rest.trim_start();
    let Some(inside) = rest.strip_prefix('(') else {
        return match rest.chars().next() {
            None => Ok(Relation { name, qualifier, version: None }),
            Some('[' | '<') => Err(fail(item, RelationFault::Restriction)),
            Some(_) => Err(fail(item, RelationFault::Trailing)),
        };
    };
    let (inside, after) = inside.split_once(')').ok_or_else(|| fail(item, RelationFault::Version))?;
    let inside = inside.trim();
    let (sign, version) = inside.split_at(inside.find(|c| !"<=>".contains(c)).unwrap_or(inside.len()));
    let operator = Operator::parse(sign).ok_or_else(|| fail(item, RelationFault::Operator))?;
    let version = version.trim();
    if version.is_empty() || version.contains(|c: char| c.is_ascii_whitespace() || c == '(') {
        return Err(fail(item, RelationFault::Version));
    }
    match after.trim().chars().next() {
        None => Ok(Relation { name, qualifier, version: Some((operator, version)) }),
        Some('[' | '<') => Err(fail(item, RelationFault::Restriction)),
        Some(_) => Err(fail(item, RelationFault::Trailing)),
    }
}

/// Names start with a letter or digit; dpkg also takes capitals and `_`, which old packages have.
pub(crate) fn is_name(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_alphanumeric())
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+-._".contains(&byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn normal(field: &str) -> Result<String, RelationFault> {
        let elements = parse(field).map_err(|error| error.fault)?;
        Ok(elements.iter().map(ToString::to_string).collect::<Vec<_>>().join(", "))
    }

    /// Every line of the table is one element and how it reads, or which fault refuses it.
    #[test]
    fn upstream_fields_read_as_dpkg_and_apt_read_them() {
        let mut seen = 0;
        for line in include_str!("../../tests/data/relations.txt").lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
            let (field, expected) = line.split_once(" => ").unwrap();
            match (normal(field), expected) {
                (Ok(read), expected) => assert_eq!(read, expected, "{line}"),
                (Err(fault), expected) => assert_eq!(format!("{fault:?}"), expected, "{line}"),
            }
            seen += 1;
        }
        assert_eq!(seen, 56);
    }

    #[test]
    fn folded_fields_read_like_flat_ones() {
        assert_eq!(normal("a (>=\n 1), b\n |\tc").unwrap(), "a (>= 1), b | c");
    }

    #[test]
    fn what_is_no_field_is_refused() {
        use RelationFault::{Name, Operator, Trailing, Version};
        for (field, fault) in [
            ("a |", Name),
            ("| a", Name),
            ("-a", Name),
            ("a:", Name),
            (":any", Name),
            ("\u{e4}", Name),
            ("a ()", Operator),
            ("a (1)", Operator),
            ("a (=> 1)", Operator),
            ("a (= )", Version),
            ("a (= 1", Version),
            ("a (= 1 2)", Version),
            ("a b", Trailing),
            ("a (= 1) b", Trailing),
        ] {
            assert_eq!(normal(field), Err(fault), "{field}");
        }
        assert_eq!(normal(""), Ok(String::new()));
    }

    #[test]
    fn provides_takes_names_and_equal_versions() {
        let provides = parse_provides("a, b (= 1:2-3), c:any").unwrap();
        assert_eq!(provides.iter().map(ToString::to_string).collect::<Vec<_>>(), ["a", "b (= 1:2-3)", "c:any"]);
        for field in ["a (>= 1)", "a | b", "a (= 1) | b"] {
            assert!(parse_provides(field).is_err(), "{field}");
        }
    }

    #[test]
    fn a_version_is_answered_by_a_version_only() {
        let relation = |text| parse(text).unwrap()[0].0[0];
        assert!(relation("a").accepts(None) && relation("a").accepts(Some("1")));
        assert!(!relation("a (>= 1)").accepts(None));
        for (text, earlier, same, later) in [
            ("a (<< 2)", true, false, false),
            ("a (< 2)", true, true, false),
            ("a (<= 2)", true, true, false),
            ("a (= 2)", false, true, false),
            ("a (>= 2)", false, true, true),
            ("a (> 2)", false, true, true),
            ("a (>> 2)", false, false, true),
        ] {
            let answers = ["1", "2", "3"].map(|version| relation(text).accepts(Some(version)));
            assert_eq!(answers, [earlier, same, later], "{text}");
        }
    }
}
