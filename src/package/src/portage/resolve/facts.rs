//! What a package needs, and whether it may be taken; found out when it is first looked at.

use std::rc::Rc;

use super::pool::Candidate;
use super::request::Policy;
use super::soname;
use crate::portage::{Atom, AtomCandidate, DependencyItem, DependencyList, Eapi, Field, Need, Needs};

/// What was found out.
#[derive(Debug, Default)]
pub(super) struct Facts {
    /// Why it may not be taken.
    pub(super) mask: Option<Mask>,
    pub(super) rdepend: Vec<Item>,
    pub(super) idepend: Vec<Item>,
    pub(super) pdepend: Vec<Item>,
    /// Flags that were wished otherwise: it is taken only where a package of that slot is there already.
    pub(super) unwished: Vec<String>,
}

/// Why a package may not be taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Mask {
    /// The index says something of it that can't be.
    Invalid(String),
    Eapi(String),
    Chost(String),
    Keywords(String),
    Atom(String),
}

impl Mask {
    pub(super) fn text(&self) -> String {
        match self {
            Self::Invalid(reason) => format!("the index is wrong about it: {reason}"),
            Self::Eapi(eapi) => format!("its EAPI `{}` is not supported", eapi.escape_debug()),
            Self::Chost(chost) => format!("it is for {}", chost.escape_debug()),
            Self::Keywords(keywords) if keywords.is_empty() => "it has no keywords".to_owned(),
            Self::Keywords(keywords) => format!("its keywords are not accepted: {}", keywords.escape_debug()),
            Self::Atom(atom) => format!("it is masked by {atom}"),
        }
    }
}

/// A part of what a package needs.
#[derive(Debug, Clone)]
pub(super) enum Item {
    Atom(Rc<Atom>),
    AnyOf(Vec<Vec<Item>>),
}

impl Facts {
    pub(super) fn none() -> &'static Self {
        const { &Self { mask: None, rdepend: Vec::new(), idepend: Vec::new(), pdepend: Vec::new(), unwished: Vec::new() } }
    }

    pub(super) fn of(candidate: &Candidate<'_>, policy: &Policy) -> Self {
        let Some(eapi) = Eapi::parse(candidate.entry.eapi()) else {
            return Self { mask: Some(Mask::Eapi(candidate.entry.eapi().to_owned())), ..Self::default() };
        };
        match read(candidate, eapi) {
            Ok(facts) => Self { mask: mask(candidate, policy), unwished: unwished(candidate, policy), ..facts },
            Err(reason) => Self { mask: Some(Mask::Invalid(reason)), ..Self::default() },
        }
    }
}

/// All of a package's dependencies; what building it needed must be well-formed too.
fn read(candidate: &Candidate<'_>, eapi: Eapi) -> Result<Facts, String> {
    if candidate.entry.slot().is_none() {
        return Err(format!("its slot is `{}`", candidate.entry.field(Field::Slot).escape_debug()));
    }
    if !eapi.has_slots() && candidate.entry.iuse().any(|(_, default)| default.is_some()) {
        return Err("its flags have defaults, which its EAPI doesn't know".to_owned());
    }
    for field in [Field::Provides, Field::Requires] {
        soname::check(candidate.entry.field(field)).map_err(|reason| format!("{}: {reason}", field.name()))?;
    }
    let needs = |field: Field| -> Result<Vec<Item>, String> {
        let refuse = |reason: String| format!("{}, {reason}", field.name());
        let list = DependencyList::parse(candidate.entry.field(field), eapi).map_err(|error| refuse(error.to_string()))?;
        let unknown = unknown_flag(&list.items, candidate);
        if let Some(flag) = unknown {
            return Err(refuse(format!("a condition is about the flag `{flag}`, which it hasn't")));
        }
        Ok(items(list.evaluated(eapi, &|flag| candidate.is_on(flag))))
    };
    needs(Field::Depend)?;
    needs(Field::Bdepend)?;
    Ok(Facts { rdepend: needs(Field::Rdepend)?, idepend: needs(Field::Idepend)?, pdepend: needs(Field::Pdepend)?, ..Facts::default() })
}

/// A flag that a condition asks for and the package hasn't.
fn unknown_flag(list: &[DependencyItem], candidate: &Candidate<'_>) -> Option<String> {
    let is_unknown = |flag: &String| (!candidate.has_flag(flag)).then(|| flag.clone());
    list.iter().find_map(|item| match item {
        DependencyItem::Atom(atom) => {
            let conditional = atom.use_dependencies.iter().filter(|wish| wish.wish.is_conditional());
            conditional.map(|wish| &wish.flag).find_map(is_unknown)
        }
        DependencyItem::AllOf(items) | DependencyItem::AnyOf(items) => unknown_flag(items, candidate),
        DependencyItem::If { flag, items, .. } => is_unknown(flag).or_else(|| unknown_flag(items, candidate)),
    })
}

fn items(needs: Needs) -> Vec<Item> {
    needs
        .into_iter()
        .map(|need| match need {
            Need::Atom(atom) => Item::Atom(Rc::new(atom)),
            Need::AnyOf(choices) => Item::AnyOf(choices.into_iter().map(items).collect()),
            Need::Nothing => Item::Atom(Rc::new(nothing())),
        })
        .collect()
}

/// An atom that no package can be: no category begins so.
fn nothing() -> Atom {
    Atom {
        blocker: None,
        category: "||".to_owned(),
        name: "( )".to_owned(),
        version: None,
        slot: None,
        sub_slot: None,
        slot_operator: None,
        repository: None,
        use_dependencies: Vec::new(),
        required_flags: Vec::new(),
    }
}

fn mask(candidate: &Candidate<'_>, policy: &Policy) -> Option<Mask> {
    let field = |field| candidate.entry.field(field);
    let chost = field(Field::Chost);
    if !policy.chosts.is_empty() && !chost.is_empty() && !policy.chosts.iter().any(|accepted| accepted == chost) {
        return Some(Mask::Chost(chost.to_owned()));
    }
    if !accepts(&policy.keywords, field(Field::Keywords)) {
        return Some(Mask::Keywords(field(Field::Keywords).to_owned()));
    }
    let is_unmasked = || policy.unmasks.iter().any(|atom| atom.matches(candidate));
    let masked = policy.masks.iter().find(|atom| atom.matches(candidate));
    masked.filter(|_| !is_unmasked()).map(|atom| Mask::Atom(atom.to_string()))
}

/// Whether one of a package's keywords is accepted.
fn accepts(accepted: &[String], keywords: &str) -> bool {
    let is_accepted = |keyword: &str| {
        accepted.iter().any(|accepted| match accepted.as_str() {
            "*" => !keyword.starts_with(['~', '-']),
            "~*" => !keyword.starts_with('-'),
            accepted => accepted == keyword,
        })
    };
    let accepts_all = accepted.is_empty() || accepted.iter().any(|accepted| accepted == "**");
    accepts_all || keywords.split_ascii_whitespace().any(|keyword| keyword == "*" || is_accepted(keyword))
}

/// Of the package's own flags those that the user wants the other way; what is said last counts.
fn unwished(candidate: &Candidate<'_>, policy: &Policy) -> Vec<String> {
    let wish = |flag: &str| {
        let mut about = policy.flags.iter().filter(|wish| wish.flag == flag);
        about.rfind(|wish| wish.atom.as_ref().is_none_or(|atom| atom.matches(candidate))).map(|wish| wish.is_on)
    };
    let shown = |flag: &str| if candidate.is_on(flag) { flag.to_owned() } else { format!("-{flag}") };
    let own = candidate.entry.iuse().map(|(flag, _)| flag);
    own.filter(|flag| wish(flag).is_some_and(|is_on| is_on != candidate.is_on(flag))).map(shown).collect()
}
