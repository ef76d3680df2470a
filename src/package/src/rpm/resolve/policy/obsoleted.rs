use std::collections::HashMap;

use super::Providers;
use crate::rpm::universe::PackageId;

/// Which of some packages obsolete which others of them, by their places.
struct Obsoletes {
    forward: Vec<Vec<usize>>,
    backward: Vec<Vec<usize>>,
}

impl Providers<'_> {
    /// Takes out what others of them obsolete; of those that obsolete each other all remain.
    pub(super) fn drop_obsoleted(&self, packages: &mut Vec<PackageId>) {
        if packages.len() < 2 {
            return;
        }
        let graph = self.obsoletes_among(packages);
        // The first of each circle that nothing else obsoletes is among those from where all others were reached.
        let mut reached = vec![false; packages.len()];
        let starts: Vec<_> = (0..packages.len()).filter(|start| reach(&graph.forward, *start, &mut reached)).collect();
        reached.fill(false);
        let first: Vec<_> = starts.into_iter().rev().filter(|start| reach(&graph.forward, *start, &mut reached)).collect();
        let mut kept = vec![false; packages.len()];
        for start in first {
            reach(&graph.backward, start, &mut kept);
        }
        let mut kept = kept.into_iter();
        packages.retain(|_| kept.next().unwrap_or(true));
    }

    fn obsoletes_among(&self, packages: &[PackageId]) -> Obsoletes {
        let universe = self.universe;
        let places: HashMap<_, _> = packages.iter().enumerate().map(|(place, id)| (*id, place)).collect();
        let mut graph = Obsoletes { forward: vec![Vec::new(); packages.len()], backward: vec![Vec::new(); packages.len()] };
        for (place, id) in packages.iter().enumerate() {
            let package = universe.package(*id);
            for relation in universe.list(package.obsoletes) {
                for other in self.of(*relation).iter() {
                    let is_meant = universe.package(*other).name != package.name && self.is_itself(*other, *relation);
                    if let Some(found) = places.get(other).filter(|_| is_meant) {
                        graph.forward[place].push(*found);
                        graph.backward[*found].push(place);
                    }
                }
            }
        }
        graph
    }
}

/// Marks everything that can be reached; false if the start already was.
fn reach(edges: &[Vec<usize>], start: usize, reached: &mut [bool]) -> bool {
    if reached[start] {
        return false;
    }
    let mut todo = vec![start];
    while let Some(place) = todo.pop() {
        if !std::mem::replace(&mut reached[place], true) {
            todo.extend(&edges[place]);
        }
    }
    true
}
