use std::ffi::OsString;
use std::process::ExitCode;

use crate::environment::Environment;
use crate::registry::{BuiltIn, Registry, SearchPath, WORKER};
use crate::{args, failure, interrupt, verbs};

/// The program with these distributions built in; the first argument is its own name.
#[must_use]
pub fn run(arguments: &[OsString], built_in: &[BuiltIn]) -> ExitCode {
    if let [_, word, library] = arguments
        && word == WORKER
    {
        return rootfs_loader::worker::serve(library.as_ref()).map_or(ExitCode::FAILURE, |()| ExitCode::SUCCESS);
    }
    let environment = Environment::of_process();
    let registry = Registry::of(built_in);
    let found = if registry.needs_plugins(arguments) {
        SearchPath::of(arguments, &environment).and_then(|path| registry.search(&path))
    } else {
        Ok(registry)
    };
    let registry: &'static Registry = match found {
        Ok(registry) => Box::leak(Box::new(registry)),
        Err(failure) => return failure.report(),
    };
    let verb = match args::parse(registry, arguments) {
        Ok(verb) => verb,
        Err(error) => return failure::usage(&error),
    };
    let interrupted = interrupt::watch();
    match verbs::run(verb, registry, &environment, interrupted) {
        Ok(exit) => exit.into(),
        Err(failure) => failure.report(),
    }
}
