//! Which packages are taken for several atoms of one package at once: no more than needed.

use super::choice::Leaf;
use super::pool::PackageId;
use super::run::Run;

/// An atom, and what is taken for it.
type Taken = (Leaf, Option<PackageId>);

/// Of more packages of one name than these none is left out.
const MOST_COMPARED: usize = 100;

impl Run<'_, '_> {
    /// Chooses for each atom. Where atoms mean several packages of one name, those go of which all atoms mean another one as well: `>=a/b-1 <a/b-3` are one
    /// package. What is blocked or not to be had comes first, as it is.
    pub(super) fn minimized(&self, leaves: Vec<Leaf>) -> Vec<Taken> {
        let mut result = Vec::new();
        let mut names: Vec<(&str, Vec<(Leaf, PackageId)>)> = Vec::new();
        for leaf in leaves {
            let chosen = if leaf.atom.blocker.is_some() { None } else { self.select(&leaf.atom, true) };
            let Some(chosen) = chosen else {
                result.push((leaf, None));
                continue;
            };
            let name = self.pool.get(chosen).entry.category_and_name();
            match names.iter_mut().find(|(known, _)| *known == name) {
                Some((_, taken)) => taken.push((leaf, chosen)),
                None => names.push((name, vec![(leaf, chosen)])),
            }
        }
        for (_, taken) in names {
            result.extend(self.minimized_of_name(taken));
        }
        result
    }

    fn minimized_of_name(&self, taken: Vec<(Leaf, PackageId)>) -> Vec<Taken> {
        let mut packages: Vec<PackageId> = taken.iter().map(|(_, id)| *id).collect();
        packages.sort_by(|left, right| self.pool.is_less(*right, *left).cmp(&self.pool.is_less(*left, *right)).then(left.cmp(right)));
        packages.dedup();
        if packages.len() < 2 || packages.len() > MOST_COMPARED {
            return taken.into_iter().map(|(leaf, id)| (leaf, Some(id))).collect();
        }
        let means = |leaf: &Leaf, own: PackageId, id: PackageId| id == own || self.pool.is_match(&leaf.atom, id, true);
        let mut left = packages.clone();
        for id in packages {
            let is_needed = |(leaf, own): &(Leaf, PackageId)| {
                means(leaf, *own, id) && !left.iter().any(|other| *other != id && means(leaf, *own, *other))
            };
            if !taken.iter().any(is_needed) {
                left.retain(|other| *other != id);
            }
        }
        let mut result: Vec<(u8, Taken)> = Vec::new();
        for (leaf, own) in taken {
            let chosen = left.iter().rev().copied().find(|id| means(&leaf, own, *id));
            let conflicts = chosen.is_some_and(|id| {
                let existing = self.graph.in_slot(self.pool.slot_of(id)).first().copied();
                existing.is_some_and(|existing| existing != id && !self.pool.is_match(&leaf.atom, existing, true))
            });
            // What is most particular comes first, so that what isn't finds it there.
            let rank = if leaf.atom.is_built_slot() { 0 } else { 2 - u8::from(conflicts) };
            result.push((rank, (leaf, chosen)));
        }
        result.sort_by_key(|(rank, _)| *rank);
        result.into_iter().map(|(_, taken)| taken).collect()
    }
}
