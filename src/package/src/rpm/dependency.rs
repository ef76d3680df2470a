//! Dependencies as rpm writes them: a name, a name with a range of versions, or several joined by words (rich dependencies).

mod rich;
mod rpmlib;

use std::collections::HashMap;
use std::fmt;

use super::fault::TooMany;
use super::strings::{StringId, Strings, index, number};
use super::version::{Match, match_evr};

pub use rich::{RichError, RichSyntax, parse_rich};
pub(super) use rpmlib::{is_rpmlib, supports};

/// How versions stand to a version: any of the relations that are set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Sense(u8);

impl Sense {
    /// `>`
    pub const GREATER: Self = Self(1);
    /// `=`
    pub const EQUAL: Self = Self(2);
    /// `<`
    pub const LESS: Self = Self(4);

    /// As repositories write it: `EQ`, `LT`, `GT`, `LE`, `GE`; none for anything else.
    #[must_use]
    pub fn from_metadata(text: &str) -> Option<Self> {
        Some(match text {
            "EQ" => Self::EQUAL,
            "LT" => Self::LESS,
            "GT" => Self::GREATER,
            "LE" => Self::LESS.join(Self::EQUAL),
            "GE" => Self::GREATER.join(Self::EQUAL),
            _ => return None,
        })
    }

    /// As people write it; none for anything but signs.
    #[must_use]
    pub fn from_signs(text: &str) -> Option<Self> {
        let mut sense = None;
        for sign in text.chars() {
            let sign = match sign {
                '<' => Self::LESS,
                '=' => Self::EQUAL,
                '>' => Self::GREATER,
                _ => return None,
            };
            sense = Some(sense.map_or(sign, |sense: Self| sense.join(sign)));
        }
        sense
    }

    /// `<=`
    pub(super) const AT_MOST: Self = Self(6);

    fn join(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    fn has(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    /// Whether some version is in both ranges, as libsolv's `pool_intersect_evrs` has it.
    pub(super) fn overlaps(self, provided: &str, wanted: Self, required: &str) -> bool {
        let directions = Self::LESS.join(Self::GREATER).0;
        if self.0 & wanted.0 & directions != 0 {
            return true;
        }
        match match_evr(provided, required) {
            Match::Ordered(std::cmp::Ordering::Less) => wanted.has(Self::LESS) || self.has(Self::GREATER),
            Match::Ordered(std::cmp::Ordering::Equal) => self.has(Self::EQUAL) && wanted.has(Self::EQUAL),
            Match::Ordered(std::cmp::Ordering::Greater) => wanted.has(Self::GREATER) || self.has(Self::LESS),
            Match::LeftIsWider => self.has(Self::EQUAL),
            Match::RightIsWider => wanted.has(Self::EQUAL),
        }
    }
}

impl fmt::Display for Sense {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (sense, sign) in [(Self::LESS, "<"), (Self::GREATER, ">"), (Self::EQUAL, "=")] {
            if self.has(sense) {
                f.write_str(sign)?;
            }
        }
        Ok(())
    }
}

/// The words that join dependencies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Operator {
    /// Both.
    And,
    /// One or the other.
    Or,
    /// The left one if the right one is there.
    If,
    /// The left one unless the right one is there.
    Unless,
    /// What holds otherwise; only to the right of `if` and `unless`.
    Else,
    /// One package that is both.
    With,
    /// A package that is the left one and not the right one.
    Without,
}

impl Operator {
    const ALL: [Self; 7] = [Self::And, Self::Or, Self::If, Self::Unless, Self::Else, Self::With, Self::Without];

    /// As it is written.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::And => "and",
            Self::Or => "or",
            Self::If => "if",
            Self::Unless => "unless",
            Self::Else => "else",
            Self::With => "with",
            Self::Without => "without",
        }
    }
}

/// Which relation of [`Relations`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct RelationId(u32);

impl RelationId {
    pub(super) fn index(self) -> usize {
        index(self.0)
    }
}

/// A dependency whose texts are numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Relation {
    Name(StringId),
    Versioned { name: StringId, sense: Sense, version: StringId },
    Rich { operator: Operator, left: RelationId, right: RelationId },
}

/// Every dependency that occurs, each kept once.
#[derive(Debug, Default)]
pub(super) struct Relations {
    all: Vec<Relation>,
    numbers: HashMap<Relation, RelationId>,
}

impl Relations {
    pub(super) fn len(&self) -> usize {
        self.all.len()
    }

    pub(super) fn iter(&self) -> impl DoubleEndedIterator<Item = Relation> + ExactSizeIterator + '_ {
        self.all.iter().copied()
    }

    pub(super) fn get(&self, id: RelationId) -> Relation {
        self.all.get(id.index()).copied().unwrap_or(Relation::Name(StringId::EMPTY))
    }

    pub(super) fn intern(&mut self, relation: Relation) -> Result<RelationId, TooMany> {
        if let Some(id) = self.numbers.get(&relation) {
            return Ok(*id);
        }
        let id = RelationId(number(self.all.len())?);
        self.all.push(relation);
        self.numbers.insert(relation, id);
        Ok(id)
    }

    /// The numbers of what [`parse_rich`] has read.
    pub(super) fn intern_rich(&mut self, strings: &mut Strings, syntax: &RichSyntax) -> Result<RelationId, TooMany> {
        match syntax {
            RichSyntax::Plain { name, range: None } => {
                let name = strings.intern(name)?;
                self.intern(Relation::Name(name))
            }
            RichSyntax::Plain { name, range: Some((sense, version)) } => {
                let (name, version) = (strings.intern(name)?, strings.intern(version)?);
                self.intern(Relation::Versioned { name, sense: *sense, version })
            }
            RichSyntax::Joined { operator, left, right } => {
                let left = self.intern_rich(strings, left)?;
                let right = self.intern_rich(strings, right)?;
                self.intern(Relation::Rich { operator: *operator, left, right })
            }
        }
    }

    /// Whether it says more than which packages do: what `and`, `if` and `unless` say of several packages at once.
    pub(super) fn is_complex(&self, id: RelationId) -> bool {
        match self.get(id) {
            Relation::Rich { operator: Operator::And | Operator::If | Operator::Unless, .. } => true,
            Relation::Rich { operator: Operator::Or, left, right } => self.is_complex(left) || self.is_complex(right),
            _ => false,
        }
    }

    /// As people write it.
    pub(super) fn show(&self, strings: &Strings, id: RelationId) -> String {
        match self.get(id) {
            Relation::Name(name) => strings.get(name).to_owned(),
            Relation::Versioned { name, sense, version } => format!("{} {sense} {}", strings.get(name), strings.get(version)),
            Relation::Rich { .. } => format!("({})", self.show_inner(strings, id)),
        }
    }

    fn show_inner(&self, strings: &Strings, id: RelationId) -> String {
        let Relation::Rich { operator, left, right } = self.get(id) else { return self.show(strings, id) };
        let is_chain = matches!(self.get(right), Relation::Rich { operator: next, .. }
            if next == operator || next == Operator::Else);
        let right = if is_chain { self.show_inner(strings, right) } else { self.show(strings, right) };
        format!("{} {} {right}", self.show(strings, left), operator.word())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_overlap() {
        let sense = |text| Sense::from_signs(text).unwrap();
        for (provided, has, wanted, needs, expected) in [
            ("=", "1-1", "=", "1", true),
            ("=", "1-1", "=", "1-2", false),
            ("=", "1", "=", "1-2", true),
            ("=", "1-1", ">", "1", false),
            ("=", "1-1", ">=", "1", true),
            ("=", "2", ">", "1", true),
            ("=", "1", "<", "1:0", true),
            ("<", "2", "<", "1", true),
            ("<", "2", ">", "2", false),
            ("<=", "2", ">=", "2", true),
            (">=", "3", "<", "2", false),
        ] {
            assert_eq!(sense(provided).overlaps(has, sense(wanted), needs), expected, "{provided} {has} for {wanted} {needs}");
        }
    }

    #[test]
    fn relations_are_shown_as_they_are_written() {
        let (mut strings, mut relations) = (Strings::new(), Relations::default());
        for text in ["(a and b and c >= 1:2-3)", "(a if b else c)", "((a or b) and c)", "(a >= 1 with a < 2)", "(a if (b and c))"] {
            let id = relations.intern_rich(&mut strings, &parse_rich(text).unwrap()).unwrap();
            assert_eq!(relations.show(&strings, id), text);
        }
    }
}
