//! `cargo xtask test`.

use crate::USAGE;
use crate::error::TaskError;
use crate::judges::{Wanted, install_judges};
use crate::process::{Process, is_watched, say};
use crate::tally::{Tally, plain};

/// Runs every test of the workspace: those beside the code, then the end-to-end suite on the real program.
///
/// Everything is built in one profile and one selection of crates, so that no dependency is compiled twice; the profile is the one with overflow
/// checks. `--full` adds the cases that take long; one other word selects tests by name.
///
/// # Errors
/// With more than one word, when something can't be built, or when a test fails.
pub(crate) fn test(arguments: &[String]) -> Result<(), TaskError> {
    let full = arguments.iter().any(|argument| argument == "--full");
    let filter: Vec<&str> = arguments.iter().map(String::as_str).filter(|argument| *argument != "--full").collect();
    if filter.len() > 1 || filter.iter().any(|word| word.starts_with('-')) {
        return Err(TaskError::Usage { usage: USAGE });
    }
    install_judges(if full { Wanted::All } else { Wanted::Daily })?;
    Process::cargo(&["build", "--workspace", "--all-targets"]).run()?;

    let mut cargo = vec!["test", "--workspace", "--no-fail-fast"];
    cargo.extend(filter);
    let mut process = Process::cargo(&cargo).with("CARGO_TERM_COLOR", if is_watched() { "always" } else { "never" });
    if full {
        process = process.with("ROOTFS_TEST_FULL", "1");
    }
    let mut tally = Tally::default();
    let mut judges = Vec::new();
    let status = process.watch(|line| {
        let line = plain(line);
        tally.read(&line);
        judges.extend(line.starts_with("judges ").then_some(line));
    })?;
    // A binary that crashed has no result line, but it has failed.
    if !status.success() && tally.failed == 0 {
        tally.failed = 1;
    }
    say("");
    judges.iter().for_each(|line| say(line));
    say(&tally.line());
    if tally.failed == 0 { Ok(()) } else { Err(TaskError::Tests { failed: tally.failed }) }
}
