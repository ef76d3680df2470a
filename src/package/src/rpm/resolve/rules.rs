//! What holds of any set of packages that can be installed together, as clauses: one of these is in, or one of those is out.

use std::cmp::Ordering;
use std::ops::Not;

use crate::rpm::dependency::RelationId;
use crate::rpm::strings::index;
use crate::rpm::universe::PackageId;

/// That a package is in (above 0), or that it is out.
///
/// They are ordered as numbers: what was read last and is out comes first. The order of rules, and by it the order of choices, is made of this.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Literal(i32);

impl Literal {
    /// The second of a rule that has only one.
    pub(super) const NONE: Self = Self(0);

    pub(super) fn yes(id: PackageId) -> Self {
        Self(i32::try_from(id.0).unwrap_or(i32::MAX - 1) + 1)
    }

    pub(super) fn no(id: PackageId) -> Self {
        !Self::yes(id)
    }

    pub(super) fn is_yes(self) -> bool {
        self.0 > 0
    }

    pub(super) fn package(self) -> PackageId {
        PackageId(self.0.unsigned_abs().saturating_sub(1))
    }

    /// A place for each literal of each package.
    pub(super) fn slot(self) -> usize {
        self.package().index() * 2 + usize::from(self.is_yes())
    }

    /// As `rpm` sorts: by difference.
    fn minus(self, other: Self) -> Ordering {
        self.0.cmp(&other.0)
    }
}

impl Not for Literal {
    type Output = Self;

    fn not(self) -> Self {
        Self(-self.0)
    }
}

/// Why a rule is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Cause {
    pub(super) kind: Kind,
    /// The package that it is about; none of what was asked for.
    pub(super) source: Option<PackageId>,
    pub(super) relation: Option<RelationId>,
    /// Which of the requests.
    pub(super) job: u32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// It is excluded, or can't be understood.
    NotInstallable,
    NothingProvides,
    Requires,
    Conflicts,
    Obsoletes,
    /// Only one version of a package is in.
    SameName,
    /// There is one for a better architecture.
    InferiorArchitecture,
    Job,
    Best,
    Learnt,
}

impl Cause {
    pub(super) fn of(kind: Kind, source: PackageId, relation: Option<RelationId>) -> Self {
        Self { kind, source: Some(source), relation, job: 0 }
    }

    pub(super) fn job(kind: Kind, job: u32) -> Self {
        Self { kind, source: None, relation: None, job }
    }

    pub(super) const LEARNT: Self = Self { kind: Kind::Learnt, source: None, relation: None, job: 0 };
}

/// Which rule. 0 is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct RuleId(pub(super) u32);

impl RuleId {
    pub(super) const NONE: Self = Self(0);

    pub(super) fn index(self) -> usize {
        index(self.0)
    }
}

/// A rule, with the two literals that are watched, and the next rule that watches the same.
#[derive(Debug, Clone, Copy)]
pub(super) struct Rule {
    start: u32,
    end: u32,
    pub(super) watches: [Literal; 2],
    pub(super) next: [RuleId; 2],
    pub(super) cause: Cause,
}

impl Rule {
    pub(super) fn len(&self) -> usize {
        index(self.end - self.start)
    }
}

/// All rules, in the order in which they are looked at.
#[derive(Debug)]
pub(super) struct Rules {
    literals: Vec<Literal>,
    all: Vec<Rule>,
}

impl Rules {
    pub(super) fn new() -> Self {
        let mut rules = Self { literals: Vec::new(), all: Vec::new() };
        // No rule has number 0.
        rules.add(&[], Cause::LEARNT);
        rules
    }

    pub(super) fn add(&mut self, literals: &[Literal], cause: Cause) -> RuleId {
        let place = |length: usize| u32::try_from(length).unwrap_or(u32::MAX);
        let (id, start) = (RuleId(place(self.all.len())), place(self.literals.len()));
        self.literals.extend_from_slice(literals);
        let watch = |number: usize| literals.get(number).copied().unwrap_or(Literal::NONE);
        let end = place(self.literals.len());
        self.all.push(Rule { start, end, watches: [watch(0), watch(1)], next: [RuleId::NONE; 2], cause });
        id
    }

    pub(super) fn end(&self) -> RuleId {
        RuleId(u32::try_from(self.all.len()).unwrap_or(u32::MAX))
    }

    /// From one to before another.
    pub(super) fn between(from: RuleId, to: RuleId) -> impl DoubleEndedIterator<Item = RuleId> + use<> {
        (from.0..to.0).map(RuleId)
    }

    pub(super) fn get(&self, id: RuleId) -> &Rule {
        &self.all[id.index()]
    }

    pub(super) fn get_mut(&mut self, id: RuleId) -> &mut Rule {
        &mut self.all[id.index()]
    }

    pub(super) fn literals(&self, id: RuleId) -> &[Literal] {
        let rule = self.get(id);
        self.literals.get(index(rule.start)..index(rule.end)).unwrap_or_default()
    }

    /// Puts the rules so far into order and leaves out what is there twice, as libsolv does before it looks at them.
    pub(super) fn unify(&mut self) {
        let literals = &self.literals;
        let of = |rule: &Rule| literals.get(index(rule.start)..index(rule.end)).unwrap_or_default();
        if let Some(rules) = self.all.get_mut(1..) {
            rules.sort_by(|left, right| compare(of(left), of(right)));
        }
        let mut before: Option<&[Literal]> = None;
        let mut is_first = true;
        self.all.retain(|rule| {
            if std::mem::take(&mut is_first) {
                return true;
            }
            let found = of(rule);
            before.replace(found) != Some(found)
        });
    }
}

/// Literal by literal; of two that begin alike the shorter one ends with 0, but a pair comes before everything longer.
fn compare(left: &[Literal], right: &[Literal]) -> Ordering {
    let at = |literals: &[Literal], place: usize| literals.get(place).copied().unwrap_or(Literal::NONE);
    let first_two = at(left, 0).minus(at(right, 0)).then_with(|| at(left, 1).minus(at(right, 1)));
    first_two.then_with(|| match (left.len() <= 2, right.len() <= 2) {
        (true, true) => Ordering::Equal,
        (true, false) => Ordering::Less,
        (false, true) => Ordering::Greater,
        (false, false) => {
            let places = (2..=left.len().max(right.len())).map(|place| at(left, place).minus(at(right, place)));
            places.into_iter().find(|ordering| *ordering != Ordering::Equal).unwrap_or(Ordering::Equal)
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_are_ordered_and_kept_once() {
        let literal = |number: i32| Literal(number);
        let mut rules = Rules::new();
        for numbers in [vec![-1, 2, 3], vec![-2, 1], vec![-1, 2], vec![-2], vec![-1, 2, 3], vec![-2, 1, 3]] {
            let literals: Vec<_> = numbers.into_iter().map(literal).collect();
            rules.add(&literals, Cause::LEARNT);
        }
        rules.unify();
        let found: Vec<Vec<i32>> =
            Rules::between(RuleId(1), rules.end()).map(|id| rules.literals(id).iter().map(|literal| literal.0).collect()).collect();
        assert_eq!(found, [vec![-2], vec![-2, 1], vec![-2, 1, 3], vec![-1, 2], vec![-1, 2, 3]]);
    }
}
