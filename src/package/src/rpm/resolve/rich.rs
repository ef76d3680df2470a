//! Rich dependencies as clauses.
//!
//! What libsolv's cplxdeps.c does: a conjunction of disjunctions for what is required, the other way round for what is turned around.

use super::providers::Providers;
use super::rules::Literal;
use crate::rpm::dependency::{Operator, Relation, RelationId};

/// What a rich dependency comes to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Blocks {
    /// Nothing makes it true.
    Never,
    /// It is true whatever is in.
    Always,
    /// Each of them (or one of them, in the other form) holds; their literals are in order.
    Some(Vec<Vec<Literal>>),
}

/// Which way round: every block and in it one literal, or one block and in it every literal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    EveryBlock,
    OneBlock,
}

impl Form {
    fn other(self) -> Self {
        match self {
            Self::EveryBlock => Self::OneBlock,
            Self::OneBlock => Self::EveryBlock,
        }
    }
}

/// More literals than this come of no dependency that is meant well.
const MOST_LITERALS: usize = 1 << 20;

/// As clauses that all hold. A dependency that would grow beyond all measure counts as one that nothing satisfies.
pub(super) fn required(providers: &Providers<'_>, relation: RelationId) -> Blocks {
    Writer { providers, form: Form::EveryBlock }.write(relation)
}

/// As clauses that all hold when the dependency must not.
pub(super) fn forbidden(providers: &Providers<'_>, relation: RelationId) -> Blocks {
    invert(Writer { providers, form: Form::OneBlock }.write(relation))
}

#[derive(Clone, Copy)]
struct Writer<'a, 'u> {
    providers: &'a Providers<'u>,
    form: Form,
}

impl Writer<'_, '_> {
    fn write(self, relation: RelationId) -> Blocks {
        let relations = &self.providers.universe.relations;
        let Relation::Rich { operator, left, right } = relations.get(relation) else { return self.plain(relation) };
        if !relations.is_complex(relation) {
            return match operator {
                Operator::Or => self.either(self.write(left), self.write(right)),
                _ => self.plain(relation),
            };
        }
        let otherwise = match relations.get(right) {
            Relation::Rich { operator: Operator::Else, left: condition, right: otherwise } => Some((condition, otherwise)),
            _ => None,
        };
        match (operator, otherwise) {
            (Operator::Or, _) => self.either(self.write(left), self.write(right)),
            (Operator::And, _) => self.both(self.write(left), self.write(right)),
            (Operator::If, None) => self.either(self.write(left), self.negated(right)),
            (Operator::If, Some((condition, otherwise))) => {
                let first = self.either(self.write(left), self.negated(condition));
                self.both(first, self.either(self.write(condition), self.write(otherwise)))
            }
            (Operator::Unless, None) => self.both(self.write(left), self.negated(right)),
            (Operator::Unless, Some((condition, otherwise))) => {
                let first = self.both(self.write(left), self.negated(condition));
                self.either(first, self.both(self.write(condition), self.write(otherwise)))
            }
            (Operator::Else | Operator::With | Operator::Without, _) => Blocks::Never,
        }
    }

    fn negated(self, relation: RelationId) -> Blocks {
        invert(Self { form: self.form.other(), ..self }.write(relation))
    }

    fn plain(self, relation: RelationId) -> Blocks {
        if self.providers.is_always(relation) {
            return Blocks::Always;
        }
        let literals: Vec<_> = self.providers.of(relation).iter().map(|id| Literal::yes(*id)).collect();
        if literals.is_empty() {
            return Blocks::Never;
        }
        Blocks::Some(match self.form {
            Form::EveryBlock => vec![literals],
            Form::OneBlock => literals.into_iter().map(|literal| vec![literal]).collect(),
        })
    }

    fn either(self, left: Blocks, right: Blocks) -> Blocks {
        match (left, right) {
            (Blocks::Always, _) | (_, Blocks::Always) => Blocks::Always,
            (Blocks::Never, other) | (other, Blocks::Never) => other,
            (Blocks::Some(left), Blocks::Some(right)) if self.form == Form::EveryBlock => distribute(&left, &right, Blocks::Always),
            (Blocks::Some(left), Blocks::Some(right)) => Blocks::Some([left, right].concat()),
        }
    }

    fn both(self, left: Blocks, right: Blocks) -> Blocks {
        match (left, right) {
            (Blocks::Never, _) | (_, Blocks::Never) => Blocks::Never,
            (Blocks::Always, other) | (other, Blocks::Always) => other,
            (Blocks::Some(left), Blocks::Some(right)) if self.form == Form::OneBlock => distribute(&left, &right, Blocks::Never),
            (Blocks::Some(left), Blocks::Some(right)) => Blocks::Some([left, right].concat()),
        }
    }
}

/// Every block of the one with every block of the other; those with a literal and its opposite say nothing, and `empty` is what remains without any.
fn distribute(left: &[Vec<Literal>], right: &[Vec<Literal>], empty: Blocks) -> Blocks {
    let mut blocks = Vec::new();
    let mut literals = 0;
    for (one, other) in left.iter().flat_map(|one| right.iter().map(move |other| (one, other))) {
        let mut block = [one.as_slice(), other.as_slice()].concat();
        block.sort_unstable();
        block.dedup();
        literals += block.len();
        if literals > MOST_LITERALS {
            return Blocks::Never;
        }
        if !block.iter().any(|literal| !literal.is_yes() && block.binary_search(&!*literal).is_ok()) {
            blocks.push(block);
        }
    }
    if blocks.is_empty() { empty } else { Blocks::Some(blocks) }
}

fn invert(blocks: Blocks) -> Blocks {
    match blocks {
        Blocks::Never => Blocks::Always,
        Blocks::Always => Blocks::Never,
        Blocks::Some(mut blocks) => {
            for block in &mut blocks {
                block.iter_mut().for_each(|literal| *literal = !*literal);
                block.reverse();
            }
            Blocks::Some(blocks)
        }
    }
}

/// The packages that come into question by a rich dependency: all that it names outside of conditions.
pub(super) fn positive(providers: &Providers<'_>, relation: RelationId, is_negated: bool, each: &mut impl FnMut(&[super::PackageId])) {
    let relations = &providers.universe.relations;
    match relations.get(relation) {
        Relation::Rich { operator: Operator::And | Operator::Or, left, right } => {
            positive(providers, left, is_negated, each);
            positive(providers, right, is_negated, each);
        }
        Relation::Rich { operator: Operator::If | Operator::Unless, left, right } => {
            positive(providers, left, is_negated, each);
            if let Relation::Rich { operator: Operator::Else, left: condition, right: otherwise } = relations.get(right) {
                positive(providers, condition, is_negated, each);
                positive(providers, otherwise, is_negated, each);
                positive(providers, condition, !is_negated, each);
            } else {
                positive(providers, right, !is_negated, each);
            }
        }
        _ if is_negated => {}
        _ => each(&providers.of(relation)),
    }
}
