//! rootfs-gen with no distribution built in: all that it knows are plugins, so that those that are otherwise built in can be tried as such.
//!
//! `--compare-plans --plugin-dir DIR` says instead whether each plugin in DIR makes the same plans as the built-in distribution of its name.

use std::ffi::OsString;
use std::io::Write as _;
use std::process::ExitCode;

use rootfs_gen::environment::Environment;
use rootfs_gen::registry::{DISTRIBUTIONS, Registry, SearchPath};
use rootfs_plugin::{Distro, Request};

fn main() -> ExitCode {
    let arguments: Vec<OsString> = std::env::args_os().collect();
    if arguments.get(1).is_none_or(|word| word != "--compare-plans") {
        return rootfs_gen::run(&arguments, &[]);
    }
    let path = match SearchPath::of(&arguments, &Environment::default()) {
        Ok(path) => SearchPath { usual: Vec::new(), ..path },
        Err(failure) => return failure.report(),
    };
    match Registry::of(&[]).search(&path) {
        Ok(found) => compare(&found),
        Err(failure) => failure.report(),
    }
}

/// Prints a line for each built-in distribution. All must be among the plugins.
fn compare(found: &Registry) -> ExitCode {
    let mut all_same = true;
    for built_in in DISTRIBUTIONS {
        let built_in = built_in();
        let name = &built_in.info().name;
        let compared = match (found.find(name), found.broken.iter().find(|broken| broken.name == *name)) {
            (Some(plugin), _) => compared(built_in, plugin),
            (None, Some(broken)) => Err(format!("can't be used: {}", broken.error)),
            (None, None) => Err("there is no such plugin".to_owned()),
        };
        all_same &= compared.is_ok();
        let line = compared.map_or_else(|reason| format!("{name}: {reason}"), |count| format!("{name}: {count} plans, all the same"));
        let _closed = writeln!(std::io::stdout(), "{line}");
    }
    if all_same { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// How many requests were tried: each release in each variant for each architecture.
fn compared(built_in: &dyn Distro, plugin: &dyn Distro) -> Result<usize, String> {
    let info = built_in.info();
    if info != plugin.info() {
        return Err("it says otherwise what it offers".to_owned());
    }
    let mut count = 0;
    for release in &info.releases {
        for variant in &info.variants {
            for architecture in &info.architectures {
                let request = Request {
                    release: Some(release.name.clone()),
                    variant: Some(variant.name.clone()),
                    ..Request::plain(&info.name, *architecture)
                };
                if built_in.plan(&request) != plugin.plan(&request) {
                    return Err(format!("another plan of {} {} for {architecture}", release.name, variant.name));
                }
                count += 1;
            }
        }
    }
    Ok(count)
}
