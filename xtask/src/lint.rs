//! `cargo xtask lint`.

use crate::dependencies::check_dependencies;
use crate::error::TaskError;
use crate::process::Process;

/// What a reviewer should not have to say: formatting, clippy's warnings, the arrows between the crates.
///
/// # Errors
/// At the first that is not in order.
pub(crate) fn lint() -> Result<(), TaskError> {
    Process::cargo(&["fmt", "--all", "--check"]).run()?;
    Process::cargo(&["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"]).run()?;
    check_dependencies()
}
