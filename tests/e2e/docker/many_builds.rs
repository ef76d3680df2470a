//! Builds beside each other, and what is left of builds that were ended.

use std::time::Duration;

use rootfs_tests::{Case, Failed, Need, Running, Workbench, ensure};
use rustix::process::Signal;

use super::images::{base, boxed, plugin};
use super::{PATIENCE, docker, labels, left_by, same};

/// Scripts that wait to be ended.
const SLEEPER: &str = "build_rootfs() {\n\techo asleep\n\tsleep 1000\n}\n";

pub(super) fn cases(engine: &[Need]) -> Vec<Case> {
    vec![
        Case::new("docker::two builds at once don't meet", engine, two_at_once),
        Case::new("docker::Ctrl-C leaves nothing in the engine", engine, |workbench| ended(workbench, Signal::INT)),
        Case::new("docker::what a killed build has left is removed by the next", engine, |workbench| ended(workbench, Signal::KILL)),
    ]
}

fn two_at_once(workbench: &Workbench) -> Result<(), Failed> {
    base(workbench)?;
    let scratch = workbench.scratch()?;
    let plugins = plugin(scratch.path())?;
    let out = |name: &str| scratch.path().join(name);
    let start = |name: &str| boxed(workbench.product(), &plugins, &out(name)).arg("--docker").start();
    let builds = ["one", "two"].map(start);
    for build in builds {
        let build = build?;
        let process = build.id();
        build.finish(PATIENCE)?.success()?;
        ensure!(left_by(process)?.is_empty(), "something was left in the engine");
    }
    same(workbench, &out("one"), &out("two"))
}

/// Starts a build whose scripts sleep, and returns when they do.
pub(super) fn asleep(workbench: &Workbench, scratch: &std::path::Path, host: Option<&str>) -> Result<Running, Failed> {
    let image = base(workbench)?;
    let plugins = plugin(scratch)?;
    fs_err::write(plugins.join("boxed/rootfs_lib.sh"), SLEEPER)?;
    let build = boxed(workbench.product(), &plugins, &scratch.join("out")).args(["-v", "--docker-image", &image]);
    let build = match host {
        Some(host) => build.args(["--docker-host", host]),
        None => build,
    };
    let mut running = build.start()?;
    while !running.error_so_far()?.contains("asleep") {
        ensure!(!running.has_ended()?, "it ended: {}", running.error_so_far()?);
        std::thread::sleep(Duration::from_millis(20));
    }
    Ok(running)
}

fn ended(workbench: &Workbench, signal: Signal) -> Result<(), Failed> {
    let scratch = workbench.scratch()?;
    let running = asleep(workbench, scratch.path(), None)?;
    let process = running.id();
    ensure!(!left_by(process)?.is_empty(), "the build has nothing in the engine");
    running.signal(signal)?;
    let ended = running.finish(Duration::from_secs(60))?;
    if signal == Signal::INT {
        ended.exits_with(130)?;
    } else {
        ensure!(!left_by(process)?.is_empty(), "a killed build can't have removed anything");
        another(workbench)?;
    }
    let left = left_by(process)?;
    ensure!(left.is_empty(), "{left:?} was left in the engine");
    ensure!(!scratch.path().join("out").exists(), "something has the final name");
    Ok(())
}

/// One more build, which must work, and clear up.
pub(super) fn another(workbench: &Workbench) -> Result<(), Failed> {
    let scratch = workbench.scratch()?;
    let plugins = plugin(scratch.path())?;
    let build = boxed(workbench.product(), &plugins, &scratch.path().join("out"));
    // Those that die meanwhile are the next build's to clear up.
    let dead = |label: &String| fs_err::metadata(format!("/proc/{}", label.split(' ').nth(2).unwrap_or_default())).is_err();
    let of_dead: Vec<String> = labels()?.into_iter().filter(dead).collect();
    super::run(build.args(["--docker-image", &base(workbench)?]))?.success()?;
    let left: Vec<String> = labels()?.into_iter().filter(|label| of_dead.contains(label)).collect();
    ensure!(left.is_empty(), "{left:?} is of nobody who lives");
    docker().args(["image", "inspect", &base(workbench)?]).run()?.success().map(drop)
}
