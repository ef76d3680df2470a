//! Becomes another program when it is told to: one that must be started before its caller is in a namespace where it could not be.

use std::ffi::{OsStr, OsString};
use std::io::{Read as _, Write as _};
use std::os::unix::process::CommandExt as _;
use std::process::ExitCode;

/// Reads one byte from standard input, then executes `program`. Without the byte the caller has changed its mind.
#[expect(clippy::disallowed_methods, reason = "the program takes this process's place")]
pub(crate) fn run(program: &OsStr, arguments: &[OsString]) -> ExitCode {
    if std::io::stdin().read_exact(&mut [0]).is_err() {
        return ExitCode::FAILURE;
    }
    let error = std::process::Command::new(program).args(arguments).env_clear().exec();
    // Nobody is left to tell when standard error is gone.
    let _ = writeln!(std::io::stderr(), "{error}");
    ExitCode::FAILURE
}
