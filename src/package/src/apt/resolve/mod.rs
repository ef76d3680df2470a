//! Choosing packages as apt does, for a root that is empty.
//!
//! The choice has two rounds, as when mmdebstrap calls apt: everything Essential first, then all that the plan asks for on top of it. In each,
//! [`marks::Marks`] follows apt's rules; when they end in something that can't work, [`search`] looks for any set that does.

mod dependency;
mod error;
mod explain;
mod garbage;
mod mark_change;
mod mark_install;
mod marks;
mod near;
mod request;
mod search;
mod selection;
mod solutions;
#[cfg(test)]
mod tests;

use std::thread;

use rootfs_plugin::Include;

use super::universe::Universe;
use explain::explain;
use marks::Marks;
use request::{Request, read_requests};

pub use dependency::Field;
pub use error::{Chain, Link, ResolveError};
pub use selection::{Reason, Selected, Selection};

/// Marks follow each other up to 3,000 deep.
const STACK: usize = 256 << 20;

/// Chooses the packages that a plan's `include` comes to.
///
/// Fails when a name is unknown, or when what is asked for can't be installed together; the error says which package needs what, and why.
pub fn resolve(universe: &Universe, include: &[Include], recommends: bool) -> Result<Selection, ResolveError> {
    let run = || resolve_deep(universe, include, recommends);
    thread::scope(|scope| {
        let worker = thread::Builder::new().stack_size(STACK).spawn_scoped(scope, run);
        worker.map_err(ResolveError::Thread)?.join().unwrap_or(Err(ResolveError::Exhausted))
    })
}

fn resolve_deep(universe: &Universe, include: &[Include], recommends: bool) -> Result<Selection, ResolveError> {
    let mut marks = Marks::new(universe, recommends);
    let requests = read_requests(universe, include)?;
    let (first, mut then): (Vec<_>, Vec<_>) = requests.iter().cloned().partition(|request| request.reason == Reason::Essential);
    // As mmdebstrap calls apt: names before what they are added to.
    then.sort_by_key(|request| request.reason != Reason::Requested);
    for round in [&first, &then] {
        if !round.is_empty() {
            resolve_round(&mut marks, round)?;
            marks.settle();
        }
    }
    Selection::from_marks(&mut marks, &[first, then].concat())
}

/// Marks one round's requests and all they need.
fn resolve_round(marks: &mut Marks<'_>, requests: &[Request]) -> Result<(), ResolveError> {
    for request in requests {
        marks.set_candidate(request);
    }
    for request in requests {
        marks.mark_requested(request.name);
    }
    for request in requests {
        marks.mark_needs(request.name);
    }
    if marks.exhausted() {
        return Err(ResolveError::Exhausted);
    }
    let complete = requests.iter().all(|request| marks.install(request.name).is_some());
    if !complete || !marks.broken().is_empty() {
        let explanation = explain(marks, requests);
        search::search(marks, requests).ok_or(explanation)?;
    }
    garbage::collect(marks, requests);
    Ok(())
}
