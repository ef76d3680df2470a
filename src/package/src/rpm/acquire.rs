//! From a plan to a lock.

use rootfs_plugin::{BuildError, Plan, RpmInstaller};

use super::index::{Index, fetch_index};
use super::inputs::resolve_inputs;
use crate::fetch::Fetcher;
use crate::lock::{Lock, LockedAgent};
use crate::observer::{Event, Step};
use crate::reuse::Reuse;

/// Fetches the indexes and chooses the packages, unless that was done with the same ones before.
pub(crate) fn resolve_plan(
    plan: &Plan,
    rpm: &RpmInstaller,
    agent: Option<&LockedAgent>,
    now: i64,
    fetcher: &Fetcher<'_>,
    reuse: &Reuse<'_>,
) -> Result<Lock, BuildError> {
    let Reuse { store, observer, .. } = *reuse;
    observer.event(Event::Began(Step::Index));
    observer.event(Event::Decided { stage: "index", reused: false, reason: "mirrors are asked every time: they may have something newer" });
    let indexes = rpm.repositories.iter().map(|repository| fetch_index(repository, fetcher, now)).collect::<Result<Vec<Index<'_>>, _>>()?;
    let inputs = resolve_inputs(plan, rpm, &indexes, store)?;
    if let Some(lock) = reuse.lock(&inputs) {
        return Ok(Lock { agent: agent.cloned(), ..lock });
    }
    let lock = Lock::parse("").map_err(|error| crate::engine::build_error(&error))?;
    reuse.keep_lock(&inputs, &lock);
    Ok(lock)
}
