//! How boots end that don't end well.

use std::net::TcpListener;
use std::os::fd::AsFd;
use std::process::Stdio as Pipe;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use rootfs_boot::{BootError, Disk, Forward, Network, Protocol, Session, Stage, Stdio, boot};

use crate::guest::{host, request, run, run_from, session, shell};

/// The first argument of this program when it is to be a client that gets killed.
pub(crate) const CLIENT: &str = "--be-a-client";

pub(crate) fn a_panic_is_told_as_one() {
    let error = run("echo c > /proc/sysrq-trigger; sleep 100").verdict.unwrap_err();
    assert!(matches!(&error, BootError::Panicked { reason, .. } if reason.contains("sysrq")), "{error:?}");
    assert_eq!(error.exit_code(), 125);
    assert!(error.console().iter().any(|line| line.contains("Kernel panic")), "{error:?}");
}

pub(crate) fn a_time_limit_ends_it() {
    let started = Instant::now();
    let limit = Duration::from_secs(15);
    let error = session(shell("echo started; sleep 1000"), None, |request| request.timeout = Some(limit)).verdict.unwrap_err();
    assert!(matches!(error, BootError::TimedOut { stage: Stage::Running, .. }), "{error:?}");
    assert_eq!(error.exit_code(), 124);
    assert!(started.elapsed() < limit + Duration::from_secs(2));
    let error = session(shell("true"), None, |request| request.timeout = Some(Duration::from_millis(300))).verdict.unwrap_err();
    assert!(matches!(error, BootError::TimedOut { stage: Stage::Booting, .. }), "{error:?}");
}

pub(crate) fn a_guest_that_ends_too_early_is_told() {
    let error = run("echo o > /proc/sysrq-trigger; sleep 100").verdict.unwrap_err();
    assert!(matches!(error, BootError::GuestEnded { stage: Stage::Running, .. }), "{error:?}");
}

pub(crate) fn cancelling_ends_it_at_once() {
    let cancelled = Arc::new(AtomicBool::new(false));
    let setter = Arc::clone(&cancelled);
    let timer = std::thread::spawn(move || {
        std::thread::sleep(Duration::from_secs(1));
        setter.store(true, Ordering::Relaxed);
        Instant::now()
    });
    let output = tempfile::tempfile().unwrap();
    let stdio = Stdio { input: None, output: output.as_fd(), error: output.as_fd() };
    let error = boot(&request(shell("sleep 1000"), stdio, &cancelled)).unwrap_err();
    assert!(matches!(error, BootError::Cancelled), "{error:?}");
    assert!(timer.join().unwrap().elapsed() < Duration::from_millis(500));
}

/// The image has no filesystem: the kernel says so in its panic, or our initramfs before that.
pub(crate) fn a_root_that_is_missing_is_told() {
    let image = tempfile::NamedTempFile::new().unwrap();
    image.as_file().set_len(1 << 20).unwrap();
    let disk = Disk { path: image.path().to_owned(), write: false, nvdimm: false, qcow2: false };
    let error = run_from(disk, "", "true").verdict.unwrap_err();
    assert!(matches!(error, BootError::Panicked { .. }), "{error:?}");
    assert!(error.console().iter().any(|line| line.contains("can't mount /dev/nvme0n1")), "{error:?}");
}

pub(crate) fn a_port_in_use_is_told() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let taken = Forward { protocol: Protocol::Tcp, host: listener.local_addr().unwrap().port(), guest: 22 };
    let given = session(shell("true"), None, |request| request.network = Network::User { forwards: vec![taken] });
    let error = given.verdict.unwrap_err();
    assert!(matches!(error, BootError::Qemu { .. }), "{error:?}");
    assert!(error.hint().unwrap().contains("--forward"), "{error}");
}

pub(crate) fn killing_the_client_kills_qemu() {
    #[expect(clippy::disallowed_methods, reason = "the test's own program, in another role")]
    let mut client = std::process::Command::new(std::env::current_exe().unwrap()).arg(CLIENT).stdout(Pipe::null()).spawn().unwrap();
    let id = client.id();
    wait_until("QEMU runs", || children(id).iter().any(|child| name(*child).starts_with("qemu")));
    let qemu = children(id)[0];
    client.kill().unwrap();
    client.wait().unwrap();
    wait_until("QEMU is gone", || !name(qemu).starts_with("qemu"));
}

pub(crate) fn be_a_client() {
    let null = fs_err::File::open("/dev/null").unwrap();
    let stdio = Stdio { input: None, output: null.file().as_fd(), error: null.file().as_fd() };
    let cancelled = AtomicBool::new(false);
    let mut request = request(Session::Console, stdio, &cancelled);
    request.host = host();
    let _ = boot(&request);
    // Whoever waits for the death of QEMU must see ours first.
    std::thread::sleep(Duration::from_secs(60));
}

fn children(parent: u32) -> Vec<u32> {
    let list = fs_err::read_to_string(format!("/proc/{parent}/task/{parent}/children")).unwrap_or_default();
    list.split_whitespace().filter_map(|id| id.parse().ok()).collect()
}

fn name(process: u32) -> String {
    fs_err::read_to_string(format!("/proc/{process}/comm")).unwrap_or_default()
}

fn wait_until(what: &str, mut condition: impl FnMut() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(20);
    while !condition() {
        assert!(Instant::now() < deadline, "still not so after 20 s: {what}");
        std::thread::sleep(Duration::from_millis(10));
    }
}
