//! Reading an atom, from its ends inwards.

use crate::portage::name::{is_category, is_package, is_repository, is_slot, is_word, split_cpv, split_version};
use crate::portage::{Eapi, UseDependency, Version};

use super::{Atom, AtomError, AtomSyntax, Blocker, Operator, SlotOperator, VersionConstraint};

pub(super) fn parse(text: &str, syntax: AtomSyntax) -> Result<Atom, AtomError> {
    let refuse = |reason: &str| AtomError { text: text.chars().take(200).collect(), reason: reason.to_owned() };
    let (blocker, rest) = take_blocker(text);
    let (rest, wishes) = take_wishes(rest).ok_or_else(|| refuse("what it says of USE flags is malformed"))?;
    let (rest, repository) = take_repository(rest).ok_or_else(|| refuse("the repository's name is malformed"))?;
    let (rest, slot) = take_slot(rest).ok_or_else(|| refuse("the slot is malformed"))?;
    let package = read_package(rest, syntax).ok_or_else(|| refuse(""))?;
    let required_flags = wishes.iter().filter(|wish| wish.default.is_none()).map(|wish| wish.flag.clone()).collect();
    let atom = Atom {
        blocker,
        category: package.category.to_owned(),
        name: package.name.to_owned(),
        version: package.version,
        slot: slot.slot,
        sub_slot: slot.sub_slot,
        slot_operator: slot.operator,
        repository,
        use_dependencies: wishes,
        required_flags,
    };
    match check(&atom, syntax) {
        Some(reason) => Err(refuse(&reason)),
        None => Ok(atom),
    }
}

fn take_blocker(text: &str) -> (Option<Blocker>, &str) {
    match (text.strip_prefix("!!"), text.strip_prefix('!')) {
        (Some(rest), _) => (Some(Blocker::Strong), rest),
        (None, Some(rest)) => (Some(Blocker::Weak), rest),
        (None, None) => (None, text),
    }
}

/// `…[a,b]`
fn take_wishes(text: &str) -> Option<(&str, Vec<UseDependency>)> {
    let Some((rest, wishes)) = text.split_once('[') else { return Some((text, Vec::new())) };
    let wishes: Vec<_> = wishes.strip_suffix(']')?.split(',').map(UseDependency::parse).collect::<Option<_>>()?;
    // One flag may be there twice, but not with two defaults.
    let has_two = |wish: &UseDependency| wishes.iter().any(|other| other.flag == wish.flag && other.default != wish.default);
    if wishes.iter().any(has_two) { None } else { Some((rest, wishes)) }
}

fn take_repository(text: &str) -> Option<(&str, Option<String>)> {
    match text.split_once("::") {
        Some((rest, repository)) if is_repository(repository) => Some((rest, Some(repository.to_owned()))),
        Some(_) => None,
        None => Some((text, None)),
    }
}

#[derive(Default)]
struct Slot {
    slot: Option<String>,
    sub_slot: Option<String>,
    operator: Option<SlotOperator>,
}

/// `:1`, `:1/2`, `:1=`, `:1/2=`, `:=` and `:*`
fn take_slot(text: &str) -> Option<(&str, Slot)> {
    let Some((rest, slot)) = text.split_once(':') else { return Some((text, Slot::default())) };
    let (slot, operator) = match (slot, slot.strip_suffix('=')) {
        ("*", _) => return Some((rest, Slot { operator: Some(SlotOperator::Any), ..Slot::default() })),
        ("=", _) => return Some((rest, Slot { operator: Some(SlotOperator::Rebuild), ..Slot::default() })),
        (_, Some(slot)) => (slot, Some(SlotOperator::Rebuild)),
        (_, None) => (slot, None),
    };
    let (slot, sub_slot) = slot.split_once('/').map_or((slot, None), |(slot, sub_slot)| (slot, Some(sub_slot)));
    let is_valid = is_slot(slot) && sub_slot.is_none_or(is_slot);
    is_valid.then(|| (rest, Slot { slot: Some(slot.to_owned()), sub_slot: sub_slot.map(str::to_owned), operator }))
}

struct Package<'a> {
    category: &'a str,
    name: &'a str,
    version: Option<VersionConstraint>,
}

/// `[OPERATOR]CATEGORY/NAME[-VERSION[*]]`
fn read_package(text: &str, syntax: AtomSyntax) -> Option<Package<'_>> {
    let (operator, rest) = take_operator(text);
    let Some(operator) = operator else {
        let (category, name) = rest.split_once('/')?;
        let is_exact = is_category(category) && is_package(name);
        return (is_exact || (syntax == AtomSyntax::Pattern && is_pattern(category, name))).then_some(Package {
            category,
            name,
            version: None,
        });
    };
    let (operator, rest) = match rest.strip_suffix('*') {
        Some(rest) if operator == Operator::Equal && !rest.ends_with('*') => (Operator::Prefix, rest),
        Some(_) => return None,
        None => (operator, rest),
    };
    if let Some((category, name, version)) = split_cpv(rest) {
        let version = VersionConstraint { operator, version: Some(version.owned()), contained: String::new(), build_id: None };
        return Some(Package { category, name, version: Some(version) });
    }
    match (syntax, operator) {
        (AtomSyntax::Dependency(_), _) => None,
        (AtomSyntax::Pattern, Operator::Prefix) => read_contains(rest),
        (_, Operator::Prefix) => None,
        _ => read_build(rest, operator),
    }
}

fn take_operator(text: &str) -> (Option<Operator>, &str) {
    const OPERATORS: [(&str, Operator); 6] = [
        ("<=", Operator::LessOrEqual),
        (">=", Operator::GreaterOrEqual),
        ("<", Operator::Less),
        (">", Operator::Greater),
        ("=", Operator::Equal),
        ("~", Operator::AnyRevision),
    ];
    let found = OPERATORS.into_iter().find_map(|(sign, operator)| Some((operator, text.strip_prefix(sign)?)));
    found.map_or((None, text), |(operator, rest)| (Some(operator), rest))
}

/// `CATEGORY/NAME-VERSION-BUILD`
fn read_build(text: &str, operator: Operator) -> Option<Package<'_>> {
    let (package, build) = text.rsplit_once('-')?;
    let (category, rest) = package.split_once('/')?;
    let (name, version) = split_version(rest)?;
    // Here portage lets names end as versions do: of `a/b-1-2-3` the name is `b-1`.
    if !is_category(category) || !is_word(name) {
        return None;
    }
    let is_number = build.bytes().all(|byte| byte.is_ascii_digit()) && (build.len() == 1 || !build.starts_with('0'));
    let build_id = build.parse().ok().filter(|_| is_number)?;
    let version = VersionConstraint { operator, version: Some(version.owned()), contained: String::new(), build_id: Some(build_id) };
    Some(Package { category, name, version: Some(version) })
}

/// `CATEGORY/NAME-*PART`, the star behind it being taken away already.
fn read_contains(text: &str) -> Option<Package<'_>> {
    let (category, rest) = text.split_once('/')?;
    let (name, part) = rest.rsplit_once("-*")?;
    let is_part = !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    let version = VersionConstraint { operator: Operator::Contains, version: None, contained: part.to_owned(), build_id: None };
    (is_part && is_pattern(category, name)).then_some(Package { category, name, version: Some(version) })
}

/// Names in which `*` may stand for anything, but not twice in a row.
fn is_pattern(category: &str, name: &str) -> bool {
    let is_part = |text: &str, others: &[u8]| {
        let is_word = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'+' | b'*');
        text.bytes().next().is_some_and(is_word) && text.bytes().all(|byte| is_word(byte) || others.contains(&byte)) && !text.contains("**")
    };
    is_part(category, b".-") && is_part(name, b"-") && split_version(name).is_none()
}

/// Whether an EAPI knows a form.
type Knows = fn(Eapi) -> bool;

/// What a form is not known in.
fn check(atom: &Atom, syntax: AtomSyntax) -> Option<String> {
    let AtomSyntax::Dependency(eapi) = syntax else {
        // Names with `*` are looked for by themselves.
        let is_plain = is_category(&atom.category) && is_package(&atom.name);
        return (!is_plain && !atom.use_dependencies.is_empty()).then(|| "a pattern can't say anything of USE flags".to_owned());
    };
    let has_default = atom.use_dependencies.iter().any(|wish| wish.default.is_some());
    let facts: [(bool, Knows, &str); 6] = [
        (atom.slot.is_some(), Eapi::has_slots, "slots"),
        (atom.slot_operator.is_some() || atom.sub_slot.is_some(), Eapi::has_sub_slots, "sub-slots"),
        (!atom.use_dependencies.is_empty(), Eapi::has_flags, "USE flags"),
        (has_default, Eapi::has_flag_defaults, "defaults of USE flags"),
        (atom.blocker == Some(Blocker::Strong), Eapi::has_flags, "`!!`"),
        (atom.repository.is_some(), |_| false, "repositories"),
    ];
    let unknown = facts.into_iter().find(|(is_used, is_known, _)| *is_used && !is_known(eapi));
    unknown.map(|(_, _, what)| format!("its package's EAPI has no {what} in dependencies"))
}

impl Version {
    /// As the text of `=…*` is compared: without zeros at the beginning, but for one before no other digit.
    pub(super) fn without_zeros(text: &str) -> String {
        let rest = text.trim_start_matches('0');
        if rest.starts_with(|first: char| first.is_ascii_digit()) { rest.to_owned() } else { format!("0{rest}") }
    }
}
