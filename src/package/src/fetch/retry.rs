use std::time::Duration;

use rootfs_tree::Digest;
use sha2::{Digest as _, Sha256};

use super::{FetchError, FetchFault, FetchOptions};

/// How one attempt failed.
#[derive(Debug)]
pub(super) enum Problem {
    /// The URL didn't give it.
    Fault {
        fault: FetchFault,
        /// Whether the same URL may give it later.
        again: bool,
        /// The seconds the server asks to wait.
        after: Option<u64>,
        /// The attempt brought so much that it isn't counted.
        progress: bool,
    },
    /// No URL can help.
    Fatal(FetchError),
}

impl Problem {
    /// A fault by its kind.
    pub(super) fn new(fault: FetchFault) -> Self {
        let again = match &fault {
            FetchFault::Connection(_) | FetchFault::Truncated { .. } => true,
            FetchFault::Status { code } => matches!(code, 408 | 425 | 429 | 500 | 502..=504),
            _ => false,
        };
        Self::Fault { fault, again, after: None, progress: false }
    }
}

impl<E: Into<FetchError>> From<E> for Problem {
    fn from(error: E) -> Self {
        Self::Fatal(error.into())
    }
}

/// How long to wait after an attempt, counted from 1: twice as long each time, up to a quarter more or less so that many builds that failed
/// together don't come back together. What differs is taken from `seed`, not from chance.
pub(super) fn wait(options: &FetchOptions, attempt: u32, after: Option<u64>, seed: &str) -> Duration {
    let doubled = options.backoff.saturating_mul(1 << attempt.saturating_sub(1).min(16));
    let Digest(bytes) = Digest(Sha256::digest(format!("{seed} {attempt}")).into());
    let spread = doubled.saturating_mul(u32::from(bytes[0]) + 384) / 512;
    spread.max(Duration::from_secs(after.unwrap_or(0))).min(options.longest_wait)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options() -> FetchOptions {
        FetchOptions { backoff: Duration::from_millis(100), longest_wait: Duration::from_secs(5), ..FetchOptions::default() }
    }

    #[test]
    fn waits_double_within_a_quarter_up_to_the_longest() {
        for (attempt, middle) in [(1, 100), (2, 200), (3, 400), (4, 800)] {
            let wait = wait(&options(), attempt, None, "x").as_millis();
            assert!((middle * 3 / 4..=middle * 5 / 4).contains(&wait), "{attempt}: {wait}");
        }
        assert_eq!(wait(&options(), 1000, None, "x"), Duration::from_secs(5));
    }

    #[test]
    fn two_builds_wait_differently_and_each_the_same_twice() {
        let waits: std::collections::BTreeSet<_> = (0..16).map(|seed| wait(&options(), 1, None, &seed.to_string())).collect();
        assert!(waits.len() > 8);
        assert_eq!(wait(&options(), 1, None, "x"), wait(&options(), 1, None, "x"));
    }

    #[test]
    fn a_server_is_heard_within_bounds() {
        assert_eq!(wait(&options(), 1, Some(3), "x"), Duration::from_secs(3));
        assert_eq!(wait(&options(), 1, Some(86400), "x"), Duration::from_secs(5));
    }
}
