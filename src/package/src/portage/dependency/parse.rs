//! Reading a dependency string word by word.

use super::{DependencyError, DependencyItem};
use crate::portage::name::is_flag;
use crate::portage::{Atom, AtomSyntax, Eapi};

/// How deep brackets may be in one another; real ones are five deep.
const DEEPEST: usize = 100;

/// What a bracket is of.
enum Group<'a> {
    All,
    Any,
    If { flag: &'a str, is_on: bool },
}

impl Group<'_> {
    fn close(self, items: Vec<DependencyItem>) -> DependencyItem {
        match self {
            Self::All => DependencyItem::AllOf(items),
            Self::Any => DependencyItem::AnyOf(items),
            Self::If { flag, is_on } => DependencyItem::If { flag: flag.to_owned(), is_on, items },
        }
    }
}

pub(super) fn parse(text: &str, eapi: Eapi) -> Result<Vec<DependencyItem>, DependencyError> {
    let mut open: Vec<(Group<'_>, Vec<DependencyItem>)> = Vec::new();
    let mut items = Vec::new();
    // What the next bracket is of, if a word before it has said so.
    let mut awaited = None;
    let (mut words, mut is_first, mut word_count) = (text.split_ascii_whitespace().enumerate(), false, 0);
    for (place, word) in words.by_ref() {
        word_count = place + 1;
        let refuse = |reason: String| DependencyError { word: place + 1, reason };
        let opened = std::mem::take(&mut is_first);
        match (word, awaited.take()) {
            ("(", group) => {
                if open.len() == DEEPEST {
                    return Err(refuse(format!("there are more than {DEEPEST} brackets in one another")));
                }
                open.push((group.unwrap_or(Group::All), std::mem::take(&mut items)));
                is_first = true;
            }
            (word, Some(_)) => return Err(refuse(format!("`(` is missing before `{}`", word.escape_debug()))),
            (")", None) if opened => return Err(refuse("there is nothing between `(` and `)`".to_owned())),
            (")", None) => {
                let (group, outer) = open.pop().ok_or_else(|| refuse("`)` closes nothing".to_owned()))?;
                let closed = group.close(std::mem::replace(&mut items, outer));
                items.push(closed);
            }
            ("||", None) => awaited = Some(Group::Any),
            (word, None) => match word.strip_suffix('?') {
                Some(condition) => awaited = Some(read_condition(condition).ok_or_else(|| refuse(not_a_flag(condition)))?),
                None => items.push(DependencyItem::Atom(read_atom(word, eapi).map_err(refuse)?)),
            },
        }
    }
    match (awaited, open.is_empty()) {
        (None, true) => Ok(items),
        (Some(_), _) => Err(DependencyError { word: word_count, reason: "`(` is missing behind it".to_owned() }),
        (None, false) => Err(DependencyError { word: word_count, reason: "`)` is missing behind it".to_owned() }),
    }
}

fn read_condition(text: &str) -> Option<Group<'_>> {
    let (flag, is_on) = text.strip_prefix('!').map_or((text, true), |flag| (flag, false));
    is_flag(flag).then_some(Group::If { flag, is_on })
}

fn not_a_flag(condition: &str) -> String {
    format!("`{}` is not a USE flag", condition.trim_start_matches('!').escape_debug())
}

fn read_atom(word: &str, eapi: Eapi) -> Result<Atom, String> {
    let touches = ["(", ")", "||"].into_iter().find(|sign| word.starts_with(sign) || word.ends_with(sign));
    Atom::parse(word, AtomSyntax::Dependency(eapi)).map_err(|error| match touches {
        Some(sign) => format!("a blank is missing beside `{sign}`, in `{}`", word.escape_debug()),
        None => error.to_string(),
    })
}
