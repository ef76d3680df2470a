use std::cmp::Ordering;

use super::Solver;
use crate::rpm::dependency::{Relation, Sense};
use crate::rpm::strings::StringId;
use crate::rpm::universe::PackageId;
use crate::rpm::version::{Match, match_evr};

/// A package's version of something that others provide too.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Provided {
    place: usize,
    name: StringId,
    version: StringId,
    /// Whether it is everything below the version.
    is_below: bool,
}

impl Solver<'_> {
    /// Those that provide something in an older version than others of them do: the more versions they are behind, the later.
    pub(super) fn put_old_providers_last(&self, packages: &mut [PackageId]) {
        let universe = self.providers.universe;
        let mut provided = Vec::new();
        for (place, id) in packages.iter().enumerate() {
            for relation in universe.list(universe.package(*id).provides) {
                let Relation::Versioned { name, sense, version } = universe.relations.get(*relation) else { continue };
                let is_below = sense == Sense::LESS;
                let is_exact = sense == Sense::EQUAL;
                if is_below || sense == Sense::AT_MOST || is_exact && !is_hash(universe.text(version)) {
                    provided.push(Provided { place, name, version, is_below });
                }
            }
        }
        if provided.len() < 2 {
            return;
        }
        provided.sort_by(|left, right| left.name.cmp(&right.name).then_with(|| self.newest_first(*left, *right).0));
        let mut behind = vec![0_usize; packages.len()];
        let mut steps = 0;
        for (before, this) in [None].into_iter().chain(provided.iter().map(Some)).zip(&provided) {
            match before.filter(|before| before.name == this.name) {
                Some(before) if before.place != this.place && self.newest_first(*before, *this).1 => steps += 1,
                Some(_) => {}
                None => steps = 0,
            }
            behind[this.place] += steps;
        }
        let mut places: Vec<_> = (0..packages.len()).collect();
        places.sort_by_key(|place| behind[*place]);
        let before = packages.to_vec();
        for (slot, place) in packages.iter_mut().zip(places) {
            *slot = before[place];
        }
    }

    /// How two versions of the same stand to each other, the newer being less; and whether the first is newer without doubt.
    fn newest_first(&self, left: Provided, right: Provided) -> (Ordering, bool) {
        let universe = self.providers.universe;
        let found = match_evr(universe.text(right.version), universe.text(left.version));
        let ordering = match found {
            Match::Ordered(Ordering::Equal) => left.is_below.cmp(&right.is_below),
            Match::Ordered(ordering) => ordering,
            Match::LeftIsWider => Ordering::Less,
            Match::RightIsWider => Ordering::Greater,
        };
        (ordering, ordering == Ordering::Less && found != Match::LeftIsWider)
    }
}

/// As in `libfoo = 3f2a91`: its order means nothing.
fn is_hash(version: &str) -> bool {
    version.len() >= 4 && version.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte))
}
