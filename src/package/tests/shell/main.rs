//! Shell directories, by the host's own bash, mmdebstrap and dnf: as root and as a plain user.
//!
//! This program is the builder too: it runs itself, once for each build.
#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "these are tests, though without the attribute that says so"
)]

mod builder;
mod directories;
mod hostile;
mod place;

use std::process::ExitCode;
use std::sync::Arc;

use libtest_mimic::Arguments;
use rootfs_tests::{Settings, Workbench};

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().collect();
    if arguments.get(1).is_some_and(|verb| verb == builder::VERB) {
        return builder::run(&arguments[2..]);
    }
    let mut arguments = Arguments::from_args();
    arguments.test_threads = arguments.test_threads.or(Some(2));
    // What is under test here is this program.
    let settings = Settings { product: std::env::current_exe().unwrap(), ..Settings::from_environment() };
    let workbench = Arc::new(Workbench::new(settings).unwrap());
    let cases = directories::cases().into_iter().chain(hostile::cases());
    libtest_mimic::run(&arguments, cases.map(|case| case.into_trial(&workbench)).collect()).exit_code()
}
