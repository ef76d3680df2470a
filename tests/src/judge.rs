//! The foreign programs that judge: which there are, how often each ran, which could not.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use crate::settings::find_program;

const LIST: &str = include_str!("../judges.txt");

static RUN: Mutex<BTreeMap<String, u64>> = Mutex::new(BTreeMap::new());
static SKIPPED: Mutex<BTreeMap<String, u64>> = Mutex::new(BTreeMap::new());

/// Counts one run of a judge.
pub fn count_run(judge: &str) {
    *RUN.lock().unwrap_or_else(PoisonError::into_inner).entry(judge.to_owned()).or_default() += 1;
}

/// Counts one case that was not judged, by the reason.
pub fn count_skipped(reason: &str) {
    *SKIPPED.lock().unwrap_or_else(PoisonError::into_inner).entry(reason.to_owned()).or_default() += 1;
}

/// Why a judge can't be asked; none when it is installed.
#[must_use]
pub fn absence(judge: &str) -> Option<String> {
    match find_program(judge) {
        Some(_) => None,
        None => Some(
            package_of(judge)
                .map_or_else(|| format!("{judge} is not installed"), |package| format!("{judge} is not installed (package {package})")),
        ),
    }
}

/// Two lines for the end of a run.
#[must_use]
pub fn summary() -> String {
    let list = |counts: &Mutex<BTreeMap<String, u64>>| {
        let counts = counts.lock().unwrap_or_else(PoisonError::into_inner);
        let total: u64 = counts.values().sum();
        let each: Vec<String> = counts.iter().map(|(what, count)| format!("{what} {count}")).collect();
        if each.is_empty() { "0".to_owned() } else { format!("{total} ({})", each.join(", ")) }
    };
    format!("judges run: {}\njudges skipped: {}", list(&RUN), list(&SKIPPED))
}

fn package_of(judge: &str) -> Option<&'static str> {
    let mut listed = LIST.lines().map(str::split_whitespace).filter_map(|mut words| Some((words.next()?, words.next()?)));
    listed.find(|(program, _)| *program == judge).map(|(_, package)| package)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_absent_judge_is_named_with_its_package() {
        assert_eq!(package_of("mmdebstrap"), Some("mmdebstrap"));
        assert_eq!(package_of("sshd"), Some("openssh-server"));
        assert_eq!(absence("no-such-program").as_deref(), Some("no-such-program is not installed"));
        assert_eq!(absence("sh"), None);
    }

    #[test]
    fn runs_are_counted() {
        count_run("a judge of this test");
        count_run("a judge of this test");
        assert!(summary().contains("a judge of this test 2"), "{}", summary());
    }
}
