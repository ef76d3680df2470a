//! Dependency strings: `a/b || ( c/d ( e/f g/h ) ) flag? ( i/j ) !k/l` (PMS, chapter 8.2).
//!
//! What is valid, and what remains of one for a package's flags, is as portage 3.0.83 has it (`portage.dep.use_reduce`).

mod parse;

use std::fmt;

use super::{Atom, Eapi};

/// A dependency string, read.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct DependencyList {
    /// All of them must hold.
    pub items: Vec<DependencyItem>,
}

/// A part of a dependency string.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::large_enum_variant, reason = "nearly all of them are atoms")]
pub enum DependencyItem {
    /// A package.
    Atom(Atom),
    /// `( … )`
    AllOf(Vec<DependencyItem>),
    /// `|| ( … )`
    AnyOf(Vec<DependencyItem>),
    /// `flag? ( … )`, `!flag? ( … )`
    If {
        /// `nls`
        flag: String,
        /// Whether the flag must be on.
        is_on: bool,
        /// What is needed then.
        items: Vec<DependencyItem>,
    },
}

/// What remains when the conditions are decided: a conjunction, in which no brackets stand that mean nothing.
pub type Needs = Vec<Need>;

/// A part of what remains.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::large_enum_variant, reason = "nearly all of them are atoms")]
pub enum Need {
    /// A package, whose conditional USE wishes are decided too.
    Atom(Atom),
    /// One of several, of which none is itself a choice.
    AnyOf(Vec<Needs>),
    /// A choice among nothing, where that can't be had.
    Nothing,
}

/// Why a text is no dependency string.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("word {word}: {reason}")]
pub struct DependencyError {
    /// Which of its words, from 1.
    pub word: usize,
    /// What is wrong with it.
    pub reason: String,
}

impl DependencyList {
    /// Reads a dependency string of a package.
    ///
    /// # Errors
    /// When it is none, or has atoms that the EAPI doesn't know.
    pub fn parse(text: &str, eapi: Eapi) -> Result<Self, DependencyError> {
        parse::parse(text, eapi).map(|items| Self { items })
    }

    /// What it means for a package that was built with some flags.
    #[must_use]
    pub fn evaluated(&self, eapi: Eapi, is_on: &dyn Fn(&str) -> bool) -> Needs {
        let mut needs = Vec::new();
        add_all(&self.items, eapi, is_on, &mut needs);
        needs
    }
}

fn add_all(items: &[DependencyItem], eapi: Eapi, is_on: &dyn Fn(&str) -> bool, needs: &mut Needs) {
    for item in items {
        match item {
            DependencyItem::Atom(atom) => needs.push(Need::Atom(atom.evaluated(is_on))),
            DependencyItem::AllOf(items) => add_all(items, eapi, is_on, needs),
            DependencyItem::If { flag, is_on: wanted, items } => {
                if is_on(flag) == *wanted {
                    add_all(items, eapi, is_on, needs);
                }
            }
            DependencyItem::AnyOf(items) => {
                let mut choices = Vec::new();
                add_choices(items, eapi, is_on, &mut choices);
                match choices.len() {
                    0 if eapi.allows_empty_choice() => {}
                    0 => needs.push(Need::Nothing),
                    1 => needs.extend(choices.into_iter().flatten()),
                    _ => needs.push(Need::AnyOf(choices)),
                }
            }
        }
    }
}

/// What may be chosen; groups of which nothing remains are none.
fn add_choices(items: &[DependencyItem], eapi: Eapi, is_on: &dyn Fn(&str) -> bool, choices: &mut Vec<Needs>) {
    for item in items {
        let mut needs = Vec::new();
        match item {
            DependencyItem::AnyOf(items) => {
                let before = choices.len();
                add_choices(items, eapi, is_on, choices);
                if choices.len() == before && !eapi.allows_empty_choice() {
                    choices.push(vec![Need::Nothing]);
                }
                continue;
            }
            DependencyItem::Atom(_) => add_all(std::slice::from_ref(item), eapi, is_on, &mut needs),
            DependencyItem::AllOf(items) => add_all(items, eapi, is_on, &mut needs),
            DependencyItem::If { flag, is_on: wanted, items } => {
                if is_on(flag) == *wanted {
                    add_all(items, eapi, is_on, &mut needs);
                }
            }
        }
        match <[Need; 1]>::try_from(needs) {
            // A choice as the only thing of a group is a part of the choice around it.
            Ok([Need::AnyOf(inner)]) => choices.extend(inner),
            Ok(single) => choices.push(single.into()),
            Err(needs) if needs.is_empty() => {}
            Err(needs) => choices.push(needs),
        }
    }
}

impl fmt::Display for Need {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Atom(atom) => atom.fmt(f),
            Self::Nothing => f.write_str("|| ( )"),
            Self::AnyOf(choices) => {
                f.write_str("|| (")?;
                for choice in choices {
                    match choice.as_slice() {
                        [single] => write!(f, " {single}")?,
                        several => {
                            f.write_str(" (")?;
                            several.iter().try_for_each(|need| write!(f, " {need}"))?;
                            f.write_str(" )")?;
                        }
                    }
                }
                f.write_str(" )")
            }
        }
    }
}

#[cfg(test)]
mod tests;
