//! An engine on another host: a second one in a network namespace of its own, by TCP with TLS, which shares no file with this one.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use rootfs_tests::{Case, Failed, Finished, Need, Process, Release, Running, Workbench, ensure};
use rustix::process::Signal;

use super::{PATIENCE, same};
use crate::build::minbase;

pub(super) fn cases(engine: &[Need]) -> Vec<Case> {
    let needs = [engine, &["dockerd", "openssl", "ip", "nsenter"].map(Need::Judge)].concat();
    vec![
        Case::new("docker::an engine on another host, by TLS, gives the sandbox's tree", &needs, other_host).only_in_full(),
        Case::new("docker::an engine without disk space is told", &needs, full_engine).only_in_full(),
        Case::new("docker::an engine that is killed is told, and the next build works", &needs, killed_engine).only_in_full(),
    ]
}

/// A second engine. Dropping it ends it and takes its host away.
struct Host {
    daemon: Option<Running>,
    directory: tempfile::TempDir,
    wire: Wire,
}

/// The way to another host: its name for `ip netns`, the two ends, and their addresses, which are documentation's own (RFC 5737).
struct Wire {
    namespace: String,
    ends: [String; 2],
    addresses: [String; 2],
}

impl Wire {
    /// Each case has its own.
    fn new(number: u8) -> Self {
        let namespace = format!("rootfs-gen-engine-{number}");
        let ends = ["here", "there"].map(|end| format!("rg{number}{end}"));
        Self { namespace, ends, addresses: [1, 2].map(|host| format!("192.0.2.{}", 4 * number + host)) }
    }

    fn lay(&self) -> Result<(), Failed> {
        self.take_away();
        let Self { namespace, ends: [near, far], addresses: [here, there] } = self;
        for line in [
            format!("netns add {namespace}"),
            format!("link add {near} type veth peer name {far} netns {namespace}"),
            format!("addr add {here}/30 dev {near}"),
            format!("link set {near} up"),
            format!("-n {namespace} addr add {there}/30 dev {far}"),
            format!("-n {namespace} link set {far} up"),
            format!("-n {namespace} link set lo up"),
        ] {
            ip(&line)?.success()?;
        }
        Ok(())
    }

    /// Also what an earlier run has left.
    fn take_away(&self) {
        let _ = ip(&format!("link del {}", self.ends[0]));
        let _ = ip(&format!("netns del {}", self.namespace));
    }
}

impl Host {
    fn start(workbench: &Workbench, number: u8) -> Result<Self, Failed> {
        let mut host = Self { daemon: None, directory: workbench.scratch()?, wire: Wire::new(number) };
        host.wire.lay()?;
        make_certificates(host.directory.path(), host.address())?;
        host.listen()?;
        Ok(host)
    }

    fn listen(&mut self) -> Result<(), Failed> {
        let path = |name: &str| self.directory.path().join(name).display().to_string();
        let daemon = Process::judge("nsenter").arg(format!("--net=/run/netns/{}", self.wire.namespace)).args(["dockerd", "--tlsverify"]);
        let daemon = daemon.args([format!("--host={}", self.url()), format!("--data-root={}", path("data"))]);
        let daemon = daemon.args([format!("--exec-root={}", path("exec")), format!("--pidfile={}", path("pid"))]);
        let daemon = daemon.args([format!("--tlscacert={}", path("ca.pem")), format!("--tlscert={}", path("server.pem"))]);
        let daemon = daemon.args([format!("--tlskey={}", path("server-key.pem"))]);
        // This machine's own settings are for its own engine.
        fs_err::write(self.directory.path().join("daemon.json"), "{}")?;
        let daemon = daemon.arg(format!("--config-file={}", path("daemon.json")));
        let daemon = daemon.args(["--bridge=none", "--iptables=false", "--containerd-namespace", &self.wire.namespace]);
        self.daemon = Some(daemon.start()?);
        let until = Instant::now() + Duration::from_secs(60);
        while Instant::now() < until {
            if self.docker().arg("version").run()?.status.success() {
                return Ok(());
            }
            std::thread::sleep(Duration::from_millis(200));
        }
        let said = self.daemon.as_ref().map(Running::error_so_far).transpose()?.unwrap_or_default();
        Err(format!("the second engine does not answer: {said}").into())
    }

    /// Docker's own client for this engine.
    fn docker(&self) -> Process {
        Process::judge("docker").arg(format!("--host={}", self.url())).arg("--tlsverify").env("DOCKER_CERT_PATH", self.directory.path())
    }

    /// What a killed engine has started goes on without it: its containers' keepers, and their master; what it has mounted stays.
    fn end_remains(&self) {
        let of_engine = |line: &[u8]| {
            let line = String::from_utf8_lossy(line);
            line.contains("containerd")
                && (line.contains(&self.wire.namespace) || line.contains(&self.directory.path().display().to_string()))
        };
        let processes = fs_err::read_dir("/proc").into_iter().flatten().flatten();
        for process in processes.filter(|process| fs_err::read(process.path().join("cmdline")).is_ok_and(|line| of_engine(&line))) {
            let number = process.file_name().to_string_lossy().parse().ok().and_then(rustix::process::Pid::from_raw);
            if let Some(number) = number {
                // It may have ended meanwhile.
                let _ = rustix::process::kill_process(number, Signal::KILL);
            }
        }
        let table = fs_err::read_to_string("/proc/self/mounts").unwrap_or_default();
        let directory = self.directory.path().display().to_string();
        for place in table.lines().rev().filter_map(|line| line.split(' ').nth(1)).filter(|place| place.starts_with(&directory)) {
            let _ = rustix::mount::unmount(place, rustix::mount::UnmountFlags::DETACH);
        }
    }

    fn address(&self) -> &str {
        &self.wire.addresses[1]
    }

    fn url(&self) -> String {
        format!("tcp://{}:2376", self.address())
    }

    fn certificates(&self) -> PathBuf {
        self.directory.path().to_owned()
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        if let Some(daemon) = self.daemon.take() {
            let _ = daemon.signal(Signal::TERM);
            let _ = daemon.finish(Duration::from_secs(30));
        }
        self.end_remains();
        self.wire.take_away();
    }
}

fn ip(line: &str) -> Result<Finished, Failed> {
    Process::judge("ip").args(line.split(' ')).run()
}

/// An authority, and what it says of the engine and of its client.
fn make_certificates(directory: &Path, address: &str) -> Result<(), Failed> {
    let openssl = |line: &str| Process::judge("openssl").args(line.split(' ')).directory(directory).run()?.success();
    let key = "-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -sha256";
    openssl(&format!("req -x509 {key} -days 2 -subj /CN=authority -keyout ca-key.pem -out ca.pem"))?;
    for (name, certificate, own_key, usage) in
        [("server", "server.pem", "server-key.pem", "serverAuth"), ("client", "cert.pem", "key.pem", "clientAuth")]
    {
        openssl(&format!("req {key} -subj /CN={name} -keyout {own_key} -out {name}.csr"))?;
        fs_err::write(directory.join("extensions"), format!("subjectAltName=IP:{address}\nextendedKeyUsage={usage}\n"))?;
        let sign = "-req -sha256 -days 2 -CA ca.pem -CAkey ca-key.pem -CAcreateserial -extfile extensions";
        openssl(&format!("x509 {sign} -in {name}.csr -out {certificate}"))?;
    }
    Ok(())
}

fn other_host(workbench: &Workbench) -> Result<(), Failed> {
    let host = Host::start(workbench, 1)?;
    let scratch = workbench.scratch()?;
    let out = scratch.path().join("out");
    let build = || -> Result<_, Failed> {
        let build = workbench.product().afresh().minbase(Release::Trixie)?.into_directory(&out);
        Ok(build.arg("--docker").env("DOCKER_HOST", host.url()))
    };
    let plain = build()?.run()?;
    plain.exits_with(1)?.complains(&["no container engine answers", "(from DOCKER_HOST)"])?;
    let build = build()?.env("DOCKER_TLS_VERIFY", "1").env("DOCKER_CERT_PATH", host.certificates());
    build.start()?.finish(PATIENCE)?.success()?;
    same(workbench, &out, &minbase(workbench)?)?;
    let left = host.docker().args(["ps", "--all", "--quiet"]).run()?.success()?.output;
    let images = host.docker().args(["images", "--all", "--quiet"]).run()?.success()?.output;
    ensure!(left.is_empty() && images.is_empty(), "left in the engine: {left} {images}");
    Ok(())
}

/// Its disk is one of 60 MB: too little for a tree of Debian's.
fn full_engine(workbench: &Workbench) -> Result<(), Failed> {
    let mut host = Host { daemon: None, directory: workbench.scratch()?, wire: Wire::new(3) };
    let data = host.directory.path().join("data");
    fs_err::create_dir(&data)?;
    Process::judge("mount").args(["-t", "tmpfs", "-o", "size=60M", "tmpfs"]).arg(&data).run()?.success()?;
    host.wire.lay()?;
    make_certificates(host.directory.path(), host.address())?;
    host.listen()?;
    let scratch = workbench.scratch()?;
    let out = scratch.path().join("out");
    let build = workbench.product().afresh().minbase(Release::Trixie)?.into_directory(&out).args(["--docker-host", &host.url()]);
    let build = build.env("DOCKER_TLS_VERIFY", "1").env("DOCKER_CERT_PATH", host.certificates());
    let ended = build.start()?.finish(PATIENCE)?.exits_with(1)?;
    ended.complains(&["is out of disk space", "clean --docker"])?;
    ensure!(!out.exists(), "something has the final name");
    let left = host.docker().args(["ps", "--all", "--quiet"]).run()?.success()?.output;
    ensure!(left.is_empty(), "left in the engine: {left}");
    Ok(())
}

fn killed_engine(workbench: &Workbench) -> Result<(), Failed> {
    let mut host = Host::start(workbench, 2)?;
    let scratch = workbench.scratch()?;
    let out = scratch.path().join("out");
    let build = || -> Result<_, Failed> {
        let build = workbench.product().afresh().minbase(Release::Trixie)?.into_directory(&out);
        let build = build.args(["--docker-host", &host.url()]);
        Ok(build.env("DOCKER_TLS_VERIFY", "1").env("DOCKER_CERT_PATH", host.certificates()))
    };
    let mut running = build()?.start()?;
    while !running.error_so_far()?.contains("configure …") {
        ensure!(!running.has_ended()?, "it ended: {}", running.error_so_far()?);
        std::thread::sleep(Duration::from_millis(20));
    }
    if let Some(daemon) = host.daemon.take() {
        daemon.signal(Signal::KILL)?;
        daemon.finish(Duration::from_secs(10))?;
    }
    running.finish(Duration::from_secs(120))?.exits_with(1)?.complains(&["the connection to the container engine", "was lost"])?;
    ensure!(!out.exists(), "something has the final name");
    // What a killed engine leaves of itself is in its own way otherwise.
    host.end_remains();
    let _ = fs_err::remove_file(host.directory.path().join("pid"));
    let _ = fs_err::remove_dir_all(host.directory.path().join("exec"));
    host.listen()?;
    let build = workbench.product().afresh().minbase(Release::Trixie)?.into_directory(&out);
    let build = build.args(["--docker-host", &host.url()]);
    build.env("DOCKER_TLS_VERIFY", "1").env("DOCKER_CERT_PATH", host.certificates()).start()?.finish(PATIENCE)?.success()?;
    let left = host.docker().args(["ps", "--all", "--quiet"]).run()?.success()?.output;
    ensure!(left.is_empty(), "left in the engine: {left}");
    Ok(())
}
