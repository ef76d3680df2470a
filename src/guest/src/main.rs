//! The one static program on the far side of a tree.
#![expect(unsafe_code, reason = "fork, execve, signal masks and seccomp have no safe wrapper without a libc of its own")]

use std::ffi::OsString;
use std::path::Path;
use std::process::ExitCode;

use rootfs_guest::names::{AGENT_PROGRAM, INITRAMFS_MODULES};

mod agent;
mod child;
mod failure;
mod fork;
mod initramfs;
mod interpreter;
mod kernel_log;
mod mounts;
mod program;
mod runner;
mod signals;
mod wait;

fn main() -> ExitCode {
    let arguments: Vec<OsString> = std::env::args_os().collect();
    let called = arguments.first().and_then(|path| Path::new(path).file_name()).and_then(|name| name.to_str());
    match (called, arguments.get(1..).unwrap_or_default()) {
        (Some("init"), _) if Path::new(INITRAMFS_MODULES).exists() => initramfs::run(),
        (Some("init" | AGENT_PROGRAM), _) => agent::run(),
        (_, [verb]) if verb == "agent" => agent::run(),
        (_, [verb, place]) if verb == "agent" && place == "-" => agent::run_once(),
        (_, [verb, hostname]) if verb == "runner" => runner::run(hostname),
        (_, [verb, hostname, folder]) if verb == "workshop" => runner::run_workshop(hostname, folder),
        (_, [verb, tree]) if verb == "container" => runner::run_container(tree, &runner::Around::default()),
        (_, [verb, tree, word, link]) if verb == "container" && word == "link" => {
            runner::run_container(tree, &runner::Around { link: Some(link), kept: &[] })
        }
        (_, [verb, tree, word, kept @ ..]) if verb == "container" && word == "keep" => {
            runner::run_container(tree, &runner::Around { link: None, kept })
        }
        (_, [verb, hostname, arguments @ ..]) if verb == "attend" => runner::attend(hostname, arguments),
        (_, [verb, program, arguments @ ..]) if verb == "wait" => wait::run(program, arguments),
        _ => ExitCode::from(2),
    }
}
