//! Which binary packages emerge would install into an empty root, and in which order.
//!
//! `emerge --usepkgonly` chooses step by step, and what it chooses depends on the steps. So these are the same (portage 3.0.83, `_emerge.depgraph` and
//! `portage.dep.dep_check`), without all that is about installed packages, ebuilds and changes to the configuration.
//!
//! Known not to be the same: packages with cycles of `:=` dependencies are installed in some order, where emerge gives up; a package that was built for another
//! sub-slot than the one that is there is left out like any other whose dependencies can't be had, where emerge looks for a better build first. Libraries
//! (`REQUIRES`) are looked at when all dependencies are followed, so that they only ever add packages; emerge ignores them unless it is told not to.

mod choice;
mod conflict;
mod error;
mod explain;
mod facts;
mod graph;
mod libraries;
mod minimize;
mod order;
mod overlap;
mod pool;
mod request;
mod retry;
mod run;
mod select;
mod soname;

use std::rc::Rc;

use self::explain::{explain, wanted_by};
use self::pool::Pool;
use self::retry::Attempts;
use self::run::{Argument, Run};

pub use error::{Block, Contender, Refusal, ResolveError};
pub use request::{Donor, FlagWish, Host, Policy, Resolution, SelectedPackage, Wish};

/// Chooses the packages.
///
/// The same hosts, wishes and policy always give the same packages in the same order.
///
/// # Errors
/// When something that is asked for is not there, or can't be with what it needs.
pub fn resolve(hosts: &[Host<'_>], wishes: &[Wish], policy: &Policy) -> Result<Resolution, ResolveError> {
    let pool = Pool::new(hosts, policy);
    let arguments: Vec<Argument> = wishes.iter().map(argument).collect();
    let mut attempts = Attempts::new();
    let mut first_error = None;
    while let Some(masks) = attempts.next() {
        let mut run = Run::new(&pool, &arguments, &masks);
        let failure = match run.choose() {
            Ok(()) => return Ok(resolution(&run, attempts.retries)),
            Err(failure) => failure,
        };
        first_error.get_or_insert_with(|| explain(&run, &failure.trouble));
        if !attempts.learn(failure.feedback) {
            break;
        }
    }
    // The first attempt is always made, and either succeeds or gives its error.
    Err(first_error.unwrap_or(ResolveError::Blocked { blocks: Vec::new() }))
}

fn argument(wish: &Wish) -> Argument {
    match wish {
        Wish::Atom(atom) => Argument { name: atom.to_string(), atoms: vec![Rc::new(atom.clone())] },
        Wish::Set { name, atoms } => {
            let mut atoms: Vec<_> = atoms.iter().map(|atom| (atom.to_string(), Rc::new(atom.clone()))).collect();
            atoms.sort_by(|(left, _), (right, _)| left.cmp(right));
            Argument { name: name.clone(), atoms: atoms.into_iter().map(|(_, atom)| atom).collect() }
        }
    }
}

fn resolution(run: &Run<'_, '_>, retries: usize) -> Resolution {
    let packages = order::order(run.pool, &run.graph).into_iter().map(|id| {
        let candidate = run.pool.get(id);
        SelectedPackage { host: candidate.host, package: candidate.entry.to_package(), wanted_by: wanted_by(run, id) }
    });
    let donors = run.donors.iter().filter(|(id, _)| !run.graph.contains(**id)).map(|(id, sonames)| {
        let candidate = run.pool.get(*id);
        Donor { host: candidate.host, package: candidate.entry.to_package(), sonames: sonames.iter().cloned().collect() }
    });
    Resolution { packages: packages.collect(), donors: donors.collect(), retries }
}

#[cfg(test)]
mod tests;
