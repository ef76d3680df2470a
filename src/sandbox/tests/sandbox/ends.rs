//! How everything ends, and what is left: nothing.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use rootfs_sandbox::{Sandbox, SandboxError};

use crate::stage::{Stage, command, options, run, shell};

/// The name that marks a process of one test: nothing else on the machine has it in its command line.
fn marked(stage: &Stage) -> String {
    format!("mark-of-{}", stage.path().file_name().unwrap().to_str().unwrap().trim_start_matches('.'))
}

fn processes_with(mark: &str) -> Vec<String> {
    let entries = fs_err::read_dir("/proc").unwrap().flatten();
    let lines = entries.filter_map(|entry| fs_err::read(entry.path().join("cmdline")).ok());
    lines.map(|line| String::from_utf8_lossy(&line).into_owned()).filter(|line| line.contains(mark)).collect()
}

fn wait_until(what: &str, mut condition: impl FnMut() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(10);
    while !condition() {
        assert!(Instant::now() < deadline, "still not so after 10 s: {what}");
        std::thread::sleep(Duration::from_millis(10));
    }
}

pub(crate) fn the_host_sees_no_mount() {
    let stage = Stage::new();
    let before = fs_err::read_to_string("/proc/self/mountinfo").unwrap();
    let mut sandbox = stage.start();
    shell(&mut sandbox, "echo x > /dev/shm/file");
    assert_eq!(fs_err::read_to_string("/proc/self/mountinfo").unwrap(), before);
    sandbox.stop().unwrap();
    assert_eq!(fs_err::read_to_string("/proc/self/mountinfo").unwrap(), before);
}

pub(crate) fn the_tree_keeps_no_trace() {
    let stage = Stage::new();
    let names = |stage: &Stage| {
        let mut names: Vec<_> = fs_err::read_dir(stage.root()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        names.sort();
        names
    };
    let before = (names(&stage), fs_err::metadata(stage.root()).unwrap().modified().unwrap());
    let mut sandbox = stage.start();
    assert_eq!(shell(&mut sandbox, "cd /; echo proc sys dev"), "proc sys dev");
    sandbox.stop().unwrap();
    assert_eq!((names(&stage), fs_err::metadata(stage.root()).unwrap().modified().unwrap()), before);
    drop(stage.start());
    assert_eq!((names(&stage), fs_err::metadata(stage.root()).unwrap().modified().unwrap()), before);
}

/// A package that brings a directory may do so while the sandbox exists.
pub(crate) fn mount_points_that_the_tree_adopts_stay() {
    use std::os::unix::fs::PermissionsExt;
    let stage = Stage::new();
    let sandbox = stage.start();
    fs_err::set_permissions(stage.root().join("proc"), PermissionsExt::from_mode(0o555)).unwrap();
    fs_err::write(stage.root().join("dev/entry"), "").unwrap();
    sandbox.stop().unwrap();
    assert!(stage.root().join("proc").is_dir());
    assert!(stage.root().join("dev/entry").is_file());
    assert!(!stage.root().join("sys").exists());
}

pub(crate) fn a_link_is_no_mount_point() {
    let stage = Stage::new();
    std::os::unix::fs::symlink("/tmp", stage.root().join("dev")).unwrap();
    let error = Sandbox::start(stage.path(), &options()).unwrap_err();
    assert!(matches!(&error, SandboxError::Stage { path, .. } if path.ends_with("root/dev")), "{error:?}");
    assert!(!stage.root().join("proc").exists());
    let error = Sandbox::start(Path::new("/no/such/stage"), &options()).unwrap_err();
    assert!(matches!(error, SandboxError::Stage { .. }), "{error:?}");
}

pub(crate) fn cancelling_kills_at_once() {
    let stage = Stage::new();
    let options = options();
    let mut sandbox = Sandbox::start(stage.path(), &options).unwrap();
    let flag = options.cancelled.clone();
    let canceller = std::thread::spawn(move || {
        std::thread::sleep(Duration::from_millis(300));
        flag.store(true, Ordering::Relaxed);
        Instant::now()
    });
    let script = format!("sleep 1000 & trap '' TERM INT HUP; while true; do sleep 1; done; {}", marked(&stage));
    let error = run(&mut sandbox, &command(&["sh", "-c", &script])).unwrap_err();
    let late = canceller.join().unwrap().elapsed();
    assert!(matches!(error, SandboxError::Cancelled), "{error:?}");
    assert!(late < Duration::from_millis(200), "{late:?} after the flag");
    assert_eq!(processes_with(&marked(&stage)), [] as [&str; 0]);
    let again = run(&mut sandbox, &command(&["sh", "-c", "exit 0"])).unwrap_err();
    assert!(matches!(again, SandboxError::Cancelled), "{again:?}");
    sandbox.stop().unwrap();
}

/// The kind that is hard to catch: each process is gone as soon as it has made the next one.
const BOMB: &str = "b() { b & }; b & b & b &";

pub(crate) fn a_fork_bomb_ends_with_its_command() {
    let stage = Stage::new();
    let mut sandbox = stage.start();
    let mark = marked(&stage);
    let done = run(&mut sandbox, &command(&["sh", "-c", &format!("sleep 1000 & {BOMB} sleep 0.3; : {mark}")])).unwrap();
    // The bomb itself may have burnt out on the limit of processes by then.
    assert!(!done.outcome.left_running.is_empty());
    assert_eq!(processes_with(&mark), [] as [&str; 0]);
    assert_eq!(shell(&mut sandbox, "echo alive"), "alive");
}

pub(crate) fn a_fork_bomb_ends_with_its_sandbox() {
    let stage = Stage::new();
    let options = options();
    let mut sandbox = Sandbox::start(stage.path(), &options).unwrap();
    let mark = marked(&stage);
    let mut cancel = |_, _: &[u8]| options.cancelled.store(true, Ordering::Relaxed);
    let asked = command(&["sh", "-c", &format!("{BOMB} echo burning; sleep 1000; : {mark}")]);
    let error = rootfs_sandbox::Runner::run(&mut sandbox, &asked, &mut cancel).unwrap_err();
    assert!(matches!(error, SandboxError::Cancelled), "{error:?}");
    assert_eq!(processes_with(&mark), [] as [&str; 0]);
    sandbox.stop().unwrap();
}

/// A runner that is killed is an error that says so, not a hang.
pub(crate) fn the_runners_death_is_noticed() {
    let stage = Stage::new();
    let mut sandbox = stage.start();
    let runners = children_named("rootfs-guest");
    assert_eq!(runners.len(), 1, "{runners:?}");
    let killer = std::thread::spawn(move || {
        std::thread::sleep(Duration::from_millis(200));
        for runner in runners {
            rustix::process::kill_process(runner, rustix::process::Signal::KILL).unwrap();
        }
    });
    let error = run(&mut sandbox, &command(&["sh", "-c", &format!("sleep 1000; : {}", marked(&stage))])).unwrap_err();
    killer.join().unwrap();
    assert!(matches!(error, SandboxError::Died { .. }), "{error:?}");
    wait_until("all are dead", || processes_with(&marked(&stage)).is_empty());
}

/// Children of this process by name; other tests' are among them unless tests run one by one, which they do.
fn children_named(name: &str) -> Vec<rustix::process::Pid> {
    let own = format!("PPid:\t{}\n", std::process::id());
    let entries = fs_err::read_dir("/proc").unwrap().flatten();
    let numbers = entries.filter_map(|entry| entry.file_name().to_str()?.parse::<i32>().ok());
    let status = |number: &i32| fs_err::read_to_string(format!("/proc/{number}/status")).unwrap_or_default();
    let children = numbers.filter(|number| status(number).contains(&own) && status(number).contains(name));
    children.filter_map(rustix::process::Pid::from_raw).collect()
}

/// The other half of [`killing_the_client_kills_everything`]: a client that never stops by itself.
pub(crate) fn be_a_client(stage: &Path, script: &str) {
    let mut sandbox = Sandbox::start(stage, &options()).unwrap();
    let _ = run_printing(&mut sandbox, script);
}

fn run_printing(sandbox: &mut Sandbox, script: &str) -> Result<rootfs_sandbox::Outcome, SandboxError> {
    use rootfs_sandbox::Runner;
    sandbox.run(&command(&["sh", "-c", script]), &mut |_, bytes| print!("{}", String::from_utf8_lossy(bytes)))
}

#[expect(clippy::disallowed_methods, reason = "the test's own second half is a process")]
pub(crate) fn killing_the_client_kills_everything() {
    let stage = Stage::new();
    let mark = marked(&stage);
    let script = format!("trap '' TERM HUP INT; sh -c 'sleep 1000; : {mark}' & echo started; sleep 1000; : {mark}");
    let mut client = Command::new(std::env::current_exe().unwrap())
        .args([crate::CLIENT.as_ref(), stage.path().as_os_str(), script.as_ref()])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(client.stdout.take().unwrap()).read_line(&mut line).unwrap();
    assert_eq!(line, "started\n");
    assert!(processes_with(&mark).len() >= 3, "the client, the command and its child");
    client.kill().unwrap();
    client.wait().unwrap();
    wait_until("all are dead", || processes_with(&mark).is_empty());
}
