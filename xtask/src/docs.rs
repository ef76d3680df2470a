//! `cargo xtask docs`.

use crate::USAGE;
use crate::error::TaskError;
use crate::process::Process;

/// The cases that write what the page of supported distributions is made of, and the page.
const TRIALS: &str = "plugins::trials: ";
const PAGE: &str = "support::";

/// Writes the pages of the documentation that are made of what the program does: `docs/support.md`. With `--trials` the conformance kit tries every distribution
/// anew before, which takes minutes.
///
/// # Errors
/// When something can't be built, or a trial fails.
pub(crate) fn docs(arguments: &[String]) -> Result<(), TaskError> {
    let filters: &[&str] = match arguments {
        [] => &[PAGE],
        [flag] if flag == "--trials" => &[TRIALS, PAGE],
        _ => return Err(TaskError::Usage { usage: USAGE }),
    };
    Process::cargo(&["build", "--workspace"]).run()?;
    for filter in filters {
        let test = Process::cargo(&["test", "--quiet", "--package", "rootfs-tests", "--test", "e2e", "--", filter]);
        test.with("UPDATE_SNAPSHOTS", "1").with("ROOTFS_TEST_FULL", "1").with("ROOTFS_TEST_STRICT", "1").run()?;
    }
    Ok(())
}
