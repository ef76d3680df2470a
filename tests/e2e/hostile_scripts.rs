//! Scripts that mean harm: contained, and told of. Packages that do are in `damaged_packages` and its like.

use std::path::Path;

use rootfs_tests::{Case, Deb, Failed, Finished, Mirror, Need, Origin, Release, Repository, Validity, Workbench, ensure};

use crate::build::BUILD;
use crate::interrupt::{expect_no_mount, expect_no_process};

/// Every attempt is a line `NAME ok` or `NAME denied` in `/attempts`. $1 is a directory of the host with a file `secret`, $2 a port where somebody listens.
const ATTEMPTS: &str = r#"
attempt() { name=$1; shift; if bash -c "$*" > /attempt 2>&1; then echo "$name ok"; else echo "$name denied"; fi >> /attempts; }
attempt host-read "cat '$1/secret'"
attempt host-read-by-process-1 "cat '/proc/1/root/$1/secret'"
attempt host-write "echo x > '$1/canary'"
attempt stage-write "echo x > /proc/1/root/canary"
attempt caller "env | grep -q CALLERS"
attempt network "echo x > /dev/tcp/127.0.0.1/$2"
attempt mount "mount -t tmpfs tmpfs / || mount --bind / /mnt || umount /proc"
attempt kernel "echo x > /proc/sys/kernel/hostname || echo b > /proc/sysrq-trigger || echo x > /sys/power/state"
attempt clock "date --set=2001-01-01"
attempt device "for major in 8 252 253 254 259; do mknod /disk b \$major 0 && head -c 1 /disk && exit 0; rm -f /disk; done; exit 1"
attempt runner "kill -9 1; kill -0 1 && exit 1"
(setsid sleep 4711 < /dev/null > /dev/null 2>&1 &)
"#;

/// What none of the attempts may do.
const DENIED: [&str; 11] = [
    "host-read",
    "host-read-by-process-1",
    "host-write",
    "stage-write",
    "caller",
    "network",
    "mount",
    "kernel",
    "clock",
    "device",
    "runner",
];

pub(crate) fn cases() -> Vec<Case> {
    let needs = [BUILD, &[Need::Judge("gpg"), Need::Judge("dpkg-deb")]].concat();
    vec![
        Case::new("hostile scripts::nothing of the host is read or written, and what stays running is named", &needs, contained),
        Case::new("hostile scripts::one that forks without end dies with the build", &needs, forks),
    ]
}

fn build(workbench: &Workbench, scratch: &Path, script: &str) -> Result<(Finished, Mirror), Failed> {
    let repository = Repository::new()?;
    repository.publish(&[Deb::new("villain", "1.0").script("postinst", script)], Validity::Unlimited)?;
    let mirror = Mirror::start(Origin::Directory(repository.path().to_path_buf()))?;
    let run = workbench.product().minbase(Release::Trixie)?.arg("--repo").arg(repository.source(&mirror.url()));
    let run = run.args(["--extra-pkg", "villain"]).env("CALLERS", "secret").env("HOME", scratch.join("home"));
    Ok((run.into_directory(&scratch.join("out")).run()?, mirror))
}

fn contained(workbench: &Workbench) -> Result<(), Failed> {
    let scratch = workbench.scratch()?;
    let home = scratch.path().join("home");
    fs_err::create_dir(&home)?;
    fs_err::write(home.join("secret"), "secret")?;
    let listener = std::net::TcpListener::bind("127.0.0.1:0")?;
    listener.set_nonblocking(true)?;
    let script = format!("set -- '{}' {}\n{ATTEMPTS}", home.display(), listener.local_addr()?.port());
    let (run, _mirror) = build(workbench, scratch.path(), &script)?;
    let run = run.success()?;
    let attempts = fs_err::read_to_string(scratch.path().join("out/attempts"))?;
    let expected: String = DENIED.iter().map(|name| format!("{name} denied\n")).collect();
    ensure!(attempts == expected, "{attempts}\n{}", fs_err::read_to_string(scratch.path().join("out/attempt"))?);
    ensure!(listener.accept().is_err(), "somebody came through the network");
    ensure!(!home.join("canary").exists(), "a file was written on the host");
    run.complains(&["note: ", "left sleep running; ended"])?;
    let clock = fs_err::metadata(scratch.path().join("out.rootfs-gen"))?.modified()?;
    ensure!(clock.elapsed().is_ok(), "the clock was set");
    expect_no_process(scratch.path())?;
    expect_no_mount(scratch.path())
}

/// The script itself goes on, so that its death is what ends the others.
fn forks(workbench: &Workbench) -> Result<(), Failed> {
    let scratch = workbench.scratch()?;
    let script = "bomb() { while :; do sleep 4712 & done; }\n(bomb) & sleep 1; kill -9 $$";
    let (run, _mirror) = build(workbench, scratch.path(), script)?;
    let run = run.exits_with(1)?.complains(&["villain"])?;
    ensure!(!scratch.path().join("out").exists(), "{}", run.report("the target was made"));
    expect_no_process(scratch.path())?;
    expect_no_mount(scratch.path())
}
