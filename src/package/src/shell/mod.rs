//! Roots that the scripts of a shell directory make: `config.sh` and `rootfs_lib.sh`, as Kata's osbuilder defines them.
//!
//! `driver.sh` runs them by the host's bash in a [`Workshop`], after `lib.sh`, which has what they may call.

mod failed;
mod nodes;
mod recipe;

use std::path::Path;

use rootfs_plugin::ShellInstaller;
use rootfs_sandbox::{Command, Outcome, Recipe, Runner, SandboxError, SandboxOptions, Seat, Seats, Stream, WantedWorkshop, Workshop};

use crate::fetch::{Proxies, Route};
use crate::observer::{Event, Observer};
use crate::scripts::Scripts;

pub use failed::ShellError;
pub(crate) use nodes::with_nodes;
pub(crate) use recipe::{arguments, dockerfile};

use failed::FailedPlace;

const DRIVER: &str = include_str!("driver.sh");
const LIBRARY: &str = include_str!("lib.sh");

/// What the host's programs are found by.
const PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// Runs a directory's `build_rootfs` on the root in `stage`.
pub(crate) fn build(
    shell: &ShellInstaller,
    stage: &Path,
    seats: &dyn Seats,
    recipe: Option<Recipe<'_>>,
    options: &SandboxOptions,
    environment: &[(String, String)],
    observer: &dyn Observer,
) -> Result<(), ShellError> {
    let origin = format!("build_rootfs of {}", name(shell));
    let log = |line: &str| observer.event(Event::Script { origin: "image", line });
    let wanted = WantedWorkshop { folder: &shell.directory, recipe, log: &log };
    let mut workshop = seats.workshop(stage, &wanted, options)?;
    let watched = Watched(observer);
    let all = fixed().into_iter().chain(environment.iter().cloned()).chain(shell.variables.clone());
    let mut runner = WithLibrary(workshop.as_mut());
    let mut scripts = Scripts::new(&mut runner, &watched, all.collect());
    let directory = shell.directory.to_string_lossy();
    let arguments = ["bash", "--noprofile", "--norc", "-c", DRIVER, "rootfs-gen", &*directory, Workshop::TREE];
    let finished = scripts.run(&origin, &arguments, &[], &mut |_| {}).map_err(|error| match error {
        SandboxError::Missing { .. } => ShellError::NoBash,
        error => error.into(),
    })?;
    workshop.stop()?;
    if finished.exit.success() {
        return Ok(());
    }
    let (told, output): (Vec<_>, Vec<_>) = finished.lines.iter().partition(|line| FailedPlace::is_told(line));
    let places: Vec<FailedPlace> = told.into_iter().filter_map(|line| FailedPlace::parse(line, &shell.directory)).collect();
    // Who ends the build in a subshell says more than the command that fails by that.
    let place = places.iter().rfind(|place| place.status.is_none()).or(places.last()).cloned();
    Err(ShellError::failed(origin, finished.exit, place, &output, shell.can_fail))
}

/// The proxies as programs of the host take them.
pub(crate) fn proxy_variables(proxies: &Proxies) -> Vec<(String, String)> {
    let url = |route: &Option<Route>| match route {
        Some(Route::Proxy(url)) => Some(url.clone()),
        Some(Route::Direct) | None => None,
    };
    let except = (!proxies.no_proxy.is_empty()).then(|| proxies.no_proxy.join(","));
    let all = [("http_proxy", url(&proxies.http)), ("https_proxy", url(&proxies.https)), ("no_proxy", except)];
    all.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))).collect()
}

fn name(shell: &ShellInstaller) -> String {
    shell.directory.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

fn fixed() -> Vec<(String, String)> {
    let fixed = [("PATH", PATH), ("HOME", "/root"), ("USER", "root"), ("LC_ALL", "C.UTF-8"), ("TERM", "dumb")];
    fixed.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec()
}

/// Gives the driver the library to read.
struct WithLibrary<'a>(&'a mut dyn Seat);

impl Runner for WithLibrary<'_> {
    fn run(&mut self, command: &Command, output: &mut dyn FnMut(Stream, &[u8])) -> Result<Outcome, SandboxError> {
        self.0.run_outside(&Command { input: LIBRARY.into(), ..command.clone() }, output)
    }
}

/// Makes progress of what the scripts say by osbuilder's own functions, and keeps what only we are told.
struct Watched<'a>(&'a dyn Observer);

impl Observer for Watched<'_> {
    fn event(&self, event: Event<'_>) {
        if let Event::Script { line, .. } = event {
            if FailedPlace::is_told(line) {
                return;
            }
            if let Some(item) = line.strip_prefix("INFO: ") {
                self.0.event(Event::Item(item));
            } else if line.starts_with("WARNING: ") {
                self.0.event(Event::Note(line));
            }
        }
        self.0.event(event);
    }

    fn cancelled(&self) -> bool {
        self.0.cancelled()
    }
}
