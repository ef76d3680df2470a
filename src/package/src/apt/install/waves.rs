//! In which order packages are unpacked and configured: pure arithmetic on their dependencies.

use std::collections::{BTreeSet, HashMap};

use super::control::Control;

/// Packages that are unpacked together, and which of the packages unpacked so far are configured after that, so that the next
/// wave's Pre-Depends hold. Numbers are positions in the list that was given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Wave {
    pub(super) unpack: Vec<usize>,
    /// Beside these, everything that waits is configured after the last wave.
    pub(super) configure: Vec<usize>,
}

/// No order satisfies the Pre-Depends of these.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Cycle {
    pub(super) packages: Vec<usize>,
}

/// Plans the waves. The first is the bootstrap: every Essential package with all it needs, configured before anything else, since every script
/// may use them all without saying so.
pub(super) fn plan_waves(packages: &[Control]) -> Result<Vec<Wave>, Cycle> {
    let edges = Edges::new(packages);
    let everything: Vec<usize> = (0..packages.len()).collect();
    let bootstrap = edges.closure(everything.iter().copied().filter(|at| packages[*at].essential));
    let mut waves = Vec::new();
    let mut unpacked: BTreeSet<usize> = bootstrap;
    let mut configured: BTreeSet<usize> = unpacked.clone();
    if !unpacked.is_empty() {
        let order = edges.ordered(&unpacked);
        waves.push(Wave { configure: order.clone(), unpack: order });
    }
    while unpacked.len() < packages.len() {
        let waiting: Vec<usize> = everything.iter().copied().filter(|at| !unpacked.contains(at)).collect();
        // What the waiting ones Pre-Depend on and what that needs, once all of it is unpacked.
        let wanted = waiting.iter().flat_map(|at| edges.before[*at].iter().copied()).filter(|at| !configured.contains(at));
        let ready: BTreeSet<usize> = wanted
            .map(|at| edges.closure([at].into_iter()))
            .filter(|closure| closure.is_subset(&unpacked))
            .flatten()
            .filter(|at| !configured.contains(at))
            .collect();
        if let Some(last) = waves.last_mut() {
            last.configure.extend(edges.ordered(&ready));
        }
        configured.extend(&ready);
        let next: BTreeSet<usize> =
            waiting.iter().copied().filter(|at| edges.before[*at].iter().all(|needed| configured.contains(needed))).collect();
        if next.is_empty() {
            return Err(Cycle { packages: waiting });
        }
        waves.push(Wave { unpack: edges.ordered(&next), configure: Vec::new() });
        unpacked.extend(next);
    }
    Ok(waves)
}

/// Who needs whom among the packages at hand.
struct Edges {
    /// By Pre-Depends.
    before: Vec<Vec<usize>>,
    /// By Pre-Depends and Depends.
    needs: Vec<Vec<usize>>,
}

impl Edges {
    fn new(packages: &[Control]) -> Self {
        let mut by_name: HashMap<&str, Vec<usize>> = HashMap::new();
        for (at, package) in packages.iter().enumerate() {
            by_name.entry(&package.name).or_default().insert(0, at);
            for provided in &package.provides {
                by_name.entry(provided).or_default().push(at);
            }
        }
        // The resolver has made sure of versions; here the first alternative that is at hand is the one that counts.
        let targets = |groups: &[Vec<String>]| -> Vec<usize> {
            let first = |group: &Vec<String>| group.iter().find_map(|name| by_name.get(name.as_str()).and_then(|at| at.first().copied()));
            groups.iter().filter_map(first).collect()
        };
        let before: Vec<Vec<usize>> = packages.iter().map(|package| targets(&package.pre_depends)).collect();
        let needs = packages
            .iter()
            .zip(&before)
            .map(|(package, before)| before.iter().copied().chain(targets(&package.depends)).collect())
            .collect();
        Self { before, needs }
    }

    /// The packages with all they need.
    fn closure(&self, from: impl Iterator<Item = usize>) -> BTreeSet<usize> {
        let mut seen = BTreeSet::new();
        let mut pending: Vec<usize> = from.collect();
        while let Some(at) = pending.pop() {
            if seen.insert(at) {
                pending.extend(&self.needs[at]);
            }
        }
        seen
    }

    /// The set with what is needed before what needs it, as far as there are no cycles; ties in the given order.
    fn ordered(&self, set: &BTreeSet<usize>) -> Vec<usize> {
        let mut order = Vec::with_capacity(set.len());
        let mut seen = BTreeSet::new();
        for &start in set {
            // An explicit stack: dependency chains are as deep as an archive likes.
            let mut stack = vec![(start, 0)];
            while let Some((at, next)) = stack.pop() {
                if next == 0 && !seen.insert(at) {
                    continue;
                }
                match self.needs[at].get(next) {
                    Some(&needed) => {
                        stack.push((at, next + 1));
                        if set.contains(&needed) && !seen.contains(&needed) {
                            stack.push((needed, 0));
                        }
                    }
                    None => order.push(at),
                }
            }
        }
        order
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn package(name: &str, essential: bool, pre_depends: &[&str], depends: &[&str]) -> Control {
        let groups = |names: &[&str]| names.iter().map(|name| name.split('|').map(str::to_owned).collect()).collect();
        let mut control = Control::named(name);
        control.essential = essential;
        control.pre_depends = groups(pre_depends);
        control.depends = groups(depends);
        control
    }

    fn names(packages: &[Control], waves: &[Wave]) -> Vec<(Vec<String>, Vec<String>)> {
        let names = |list: &[usize]| list.iter().map(|at| packages[*at].name.clone()).collect::<Vec<_>>();
        waves.iter().map(|wave| (names(&wave.unpack), names(&wave.configure))).collect()
    }

    fn strings(list: &[&str]) -> Vec<String> {
        list.iter().map(|name| (*name).to_owned()).collect()
    }

    #[test]
    fn essential_packages_come_first_with_all_they_need() {
        let packages = [
            package("app", false, &["libx"], &[]),
            package("bash", true, &["libc"], &[]),
            package("libc", false, &[], &[]),
            package("libx", false, &[], &["libc"]),
        ];
        let waves = plan_waves(&packages).unwrap();
        let expected = [
            (strings(&["libc", "bash"]), strings(&["libc", "bash"])),
            (strings(&["libx"]), strings(&["libx"])),
            (strings(&["app"]), strings(&[])),
        ];
        assert_eq!(names(&packages, &waves), expected);
    }

    #[test]
    fn what_is_pre_depended_on_is_configured_with_what_it_needs() {
        let packages = [
            package("base", true, &[], &[]),
            package("daemon", false, &["helper"], &[]),
            package("helper", false, &[], &["lib|other"]),
            package("lib", false, &[], &["helper"]),
        ];
        let waves = plan_waves(&packages).unwrap();
        assert_eq!(names(&packages, &waves)[1].1, strings(&["lib", "helper"]));
        assert_eq!(names(&packages, &waves)[2].0, strings(&["daemon"]));
    }

    #[test]
    fn a_circle_of_pre_depends_is_named() {
        let packages = [package("a", false, &["b"], &[]), package("b", false, &["a"], &[])];
        assert_eq!(plan_waves(&packages), Err(Cycle { packages: vec![0, 1] }));
    }
}
