//! Podman in Docker's place.

use std::path::Path;
use std::time::{Duration, Instant};

use rootfs_tests::{Case, Failed, Need, Process, Release, RpmArchive, Running, Workbench, ensure};
use rustix::process::Signal;

use super::images::{boxed, plugin};
use super::{PATIENCE, same};
use crate::build::{MINBASE, minbase};
use crate::fedora;

/// Podman's runtime, told to leave limits alone: Podman raises them above what a machine without CAP_SYS_RESOURCE may have.
const RUNTIME: &str = r#"#!/usr/bin/python3
import json, os, sys
words = sys.argv
for place, word in enumerate(words):
    if word in ("--bundle", "-b") or word.startswith("--bundle="):
        bundle = word.split("=", 1)[1] if "=" in word else words[place + 1]
        path = os.path.join(bundle, "config.json")
        config = json.load(open(path))
        config["process"].pop("rlimits", None)
        json.dump(config, open(path, "w"))
os.execvp("runc", ["runc"] + words[1:])
"#;

/// What the shell directory's image is called in Podman.
const IMAGE: &str = "localhost/rootfs-gen-test:1";

pub(super) fn cases(engine: &[Need]) -> Vec<Case> {
    let needs = [engine, &["podman", "runc", "python3"].map(Need::Judge), &fedora::needs()].concat();
    vec![Case::new("docker::podman gives the sandbox's trees", &needs, trees).only_in_full()]
}

/// A service of Podman's with a store of its own. Dropping it ends it.
struct Service {
    process: Option<Running>,
    directory: tempfile::TempDir,
    /// Podman wants this one's name to be short.
    run: tempfile::TempDir,
}

impl Service {
    fn start(workbench: &Workbench) -> Result<Self, Failed> {
        let directory = workbench.scratch()?;
        let runtime = directory.path().join("runtime");
        fs_err::write(&runtime, RUNTIME)?;
        fs_err::set_permissions(&runtime, std::os::unix::fs::PermissionsExt::from_mode(0o755))?;
        let mut service = Self { process: None, directory, run: tempfile::tempdir()? };
        service.process = Some(service.podman().args(["system", "service", "--time", "0"]).arg(service.host()).start()?);
        let until = Instant::now() + Duration::from_secs(30);
        while !service.path("podman.sock").exists() {
            let said = service.process.as_ref().map(Running::error_so_far).transpose()?.unwrap_or_default();
            ensure!(Instant::now() < until, "podman does not answer: {said}");
            std::thread::sleep(Duration::from_millis(50));
        }
        Ok(service)
    }

    fn path(&self, name: &str) -> std::path::PathBuf {
        self.directory.path().join(name)
    }

    fn host(&self) -> String {
        format!("unix://{}", self.path("podman.sock").display())
    }

    fn podman(&self) -> Process {
        let process = Process::judge("podman").arg("--root").arg(self.path("store")).arg("--runroot").arg(self.run.path());
        process.arg("--runtime").arg(self.path("runtime"))
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        if let Some(process) = self.process.take() {
            let _ = process.signal(Signal::TERM);
            let _ = process.finish(Duration::from_secs(30));
        }
        // Its store is mounted on itself.
        let _ = rustix::mount::unmount(self.path("store/overlay"), rustix::mount::UnmountFlags::DETACH);
    }
}

fn trees(workbench: &Workbench) -> Result<(), Failed> {
    let service = Service::start(workbench)?;
    let scratch = workbench.scratch()?;
    let out = |name: &str| scratch.path().join(name);
    let finish = |build: rootfs_tests::Product<'_>| build.args(["--docker-host", &service.host()]).start()?.finish(PATIENCE)?.success();

    finish(workbench.product().afresh().minbase(Release::Trixie)?.into_directory(&out("debian")))?;
    same(workbench, &out("debian"), &minbase(workbench)?)?;

    let archive = RpmArchive::of(workbench, Release::Bookworm, &[])?;
    let fedora = |out: &Path| fedora::build(&archive, workbench.product().afresh(), fedora::SYSTEMD).into_directory(out);
    fedora(&out("fedora-here")).run()?.success()?;
    finish(fedora(&out("fedora")))?;
    same(workbench, &out("fedora"), &out("fedora-here"))?;

    let plugins = plugin(scratch.path())?;
    let tar = out("base.tar");
    let tree = MINBASE.tree(workbench, Release::Bookworm)?;
    Process::judge("tar").args(["--numeric-owner", "-C"]).arg(&tree).arg("-cf").arg(&tar).arg(".").run()?.success()?;
    service.podman().arg("import").arg(&tar).arg(IMAGE).run()?.success()?;
    boxed(workbench.product(), &plugins, &out("boxed-here")).run()?.success()?;
    finish(boxed(workbench.product(), &plugins, &out("boxed")).args(["--docker-image", IMAGE]))?;
    same(workbench, &out("boxed"), &out("boxed-here"))?;

    let left = service.podman().args(["ps", "--all", "--quiet"]).run()?.success()?.output;
    let images = service.podman().args(["images", "--format", "{{.Repository}}:{{.Tag}}"]).run()?.success()?.output;
    ensure!(left.is_empty() && images.trim() == IMAGE, "left in the engine: {left} {images}");
    Ok(())
}
