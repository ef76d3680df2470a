//! One module for each verb.

mod boot;
mod build;
mod check;
mod clean;
mod digest;
mod extension;
mod image;
mod inspect;
mod kernel;
mod list;
mod lxc;
mod matrix;
mod new;
mod plugin;
mod rm;
mod shell;
mod verify;

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use crate::args::Verb;
use crate::environment::Environment;
use crate::failure::{Exit, Failure};
use crate::registry::Registry;
pub(crate) use boot::boot_host;

/// Does what the user asked for.
///
/// # Errors
/// What is to be told to the user, with the exit code.
pub fn run(verb: Verb, registry: &Registry, environment: &Environment, interrupted: Arc<AtomicBool>) -> Result<Exit, Failure> {
    match verb {
        Verb::Build(distro, args) => build::run(distro, *args, environment, interrupted),
        Verb::Matrix(args) => matrix::run(&args, registry, environment, &interrupted),
        Verb::Image(args) => image::run(&args, registry, environment, interrupted),
        Verb::Inspect(args) => inspect::run(&args, &interrupted),
        Verb::Verify(args) => verify::run(&args, &interrupted),
        Verb::Boot(args) => boot::run(&args, registry, environment, interrupted),
        Verb::Kernel(args) => kernel::run(&args, registry, environment, interrupted),
        Verb::Lxc(args) => lxc::run(&args, environment, interrupted),
        Verb::Check(args) => check::run(&args, environment, &interrupted),
        Verb::Digest(args) => digest::run(&args, environment, &interrupted),
        Verb::Shell(args) => shell::run(&args, environment),
        Verb::Rm(args) => rm::run(&args, environment),
        Verb::Clean(args) => clean::run(args, environment, &interrupted),
        Verb::List(args) => list::run(&args, registry),
        Verb::New(args) => new::run(&args, registry),
        Verb::Plugin(args) => plugin::run(&args, registry, environment, interrupted),
        Verb::Broken(broken) => Err(plugin::failure(broken)),
    }
}

/// Prints a result on standard output.
fn print(text: &str) -> Result<(), Failure> {
    crate::report::print(text).map_err(|error| {
        let mut failure = Failure::new("can't write to standard output");
        failure.causes.push(error.to_string());
        failure
    })
}

/// Prints a result as JSON on standard output.
fn print_json(value: &serde_json::Value) -> Result<(), Failure> {
    print(&format!("{value:#}\n"))
}
