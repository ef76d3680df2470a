//! Scripts of the user's, run where the packages' scripts run.

use rootfs_package::engine::Engine;
use rootfs_package::observer::{Event, Observer};
use rootfs_plugin::{BuildContext as _, Command, HookScript};
use rootfs_sandbox::Exit;

use crate::failure::{Failure, ScriptOutput};

/// How much of a failed hook's output an error shows.
const SHOWN_LINES: usize = 40;

/// Copies each hook in, runs it, and takes it out again.
///
/// # Errors
/// When a hook can't be read or started, or exits with something else than 0.
pub(crate) fn run(hooks: &[HookScript], engine: &mut Engine<'_>, observer: &dyn Observer) -> Result<(), Failure> {
    hooks.iter().enumerate().try_for_each(|(number, hook)| run_one(number, hook, engine, observer))
}

fn run_one(number: usize, hook: &HookScript, engine: &mut Engine<'_>, observer: &dyn Observer) -> Result<(), Failure> {
    let shown = hook.path.display();
    let content = fs_err::read(&hook.path).map_err(|error| Failure::of(&error))?;
    let inside = format!("/.rootfs-gen-hook-{number}");
    engine.write(&inside, &content, 0o755)?;
    let output = engine.run(&Command { arguments: vec![inside.clone()], ..Command::default() });
    engine.remove(&inside)?;
    let output = output?;
    let lines: Vec<String> = String::from_utf8_lossy(&output.text).lines().map(str::to_owned).collect();
    let origin = format!("hook {shown}");
    lines.iter().for_each(|line| observer.event(Event::Script { origin: &origin, line }));
    if output.status == 0 {
        return Ok(());
    }
    let mut failure = Failure::new(format!("hook {shown} {}", Exit::Code(output.status)));
    let lines = lines[lines.len().saturating_sub(SHOWN_LINES)..].to_vec();
    if !lines.is_empty() {
        failure.output = Some(Box::new(ScriptOutput { origin, lines }));
    }
    Err(failure)
}
