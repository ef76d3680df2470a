//! Which packages an atom means.

use super::{Atom, Operator, VersionConstraint};
use crate::portage::{UseDependency, Version};

/// A package, as far as an atom can say anything of it.
pub trait AtomCandidate {
    /// `sys-apps`
    fn category(&self) -> &str;
    /// `baselayout`
    fn name(&self) -> &str;
    /// `2.15-r1`
    fn version(&self) -> Version<&str>;
    /// Which build of this version, if it says.
    fn build_id(&self) -> Option<u64>;
    /// Its slot and its sub-slot.
    fn slot(&self) -> (&str, &str);
    /// `gentoo`; empty if it is not known.
    fn repository(&self) -> &str;
    /// Whether it has a flag, on or off.
    fn has_flag(&self, flag: &str) -> bool;
    /// Whether it was built with a flag.
    fn is_on(&self, flag: &str) -> bool;
}

impl Atom {
    /// Whether it means a package. It must not be conditional any more ([`Atom::evaluated`]); that it is a blocker is not looked at.
    pub fn matches(&self, package: &impl AtomCandidate) -> bool {
        matches_name(&self.category, package.category())
            && matches_name(&self.name, package.name())
            && self.matches_version(package)
            && self.matches_slot(package)
            && self.matches_repository(package)
            && self.matches_flags(package)
    }

    /// As [`Atom::matches`], but whatever the package's flags.
    pub fn matches_without_flags(&self, package: &impl AtomCandidate) -> bool {
        matches_name(&self.category, package.category())
            && matches_name(&self.name, package.name())
            && self.matches_version(package)
            && self.matches_slot(package)
            && self.matches_repository(package)
    }

    fn matches_version(&self, package: &impl AtomCandidate) -> bool {
        self.version.as_ref().is_none_or(|constraint| constraint.allows(&package.version(), package.build_id()))
    }

    fn matches_slot(&self, package: &impl AtomCandidate) -> bool {
        let (slot, sub_slot) = package.slot();
        self.slot.as_ref().is_none_or(|wanted| wanted == slot) && self.sub_slot.as_ref().is_none_or(|wanted| wanted == sub_slot)
    }

    /// A package of which nobody knows the repository may be of any.
    fn matches_repository(&self, package: &impl AtomCandidate) -> bool {
        self.repository.as_ref().is_none_or(|wanted| package.repository().is_empty() || wanted == package.repository())
    }

    /// Whether a package has the flags that it must have, as they must be.
    pub fn matches_flags(&self, package: &impl AtomCandidate) -> bool {
        self.required_flags.iter().all(|flag| package.has_flag(flag)) && self.use_dependencies.iter().all(|wish| wish.allows(package))
    }
}

impl UseDependency {
    /// Whether a package's flag is as it must be. A wish that is still conditional allows everything.
    pub fn allows(&self, package: &impl AtomCandidate) -> bool {
        let wanted = match self.wish.is_conditional() {
            true => return true,
            false => self.wish.evaluate(false),
        };
        let found = if package.has_flag(&self.flag) { Some(package.is_on(&self.flag)) } else { self.default };
        found.is_some() && found == wanted
    }
}

impl VersionConstraint {
    /// Whether a version is one of those it means.
    #[must_use]
    pub fn allows(&self, version: &Version<&str>, build_id: Option<u64>) -> bool {
        let Some(wanted) = &self.version else { return version.as_str().contains(&self.contained) };
        let order = || version.compare(wanted);
        match self.operator {
            Operator::Less => order().is_lt(),
            Operator::LessOrEqual => order().is_le(),
            Operator::Equal => order().is_eq() && (self.build_id.is_none() || self.build_id == build_id),
            Operator::GreaterOrEqual => order().is_ge(),
            Operator::Greater => order().is_gt(),
            // As they are written: `~a/b-1.0` doesn't mean 1.00.
            Operator::AnyRevision => version.without_revision() == wanted.without_revision(),
            Operator::Prefix | Operator::Contains => begins_with(version.as_str(), wanted.as_str()),
        }
    }
}

/// Whether a version begins as another does, up to the end of one of its parts.
fn begins_with(version: &str, prefix: &str) -> bool {
    let (version, prefix) = (Version::without_zeros(version), Version::without_zeros(prefix));
    let Some(rest) = version.strip_prefix(&prefix) else { return false };
    let ends_in_digit = prefix.ends_with(|last: char| last.is_ascii_digit());
    rest.chars().next().is_none_or(|next| matches!(next, '.' | '_' | '-') || next.is_ascii_digit() != ends_in_digit)
}

/// Whether a name is another one, in which `*` stands for anything.
fn matches_name(pattern: &str, name: &str) -> bool {
    let Some((start, rest)) = pattern.split_once('*') else { return pattern == name };
    let Some(mut left) = name.strip_prefix(start) else { return false };
    let mut parts = rest.split('*').peekable();
    while let Some(part) = parts.next() {
        if parts.peek().is_none() {
            return left.ends_with(part);
        }
        match left.find(part).and_then(|at| left.get(at + part.len()..)) {
            Some(after) => left = after,
            None => return false,
        }
    }
    true
}
