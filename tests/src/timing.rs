//! How long cases took.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// How many of the slowest are named.
const NAMED: usize = 40;

static TAKEN: Mutex<Vec<(Duration, String)>> = Mutex::new(Vec::new());

/// Runs a case and remembers how long it took.
pub(crate) fn timed<T>(name: &str, case: impl FnOnce() -> T) -> T {
    let begun = Instant::now();
    let result = case();
    TAKEN.lock().unwrap_or_else(PoisonError::into_inner).push((begun.elapsed(), name.to_owned()));
    result
}

/// The cases that took longest, one a line, to be printed after a run: where to begin when it has become too long.
pub fn slowest() -> String {
    let mut taken = TAKEN.lock().unwrap_or_else(PoisonError::into_inner).clone();
    taken.sort_by(|one, other| other.cmp(one));
    taken.truncate(NAMED);
    taken.iter().map(|(time, name)| format!("{:>8.1} s  {name}\n", time.as_secs_f64())).collect()
}
