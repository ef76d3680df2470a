//! Why an attempt failed, in words.

use std::collections::BTreeSet;
use std::rc::Rc;

use super::error::{Block, Contender, Refusal, ResolveError};
use super::graph::Parent;
use super::pool::PackageId;
use super::run::{Run, Trouble};
use crate::portage::{Atom, AtomCandidate};

/// More refused packages than these are not told of.
const MOST_REFUSALS: usize = 12;

pub(super) fn explain(run: &Run<'_, '_>, trouble: &Trouble) -> ResolveError {
    match trouble {
        Trouble::Missing { parent, atom } => missing(run, *parent, atom),
        Trouble::MissingSoname { parent, soname } => {
            let mut wanted_by = chain_to(run, *parent);
            wanted_by.push(run.pool.title(*parent));
            ResolveError::Library { soname: soname.clone(), wanted_by }
        }
        Trouble::Conflict { packages } => ResolveError::Conflict {
            packages: packages.iter().map(|id| Contender { package: run.pool.title(*id), wanted_by: wanted_by(run, *id) }).collect(),
        },
        Trouble::Blocked { blocks } => {
            let block = |(package, atom, blocked): &(PackageId, Rc<Atom>, PackageId)| Block {
                package: run.pool.title(*package),
                atom: atom.to_string(),
                blocked: run.pool.title(*blocked),
                wanted_by: chain_to(run, *blocked),
            };
            ResolveError::Blocked { blocks: blocks.iter().map(block).collect() }
        }
    }
}

fn missing(run: &Run<'_, '_>, parent: Parent, atom: &Atom) -> ResolveError {
    let mut wanted_by = match parent {
        Parent::Wish(_) => Vec::new(),
        Parent::Package(id) => chain_to(run, id),
    };
    wanted_by.push(match parent {
        Parent::Wish(place) => argument(run, place),
        Parent::Package(id) => format!("{} (needs {atom})", run.pool.title(id)),
    });
    let name = atom.category_and_name();
    if run.pool.named(&name).is_empty() {
        return ResolveError::Unknown { alike: alike(run, atom), name, wanted_by };
    }
    let ids = run.pool.named(&name).iter().rev();
    let found: Vec<Refusal> =
        ids.take(MOST_REFUSALS).map(|id| Refusal { package: run.pool.title(*id), reason: refusal(run, atom, *id) }).collect();
    ResolveError::Unavailable { wish: atom.to_string(), found, wanted_by }
}

/// Packages of another category.
fn alike(run: &Run<'_, '_>, atom: &Atom) -> Vec<String> {
    let mut alike: Vec<String> =
        run.pool.names().filter(|name| name.split_once('/').is_some_and(|(_, name)| name == atom.name)).map(str::to_owned).collect();
    alike.sort_unstable();
    alike.truncate(3);
    alike
}

/// Why a package is not taken for an atom of its name.
fn refusal(run: &Run<'_, '_>, atom: &Atom, id: PackageId) -> String {
    let candidate = run.pool.get(id);
    if !run.pool.is_match(atom, id, false) {
        return format!("it is in slot {}/{}, and not what {atom} means", candidate.slot, candidate.sub_slot);
    }
    if !atom.matches_flags(candidate) {
        let lacking = atom.required_flags.iter().find(|flag| !candidate.has_flag(flag)).map(|flag| format!("it has no flag `{flag}`"));
        let other = atom.use_dependencies.iter().filter(|wish| !wish.allows(candidate));
        return lacking
            .unwrap_or_else(|| format!("it was not built with {}", other.map(ToString::to_string).collect::<Vec<_>>().join(" ")));
    }
    if let Some(mask) = run.pool.mask(id) {
        return mask.text();
    }
    let unwished = &run.pool.facts(id).unwished;
    if unwished.is_empty() { "it leads to a conflict with others".to_owned() } else { format!("it was built with {}", unwished.join(" ")) }
}

fn argument(run: &Run<'_, '_>, place: usize) -> String {
    run.arguments.get(place).map(|argument| argument.name.clone()).unwrap_or_default()
}

/// Who wants a package, each with what it asks for.
pub(super) fn wanted_by(run: &Run<'_, '_>, id: PackageId) -> Vec<String> {
    let wanted = run.graph.wanted_by(id).iter().map(|(parent, atom)| match parent {
        Parent::Wish(place) => argument(run, *place),
        Parent::Package(parent) => format!("{} (needs {atom})", run.pool.title(*parent)),
    });
    let mut seen = BTreeSet::new();
    wanted.filter(|text| seen.insert(text.clone())).collect()
}

/// How one comes to a package from the request on, by the shortest way.
fn chain_to(run: &Run<'_, '_>, id: PackageId) -> Vec<String> {
    let mut ways: Vec<(PackageId, Option<usize>)> = vec![(id, None)];
    let mut seen = BTreeSet::from([id]);
    let mut at = 0;
    while let Some((current, _)) = ways.get(at).copied() {
        for (parent, _) in run.graph.wanted_by(current) {
            match parent {
                Parent::Wish(place) => return shown_chain(run, &ways, at, *place),
                Parent::Package(parent) if seen.insert(*parent) => ways.push((*parent, Some(at))),
                Parent::Package(_) => {}
            }
        }
        at += 1;
    }
    Vec::new()
}

fn shown_chain(run: &Run<'_, '_>, ways: &[(PackageId, Option<usize>)], end: usize, wish: usize) -> Vec<String> {
    let mut chain = vec![argument(run, wish)];
    let mut current = ways.get(end).copied();
    while let Some((id, next)) = current {
        current = next.and_then(|next| ways.get(next).copied());
        let Some((child, _)) = current else { break };
        let atoms = run.graph.wanted_by(child).iter().filter(|(parent, _)| *parent == Parent::Package(id));
        let needs: Vec<String> = atoms.map(|(_, atom)| atom.to_string()).take(1).collect();
        chain.push(format!("{} (needs {})", run.pool.title(id), needs.join(" ")));
    }
    chain
}
