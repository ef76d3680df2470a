//! In which order packages are installed: what one needs before it, as portage's `_serialize_tasks` has it for an empty root.
//!
//! What is the base of everything comes as soon as it can: baselayout, the headers of the kernel, the C library.

use std::collections::BTreeSet;

use super::graph::{Graph, Hardness};
use super::pool::{PackageId, Pool};

/// Up to which hardness dependencies don't count: all of them do, all but those that may come after, only the hardest.
const LEVELS: [Option<Hardness>; 3] = [None, Some(Hardness::Post), Some(Hardness::Run)];
const NONE: usize = 0;
const POST: usize = 1;
const RUN: usize = 2;

/// Which sub-orders are tried for what is wanted as soon as possible, and for all others.
const EARLY_LEVELS: [usize; 2] = [NONE, POST];
const USUAL_LEVELS: [usize; 2] = [NONE, POST];

/// What is left to be ordered.
struct Remaining<'g> {
    graph: &'g Graph,
    /// By place in the preferred order.
    nodes: Vec<PackageId>,
    place: Vec<usize>,
    is_left: Vec<bool>,
    /// For each level, how many dependencies that count there each package still has.
    counts: [Vec<u32>; 3],
    parents: Vec<u32>,
    /// For each level, the places of packages without such dependencies.
    leaves: [BTreeSet<usize>; 3],
    left: usize,
}

pub(super) fn order(pool: &Pool<'_>, graph: &Graph) -> Vec<PackageId> {
    let mut remaining = Remaining::new(pool, graph);
    let mut early = early(pool, graph);
    let mut result = Vec::with_capacity(remaining.left);
    // Directories that are links must be so before anything is put behind them.
    for id in taken(pool, graph, "sys-apps/baselayout") {
        if remaining.counts[POST][remaining.at(id)] == 0 {
            early.extend(remaining.neglected(id, &[], &early));
            remaining.take(id);
            result.push(id);
        }
    }
    while remaining.left > 0 {
        let (selected, neglects) = remaining.select(pool, &mut early);
        if neglects {
            for id in &selected {
                early.extend(remaining.neglected(*id, &selected, &early));
            }
        }
        selected.iter().for_each(|id| remaining.take(*id));
        result.extend(selected);
    }
    result
}

/// The packages that the virtual ones for the kernel's headers and the C library stand for, and baselayout.
fn early(pool: &Pool<'_>, graph: &Graph) -> Vec<PackageId> {
    let behind = |name: &str| taken(pool, graph, name).flat_map(|id| graph.children(id).to_vec()).collect::<Vec<_>>();
    let libc = behind("virtual/libc");
    let headers = if libc.is_empty() { Vec::new() } else { behind("virtual/os-headers") };
    let mut early: Vec<PackageId> = Vec::new();
    for id in taken(pool, graph, "sys-apps/baselayout").chain(headers).chain(libc) {
        if !early.contains(&id) {
            early.push(id);
        }
    }
    early
}

/// What was taken of a name.
fn taken<'t>(pool: &'t Pool<'_>, graph: &'t Graph, name: &str) -> impl Iterator<Item = PackageId> + use<'t> {
    pool.named(name).iter().copied().filter(|id| graph.contains(*id))
}

/// The packages of `@system` and what they need when they run.
fn system(pool: &Pool<'_>, graph: &Graph) -> Vec<bool> {
    let mut is_system = vec![false; pool.len()];
    let atoms = pool.policy.system.iter();
    let mut open: Vec<PackageId> = atoms.flat_map(|atom| pool.matching(atom, true)).filter(|id| graph.contains(*id)).collect();
    while let Some(id) = open.pop() {
        if !std::mem::replace(&mut is_system[id.index()], true) {
            open.extend(graph.children(id));
        }
    }
    is_system
}

impl<'g> Remaining<'g> {
    fn new(pool: &Pool<'_>, graph: &'g Graph) -> Self {
        let is_system = system(pool, graph);
        let mut nodes = graph.order.clone();
        nodes.sort_by_key(|id| (!is_system[id.index()], std::cmp::Reverse(graph.parents(*id).len())));
        let mut place = vec![usize::MAX; pool.len()];
        nodes.iter().enumerate().for_each(|(at, id)| place[id.index()] = at);
        let mut remaining = Self {
            graph,
            place,
            is_left: vec![true; nodes.len()],
            counts: std::array::from_fn(|_| vec![0; nodes.len()]),
            parents: vec![0; nodes.len()],
            leaves: Default::default(),
            left: nodes.len(),
            nodes,
        };
        remaining.count();
        remaining
    }

    fn count(&mut self) {
        for (at, id) in self.nodes.iter().enumerate() {
            self.parents[at] = u32::try_from(self.graph.parents(*id).len()).unwrap_or(u32::MAX);
            for child in self.graph.children(*id) {
                for level in self.levels(*id, *child) {
                    self.counts[level][at] += 1;
                }
            }
            for level in NONE..=RUN {
                if self.counts[level][at] == 0 {
                    self.leaves[level].insert(at);
                }
            }
        }
    }

    /// On which levels a dependency counts.
    fn levels(&self, parent: PackageId, child: PackageId) -> impl Iterator<Item = usize> + use<> {
        let hardest = self.graph.edge(parent, child).iter().max().copied();
        (NONE..=RUN).filter(move |level| hardest > LEVELS[*level])
    }

    fn at(&self, id: PackageId) -> usize {
        self.place[id.index()]
    }

    fn is_left(&self, id: PackageId) -> bool {
        self.is_left.get(self.at(id)).copied().unwrap_or(false)
    }

    fn children(&self, id: PackageId, level: usize) -> impl Iterator<Item = PackageId> + '_ {
        let counts = move |child: &PackageId| self.is_left(*child) && self.levels(id, *child).any(|other| other == level);
        self.graph.children(id).iter().copied().filter(counts)
    }

    fn has_parent(&self, id: PackageId) -> bool {
        self.parents[self.at(id)] > 0
    }

    fn take(&mut self, id: PackageId) {
        let at = self.at(id);
        self.is_left[at] = false;
        self.left -= 1;
        self.leaves.iter_mut().for_each(|leaves| {
            leaves.remove(&at);
        });
        for parent in self.graph.parents(id) {
            let above = self.at(*parent);
            for level in self.levels(*parent, id) {
                self.counts[level][above] -= 1;
                if self.counts[level][above] == 0 && self.is_left[above] {
                    self.leaves[level].insert(above);
                }
            }
        }
        for child in self.graph.children(id) {
            let below = self.at(*child);
            self.parents[below] = self.parents[below].saturating_sub(1);
        }
    }

    fn leaves(&self, level: usize) -> impl Iterator<Item = PackageId> + '_ {
        self.leaves[level].iter().map(|at| self.nodes[*at])
    }

    /// What is to be installed next, and whether something that it needs was neglected.
    fn select(&self, pool: &Pool<'_>, early: &mut Vec<PackageId>) -> (Vec<PackageId>, bool) {
        early.retain(|id| self.is_left(*id));
        for level in EARLY_LEVELS {
            let is_leaf = |id: &PackageId| self.counts[level][self.at(*id)] == 0;
            if let Some(place) = early.iter().position(is_leaf) {
                return (vec![early.remove(place)], true);
            }
        }
        if let Some(cycle) = self.cycle(pool, early) {
            return (cycle, true);
        }
        self.select_leaf(early)
            .or_else(|| self.cycle(pool, &self.leaves(RUN).collect::<Vec<_>>()).map(|cycle| (cycle, true)))
            .unwrap_or_else(|| (self.last_resort(), true))
    }

    fn select_leaf(&self, early: &[PackageId]) -> Option<(Vec<PackageId>, bool)> {
        for level in USUAL_LEVELS {
            let neglects = level != NONE;
            let leaves: Vec<PackageId> = self.leaves(level).collect();
            if leaves.len() == 1 || (!leaves.is_empty() && !neglects && early.is_empty()) {
                return Some((leaves, neglects));
            }
            let is_parent_early = |id: &&PackageId| {
                let parents = self.graph.parents(**id).iter();
                parents
                    .copied()
                    .any(|parent| self.is_left(parent) && early.contains(&parent) && self.levels(parent, **id).any(|level| level == POST))
            };
            let wanted = leaves.iter().find(is_parent_early).or_else(|| leaves.iter().find(|id| self.has_parent(**id)));
            if let Some(id) = wanted {
                return Some((vec![*id], neglects));
            }
        }
        None
    }

    /// The smallest group of packages that need each other and nothing else, in an order that neglects as little as possible.
    fn cycle(&self, pool: &Pool<'_>, starts: &[PackageId]) -> Option<Vec<PackageId>> {
        let mut starts: Vec<PackageId> = starts.iter().copied().filter(|id| self.has_parent(*id)).collect();
        starts.sort_by(|left, right| self.by_name(pool, *left, *right));
        let mut smallest: Option<Vec<PackageId>> = None;
        for level in [POST, NONE] {
            for start in &starts {
                let limit = smallest.as_ref().map_or(usize::MAX, Vec::len);
                if let Some(found) = self.closure(*start, level, limit) {
                    smallest = Some(found);
                }
                // A single package would not be a cycle.
                if limit == 2 {
                    break;
                }
            }
            if smallest.is_some() {
                break;
            }
        }
        let cycle = smallest?;
        let leaf = self.first_leaf(&cycle, NONE);
        Some(leaf.map_or_else(|| self.ordered(cycle), |leaf| vec![leaf]))
    }

    fn by_name(&self, pool: &Pool<'_>, left: PackageId, right: PackageId) -> std::cmp::Ordering {
        pool.is_less(right, left).cmp(&pool.is_less(left, right)).then(left.cmp(&right))
    }

    /// All that a package needs, if that is less than `limit` and nothing of it has a hard need that is not met.
    fn closure(&self, start: PackageId, level: usize, limit: usize) -> Option<Vec<PackageId>> {
        let (mut found, mut is_found, mut open) = (Vec::new(), BTreeSet::new(), vec![start]);
        while let Some(id) = open.pop() {
            if !is_found.insert(id) {
                continue;
            }
            found.push(id);
            if found.len() >= limit || self.counts[RUN][self.at(id)] > 0 {
                return None;
            }
            open.extend(self.children(id, level));
        }
        Some(found)
    }

    /// Of some packages, the first in the preferred order that needs none of the others on a level.
    fn first_leaf(&self, among: &[PackageId], level: usize) -> Option<PackageId> {
        let members: BTreeSet<PackageId> = among.iter().copied().collect();
        let mut places: Vec<usize> = among.iter().map(|id| self.at(*id)).collect();
        places.sort_unstable();
        let is_leaf = |id: &PackageId| !self.children(*id, level).any(|child| members.contains(&child));
        places.into_iter().map(|at| self.nodes[at]).find(is_leaf)
    }

    /// Breaks a cycle: each time the package that needs the least of the others.
    fn ordered(&self, mut cycle: Vec<PackageId>) -> Vec<PackageId> {
        let mut ordered = Vec::with_capacity(cycle.len());
        while !cycle.is_empty() {
            let leaf = (NONE..=RUN).find_map(|level| self.first_leaf(&cycle, level));
            let Some(next) = leaf.or_else(|| cycle.iter().copied().max_by_key(|id| self.at(*id))) else { break };
            cycle.retain(|id| *id != next);
            ordered.push(next);
        }
        ordered
    }

    /// Packages that were built for each other's sub-slots: emerge gives up here; we take the one with the fewest of such needs.
    fn last_resort(&self) -> Vec<PackageId> {
        let roots: Vec<PackageId> = self.leaves(NONE).collect();
        if !roots.is_empty() {
            return roots;
        }
        let left = self.nodes.iter().copied().filter(|id| self.is_left(*id));
        left.min_by_key(|id| (self.counts[RUN][self.at(*id)], self.at(*id))).into_iter().collect()
    }

    /// What a package needs after it only, and is not to come at once anyway.
    fn neglected(&self, id: PackageId, selected: &[PackageId], early: &[PackageId]) -> Vec<PackageId> {
        let is_post = |child: &PackageId| !self.levels(id, *child).any(|level| level == POST);
        let children = self.children(id, NONE).filter(is_post);
        children.filter(|child| !selected.contains(child) && !early.contains(child)).collect()
    }
}
