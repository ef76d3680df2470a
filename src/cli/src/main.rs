//! `rootfs-gen`: see `rootfs-gen --help`.

use std::ffi::OsString;
use std::process::ExitCode;

use rootfs_gen::environment::Environment;
use rootfs_gen::registry::{Registry, SearchPath, WORKER, concerns_plugins};
use rootfs_gen::{args, failure, interrupt, verbs};

fn main() -> ExitCode {
    let arguments: Vec<OsString> = std::env::args_os().collect();
    if let [_, word, library] = &arguments[..]
        && word == WORKER
    {
        return rootfs_loader::worker::serve(library.as_ref()).map_or(ExitCode::FAILURE, |()| ExitCode::SUCCESS);
    }
    let environment = Environment::of_process();
    let found = if concerns_plugins(&arguments) {
        SearchPath::of(&arguments, &environment).and_then(|path| Registry::search(&path))
    } else {
        Ok(Registry::default())
    };
    let registry: &'static Registry = match found {
        Ok(registry) => Box::leak(Box::new(registry)),
        Err(failure) => return failure.report(),
    };
    let verb = match args::parse(registry, &arguments) {
        Ok(verb) => verb,
        Err(error) => return failure::usage(&error),
    };
    let interrupted = interrupt::watch();
    match verbs::run(verb, registry, &environment, interrupted) {
        Ok(exit) => exit.into(),
        Err(failure) => failure.report(),
    }
}
