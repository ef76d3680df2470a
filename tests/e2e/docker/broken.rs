//! What is lost in the middle: the container, the connection.

use std::time::Duration;

use rootfs_tests::{Case, Failed, Need, Workbench, ensure};

use super::images::{base, boxed, plugin};
use super::many_builds::{another, asleep};
use super::relay::Relay;
use super::{PATIENCE, docker, left_by};

/// Where the engine of the cases listens.
pub(super) const SOCKET: &str = "/var/run/docker.sock";

pub(super) fn cases(engine: &[Need]) -> Vec<Case> {
    vec![
        Case::new("docker::a container that is killed is told", engine, |workbench| container_gone(workbench, &["kill"])),
        Case::new("docker::a container that is removed is told", engine, |workbench| container_gone(workbench, &["rm", "--force"])),
        Case::new("docker::a connection that is cut anywhere leaves nothing", engine, |workbench| cut(workbench, 3)),
        Case::new("docker::a connection that is cut at fifty places leaves nothing", engine, |workbench| cut(workbench, 50)).only_in_full(),
    ]
}

fn container_gone(workbench: &Workbench, how: &[&str]) -> Result<(), Failed> {
    let scratch = workbench.scratch()?;
    let running = asleep(workbench, scratch.path(), None)?;
    let process = running.id();
    let all = docker().args(["ps", "--no-trunc", "--format", "{{.ID}} {{.Label \"rootfs-gen\"}}"]).run()?.success()?.output;
    let own = all.lines().find(|line| line.split(' ').nth(3) == Some(&process.to_string()));
    let id = own.and_then(|line| line.split(' ').next()).ok_or("the build has no container")?;
    docker().args(how).arg(id).run()?.success()?;
    let ended = running.finish(Duration::from_secs(60))?.exits_with(1)?;
    // Removing is killing first: whoever looks in between sees that.
    let removed = how != ["kill"] && ended.error.contains("somebody has removed the container");
    if !removed {
        ended.complains(&["the container ended in the middle of the build (exit status 137)"])?;
    }
    ensure!(left_by(process)?.is_empty(), "something was left in the engine");
    ensure!(!scratch.path().join("out").exists(), "something has the final name");
    another(workbench)
}

/// Cuts the connection to the engine after so many bytes, at places that are the same in every run.
fn cut(workbench: &Workbench, times: u32) -> Result<(), Failed> {
    let image = base(workbench)?;
    let scratch = workbench.scratch()?;
    let plugins = plugin(scratch.path())?;
    let out = scratch.path().join("out");
    let through = |relay: &Relay| {
        let build = boxed(workbench.product(), &plugins, &out).args(["--docker-image", &image, "--docker-host", &relay.host()]);
        build.start()
    };
    let whole = Relay::start(&scratch.path().join("whole.sock"), SOCKET, u64::MAX)?;
    through(&whole)?.finish(PATIENCE)?.success()?;
    let total = whole.passed();
    ensure!(total > 8_000_000, "only {total} bytes have passed");
    let mut state = 9_u64;
    for number in 0..times {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let place = (state >> 16) % total;
        fs_err::remove_dir_all(&out).or_else(|error| if error.kind() == std::io::ErrorKind::NotFound { Ok(()) } else { Err(error) })?;
        let relay = Relay::start(&scratch.path().join(format!("{number}.sock")), SOCKET, place)?;
        let running = through(&relay)?;
        let process = running.id();
        let ended = running.finish(Duration::from_secs(120))?;
        // A build whose tree was back before may be done.
        if ended.status.code() != Some(0) {
            ensure!(ended.status.code() == Some(1), "{}", ended.report(&format!("cut after {place} bytes")));
            ensure!(!out.exists(), "{}", ended.report("something has the final name"));
        }
        drop(relay);
        another(workbench)?;
        let left = left_by(process)?;
        ensure!(left.is_empty(), "cut after {place} of {total} bytes: {left:?} was left in the engine");
    }
    Ok(())
}
