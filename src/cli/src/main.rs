//! `rootfs-gen`: see `rootfs-gen --help`.

use std::process::ExitCode;

use rootfs_gen::environment::Environment;
use rootfs_gen::{args, failure, interrupt, verbs};

fn main() -> ExitCode {
    let verb = match args::parse(std::env::args_os()) {
        Ok(verb) => verb,
        Err(error) => return failure::usage(&error),
    };
    let interrupted = interrupt::watch();
    match verbs::run(verb, &Environment::of_process(), interrupted) {
        Ok(exit) => exit.into(),
        Err(failure) => failure.report(),
    }
}
