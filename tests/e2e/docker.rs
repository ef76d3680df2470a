//! Builds in a container engine: the same trees, whatever engine it is, and nothing left there.

mod broken;
mod images;
mod many_builds;
mod matrix;
mod podman;
mod relay;
mod remote;
mod ways;

use std::path::Path;
use std::time::Duration;

use rootfs_tests::{Case, Failed, Finished, GentooSite, Listing, Need, Process, Product, Release, RpmArchive, Workbench, ensure};

use crate::build::{BUILD, minbase};
use crate::{fedora, gentoo};

/// How long a build may take, on a machine that does other things too.
const PATIENCE: Duration = Duration::from_secs(900);

pub(crate) fn cases() -> Vec<Case> {
    let engine = [BUILD, &[Need::Docker]].concat();
    let rpm = [&engine[..], &fedora::needs()].concat();
    let portage = [&engine[..], &gentoo::needs()].concat();
    let plain = [Need::Product, Need::Root];
    let mut cases = vec![
        Case::new("docker::debian is the sandbox's", &engine, debian),
        Case::new("docker::a program that needs /proc is set up as in the sandbox", &engine, java).only_in_full(),
        Case::new("docker::fedora is the sandbox's", &rpm, fedora_is_the_sandboxes).only_in_full(),
        Case::new("docker::gentoo is the sandbox's", &portage, gentoo_is_the_sandboxes).only_in_full(),
        Case::new("docker::without an engine it is told where it was looked for", &plain, no_engine),
    ];
    cases.extend(images::cases(&engine));
    cases.extend(broken::cases(&engine));
    cases.extend(many_builds::cases(&engine));
    cases.extend(matrix::cases(&engine));
    cases.extend(podman::cases(&engine));
    cases.extend(remote::cases(&engine));
    cases.extend(ways::cases(&engine));
    cases
}

/// Docker's own client, which judges what is in an engine.
fn docker() -> Process {
    Process::judge("docker")
}

/// Labels of all that builds have made in the engine and that is still there.
fn labels() -> Result<Vec<String>, Failed> {
    let ours = ["--filter", "label=rootfs-gen"];
    let containers = docker().args(["ps", "--all", "--format", "{{.Label \"rootfs-gen\"}}"]).args(ours).run()?.success()?.output;
    let images = docker().args(["images", "--quiet", "--no-trunc"]).args(ours).run()?.success()?.output;
    let mut labels: Vec<String> = containers.lines().map(str::to_owned).collect();
    for image in images.lines() {
        let label = docker().args(["image", "inspect", "--format", "{{index .Config.Labels \"rootfs-gen\"}}", image]).run()?;
        // Another build may have removed it in the meantime.
        labels.extend(label.status.success().then(|| label.output.trim().to_owned()));
    }
    Ok(labels)
}

/// What a process has made in the engine and not removed.
fn left_by(process: u32) -> Result<Vec<String>, Failed> {
    Ok(labels()?.into_iter().filter(|label| label.split(' ').nth(2) == Some(&process.to_string())).collect())
}

/// Runs a build to its end, after which nothing of it may be in the engine.
fn run(build: Product<'_>) -> Result<Finished, Failed> {
    let running = build.start()?;
    let process = running.id();
    let finished = running.finish(PATIENCE)?;
    let left = left_by(process)?;
    ensure!(left.is_empty(), "{}", finished.report(&format!("{left:?} was left in the engine")));
    Ok(finished)
}

fn debian(workbench: &Workbench) -> Result<(), Failed> {
    let scratch = workbench.scratch()?;
    let out = scratch.path().join("out");
    let build = workbench.product().afresh().minbase(Release::Trixie)?.into_directory(&out);
    run(build.env("USE_DOCKER", "true"))?.success()?;
    same(workbench, &out, &minbase(workbench)?)
}

/// The same digest, and the same judged by tar, which knows nothing of digests.
fn same(workbench: &Workbench, one: &Path, other: &Path) -> Result<(), Failed> {
    let digest = |tree: &Path| workbench.product().digest(tree);
    let (first, second) = (digest(one)?, digest(other)?);
    if first == second {
        return Ok(());
    }
    let differences = Listing::of(one)?.differences(&Listing::of(other)?);
    let shown = differences.iter().take(20).cloned().collect::<Vec<_>>().join("\n");
    Err(format!("{} has the digest {first}, {} {second}: {} differences:\n{shown}", one.display(), other.display(), differences.len())
        .into())
}

fn java(workbench: &Workbench) -> Result<(), Failed> {
    let scratch = workbench.scratch()?;
    let build = |name: &str| -> Result<(Product<'_>, std::path::PathBuf), Failed> {
        let out = scratch.path().join(name);
        let build = workbench.product().afresh().minbase(Release::Bookworm)?.args(["--extra-pkg", "default-jre-headless"]);
        Ok((build.into_directory(&out), out))
    };
    let (here, here_out) = build("here")?;
    here.run()?.success()?;
    let (there, there_out) = build("there")?;
    run(there.arg("--docker"))?.success()?;
    // keytool writes the time into the store of certificates.
    let list =
        |tree: &Path| -> Result<Listing, Failed> { Ok(Listing::of(tree)?.without_contents(|path| path == "/etc/ssl/certs/java/cacerts")) };
    let differences = list(&there_out)?.differences(&list(&here_out)?);
    ensure!(differences.is_empty(), "{} differences (first: in the engine):\n{}", differences.len(), differences.join("\n"));
    Ok(())
}

fn fedora_is_the_sandboxes(workbench: &Workbench) -> Result<(), Failed> {
    let scratch = workbench.scratch()?;
    let archive = RpmArchive::of(workbench, Release::Bookworm, &[])?;
    let build = |name: &str| {
        let out = scratch.path().join(name);
        (fedora::build(&archive, workbench.product().afresh(), fedora::SYSTEMD).into_directory(&out), out)
    };
    let (here, here_out) = build("here");
    here.run()?.success()?;
    let (there, there_out) = build("there");
    run(there.arg("--docker"))?.success()?;
    same(workbench, &there_out, &here_out)
}

/// Packages whose functions run in the guest.
fn gentoo_is_the_sandboxes(workbench: &Workbench) -> Result<(), Failed> {
    let scratch = workbench.scratch()?;
    let site = GentooSite::new(workbench)?;
    let packages = format!("{},app-misc/asks", gentoo::GREETER);
    let (here, there) = (scratch.path().join("here"), scratch.path().join("there"));
    gentoo::build(&site, workbench.product().afresh(), &packages).into_directory(&here).run()?.success()?;
    run(gentoo::build(&site, workbench.product().afresh(), &packages).into_directory(&there).arg("--docker"))?.success()?;
    ensure!(there.join("usr/share/greeter/said").exists(), "no function has run");
    same(workbench, &there, &here)
}

fn no_engine(workbench: &Workbench) -> Result<(), Failed> {
    let scratch = workbench.scratch()?;
    let socket = format!("unix://{}", scratch.path().join("docker.sock").display());
    let clean = |host: &str| workbench.product().args(["clean", "--docker", "--docker-host", host]).run();
    let missing = ["no container engine answers", &socket, "there is no such socket", "hint: start one"];
    clean(&socket)?.exits_with(1)?.complains(&missing)?;
    clean("tcp://127.0.0.1:9")?.exits_with(1)?.complains(&["tcp://127.0.0.1:9 (from --docker-host): nobody listens there"])?;
    clean("npipe://x")?.exits_with(1)?.complains(&["is no address of a container engine"])?;
    Ok(())
}
