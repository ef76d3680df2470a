//! Ways to an engine and to its images: `ssh`, and a registry that wants a password.

use std::net::TcpListener;
use std::path::Path;
use std::time::{Duration, Instant};

use rootfs_tests::{Case, Failed, Need, Process, Release, Running, Workbench, ensure};
use rustix::process::Signal;

use super::images::{base, boxed, plugin};
use super::{PATIENCE, docker, run, same};
use crate::build::minbase;

pub(super) fn cases(engine: &[Need]) -> Vec<Case> {
    let ssh = [engine, &["sshd", "ssh", "ssh-keygen"].map(Need::Judge)].concat();
    let registry = [engine, &["docker-registry", "htpasswd"].map(Need::Judge)].concat();
    vec![
        Case::new("docker::an engine behind ssh gives the sandbox's tree", &ssh, behind_ssh).only_in_full(),
        Case::new("docker::an image is pulled with the user's password", &registry, pulled).only_in_full(),
    ]
}

/// A program that runs until the case ends.
struct Daemon(Option<Running>);

impl Daemon {
    /// Waits until it listens.
    fn start(process: Process, port: u16) -> Result<Self, Failed> {
        let daemon = Self(Some(process.start()?));
        let until = Instant::now() + Duration::from_secs(30);
        while std::net::TcpStream::connect(("127.0.0.1", port)).is_err() {
            let said = daemon.0.as_ref().map(Running::error_so_far).transpose()?.unwrap_or_default();
            ensure!(Instant::now() < until, "nobody listens: {said}");
            std::thread::sleep(Duration::from_millis(50));
        }
        Ok(daemon)
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        if let Some(process) = self.0.take() {
            let _ = process.signal(Signal::TERM);
            let _ = process.finish(Duration::from_secs(30));
        }
    }
}

fn free_port() -> Result<u16, Failed> {
    Ok(TcpListener::bind(("127.0.0.1", 0))?.local_addr()?.port())
}

fn make_executable(path: &Path, text: &str) -> Result<(), Failed> {
    fs_err::write(path, text)?;
    Ok(fs_err::set_permissions(path, std::os::unix::fs::PermissionsExt::from_mode(0o755))?)
}

/// A server of the case's own, and an `ssh` that has heard of it: the user's own settings stay out of it.
fn behind_ssh(workbench: &Workbench) -> Result<(), Failed> {
    let scratch = workbench.scratch()?;
    let path = |name: &str| scratch.path().join(name).display().to_string();
    for key in ["host", "user"] {
        Process::judge("ssh-keygen").args(["-q", "-t", "ed25519", "-N", "", "-f"]).arg(path(key)).run()?.success()?;
    }
    let port = free_port()?;
    fs_err::create_dir_all("/run/sshd")?;
    fs_err::write(
        path("sshd_config"),
        format!(
            "Port {port}\nListenAddress 127.0.0.1\nHostKey {}\nPidFile none\nStrictModes no\nPermitRootLogin yes\nAuthorizedKeysFile {}\n",
            path("host"),
            path("user.pub")
        ),
    )?;
    let public = fs_err::read_to_string(path("host.pub"))?;
    fs_err::write(path("known"), format!("[127.0.0.1]:{port} {public}"))?;
    fs_err::write(path("config"), format!("IdentityFile {}\nUserKnownHostsFile {}\n", path("user"), path("known")))?;
    fs_err::create_dir(path("bin"))?;
    make_executable(&scratch.path().join("bin/ssh"), &format!("#!/bin/sh\nexec /usr/bin/ssh -F {} \"$@\"\n", path("config")))?;
    let _server = Daemon::start(Process::judge("sshd").args(["-D", "-e", "-f"]).arg(path("sshd_config")), port)?;

    let out = scratch.path().join("out");
    let build = workbench.product().afresh().minbase(Release::Trixie)?.into_directory(&out);
    let build = build.env("PATH", format!("{}:/usr/sbin:/usr/bin:/sbin:/bin", path("bin")));
    run(build.args(["--docker-host", &format!("ssh://root@127.0.0.1:{port}")]))?.success()?;
    same(workbench, &out, &minbase(workbench)?)?;

    let build = workbench.product().afresh().minbase(Release::Trixie)?.into_directory(&scratch.path().join("refused"));
    let refused = build.args(["--docker-host", &format!("ssh://root@127.0.0.1:{port}")]).start()?.finish(PATIENCE)?;
    refused.exits_with(1)?.complains(&["no container engine answers", &format!("ssh://root@127.0.0.1:{port}")])?;
    Ok(())
}

fn pulled(workbench: &Workbench) -> Result<(), Failed> {
    let image = base(workbench)?;
    let scratch = workbench.scratch()?;
    let path = |name: &str| scratch.path().join(name).display().to_string();
    let port = free_port()?;
    let passwords = Process::judge("htpasswd").args(["-Bbn", "ann", "open sesame"]).run()?.success()?.output;
    fs_err::write(path("passwords"), passwords)?;
    let settings = format!(
        "version: 0.1\nstorage: {{filesystem: {{rootdirectory: {}}}}}\nhttp: {{addr: 127.0.0.1:{port}}}\nauth: {{htpasswd: {{realm: basic, path: {}}}}}\n",
        path("registry"),
        path("passwords")
    );
    fs_err::write(path("registry.yml"), settings)?;
    let _registry = Daemon::start(Process::judge("docker-registry").arg("serve").arg(path("registry.yml")), port)?;
    let there = format!("127.0.0.1:{port}/base:1");
    let client = || docker().arg("--config").arg(path("docker"));
    client().args(["login", "-u", "ann", "-p", "open sesame", &format!("127.0.0.1:{port}")]).run()?.success()?;
    docker().args(["tag", &image, &there]).run()?.success()?;
    client().args(["push", &there]).run()?.success()?;
    docker().args(["rmi", &there]).run()?.success()?;

    let plugins = plugin(scratch.path())?;
    let build = |name: &str, config: &str| {
        let build = boxed(workbench.product(), &plugins, &scratch.path().join(name)).env("DOCKER_CONFIG", path(config));
        run(build.args(["-v", "--docker", "--docker-image", &there]))
    };
    build("refused", "none")?.exits_with(1)?.complains(&["there is no image", "docker login"])?;
    build("out", "docker")?.success()?.complains(&[&format!("pulling {there}")])?;
    docker().args(["rmi", &there]).run()?.success()?;
    boxed(workbench.product(), &plugins, &scratch.path().join("here")).run()?.success()?;
    same(workbench, &scratch.path().join("out"), &scratch.path().join("here"))
}
