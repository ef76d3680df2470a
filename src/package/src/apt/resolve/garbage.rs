//! What was marked on the way to something that didn't work out in the end.

use std::collections::BTreeSet;

use super::super::universe::{NameId, VersionId};
use super::dependency::matches;
use super::marks::Marks;
use super::request::Request;

/// Takes back every automatic mark that nothing wants: as apt's autoremove, Recommends and Suggests count as wanting.
pub(super) fn collect(marks: &mut Marks<'_>, requests: &[Request]) {
    let universe = marks.universe;
    let wanted = |name: NameId| {
        let kept = marks.current(name).is_some() || universe.is_essential(name) || universe.is_important(name);
        kept || requests.iter().any(|request| request.name == name)
    };
    let mut open: Vec<(NameId, VersionId)> = marks.installed().filter(|(name, _)| wanted(*name)).collect();
    let mut reached: BTreeSet<NameId> = open.iter().map(|(name, _)| *name).collect();
    while let Some((owner, version)) = open.pop() {
        for dependency in marks.dependencies(version).iter().filter(|dependency| !dependency.field.is_negative()) {
            for target in &dependency.alternatives {
                let found = matches(universe, owner, dependency.field, target, |name| marks.install(name));
                let names: Vec<_> = found.map(|version| (universe.name_of(version), version)).collect();
                open.extend(names.into_iter().filter(|(name, _)| reached.insert(*name)));
            }
        }
    }
    let garbage: Vec<_> = marks.installed().map(|(name, _)| name).filter(|name| !reached.contains(name)).collect();
    for name in garbage {
        marks.take_back(name);
    }
}
