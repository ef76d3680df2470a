//! A guest that is nothing but an initramfs with BusyBox, and what a session in it gives.

use std::io::{Read, Seek, Write};
use std::os::fd::{AsFd, BorrowedFd};
use std::path::PathBuf;
use std::sync::OnceLock;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use rootfs_boot::{BootError, BootRequest, Disk, Driver, Host, Network, Session, Stdio, Verdict, boot};
use rootfs_plugin::Architecture;

use crate::needs::{busybox, kernel};

/// What scripts of these tests call.
pub(crate) const PROGRAMS: [&str; 12] =
    ["cat", "grep", "ifconfig", "mkdir", "mount", "poweroff", "sh", "sleep", "stty", "sync", "tty", "wc"];

/// What a session gave.
#[derive(Debug)]
pub(crate) struct Given {
    pub(crate) verdict: Result<Verdict, BootError>,
    pub(crate) output: String,
    pub(crate) error: String,
}

/// The request of most tests; each changes what it is about.
pub(crate) fn request<'a>(session: Session, stdio: Stdio<'a>, cancelled: &'a AtomicBool) -> BootRequest<'a> {
    BootRequest {
        architecture: Architecture::X86_64,
        kernel: Some(kernel()),
        initrd: Some(initrd()),
        disk: None,
        command_line: String::new(),
        memory_mib: 256,
        processors: 1,
        network: Network::None,
        session,
        timeout: Some(Duration::from_secs(120)),
        host: host(),
        stdio,
        cancelled,
    }
}

pub(crate) fn host() -> Host {
    let processor = fs_err::read_to_string("/proc/cpuinfo").unwrap();
    Host { path: "/usr/bin:/bin".into(), processor, temporary: "/tmp".into(), terminal: Some("dumb".to_owned()) }
}

/// Runs a script of the guest's shell.
pub(crate) fn run(script: &str) -> Given {
    session(shell(script), None, |_| {})
}

/// Runs it from a disk instead.
pub(crate) fn run_from(disk: Disk, command_line: &str, script: &str) -> Given {
    session(shell(script), None, |request| {
        request.initrd = None;
        request.disk = Some(disk.clone());
        command_line.clone_into(&mut request.command_line);
    })
}

pub(crate) fn shell(script: &str) -> Session {
    Session::Run(["/bin/sh", "-c", script].map(|word| word.as_bytes().to_vec()).to_vec())
}

pub(crate) fn session(session: Session, input: Option<BorrowedFd<'_>>, change: impl FnOnce(&mut BootRequest<'_>)) -> Given {
    let (output, error) = (tempfile::tempfile().unwrap(), tempfile::tempfile().unwrap());
    let stdio = Stdio { input, output: output.as_fd(), error: error.as_fd() };
    let cancelled = AtomicBool::new(false);
    let mut request = request(session, stdio, &cancelled);
    change(&mut request);
    let verdict = boot(&request);
    let given = Given { verdict, output: text(&output), error: text(&error) };
    println!("{given:?}");
    given
}

fn text(mut file: &std::fs::File) -> String {
    let mut text = Vec::new();
    file.rewind().unwrap();
    file.read_to_end(&mut text).unwrap();
    String::from_utf8_lossy(&text).into_owned()
}

/// The agent as init, the modules for its port, and BusyBox as the shell.
fn initrd() -> &'static PathBuf {
    static FILE: OnceLock<PathBuf> = OnceLock::new();
    FILE.get_or_init(|| {
        let drivers = [Driver::VirtioPci, Driver::VirtioConsole];
        let mut initramfs = kernel().initramfs(&drivers, Architecture::X86_64).unwrap().unwrap();
        initramfs.add_file("/bin/busybox", 0o755, busybox().unwrap());
        PROGRAMS.iter().for_each(|name| initramfs.add_link(&format!("/bin/{name}"), "busybox"));
        initramfs.add_file("/etc/hostname", 0o644, b"guest\n".to_vec());
        let directory = PathBuf::from(env!("CARGO_TARGET_TMPDIR"));
        let path = directory.join("guest.cpio");
        let mut file = tempfile::NamedTempFile::new_in(&directory).unwrap();
        file.write_all(&initramfs.to_cpio()).unwrap();
        file.persist(&path).unwrap();
        path
    })
}
