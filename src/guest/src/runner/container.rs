//! The runner in a container that an engine has made: its namespaces, `/proc`, `/dev` and `/sys` are the engine's work, and it has no right to mount.
//!
//! The tree is the container's own root, since there alone is a `/proc`, or a directory of a build environment. What the engine has put into the
//! root is taken out of it. Process 1 changes its own root to `/dev`, and each command goes back to the real one: so a command's root is not that of process 1,
//! which is how Debian's ischroot and systemd tell an installation from a running system, as it is in a sandbox.

use std::ffi::{OsStr, OsString};
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use rootfs_guest::mirror::{MOUNTED, Mirror, View};
use rootfs_guest::names::CONTAINER_RUNNER;
use rootfs_guest::protocol::{Event, Failure};
use rustix::fs::{AtFlags, Mode, OFlags};

use super::command::Place;
use super::process::ProcessTable;
use super::supervisor::{Supervisor, Surroundings};
use super::{capabilities, limits, report, serve, take_stdio};
use crate::failure::Step;
use crate::fork;
use crate::signals::ChildSignals;

/// Where process 1 stays, and finds `null`.
const SEAT: &str = "/dev";

/// From [`SEAT`], a mount of that container, one step up is its root; a path from elsewhere may take it.
const ROOT_OF_PROCESS_1: &str = "proc/1/root/..";

/// The way from process 1's root to that of commands.
pub(super) struct ContainerRoots {
    real: OwnedFd,
    /// Below the real root; none when it is the tree.
    tree: Option<PathBuf>,
}

impl ContainerRoots {
    /// For a new process, or for this one until [`Self::leave`].
    pub(super) fn enter(&self) -> Result<(), Failure> {
        rustix::process::fchdir(&self.real).and_then(|()| rustix::process::chroot(".")).step("change the root")
    }

    pub(super) fn leave(&self) -> Result<(), Failure> {
        rustix::process::chroot(SEAT).and_then(|()| rustix::process::chdir("/")).step("change the root")
    }

    pub(super) fn enter_place(&self, place: Place) -> Result<(), Failure> {
        self.enter()?;
        match (&self.tree, place) {
            (Some(tree), Place::Tree) => rustix::process::chroot(tree.as_path()).step("change the root"),
            _ => Ok(()),
        }
    }
}

/// What is not the container's alone.
#[derive(Default)]
pub(crate) struct Around<'a> {
    /// Another container has the tree, and its processes are seen here: this becomes the way to its root.
    pub(crate) link: Option<&'a OsStr>,
    /// Directories that belong to the tree although they are mounted.
    pub(crate) kept: &'a [OsString],
}

/// Serves until the client closes its end. `tree` is the container's root, or made below it.
pub(crate) fn run(tree: &OsStr, around: &Around<'_>) -> ExitCode {
    fork::close_inherited_files();
    let Ok((requests, mut events)) = take_stdio() else {
        return ExitCode::FAILURE;
    };
    let prepared = ChildSignals::new().step("watch for children").and_then(|children| Ok((children, prepare(Path::new(tree), around)?)));
    match prepared {
        Ok((children, surroundings)) => {
            let process = rustix::process::getpid().as_raw_nonzero().get().unsigned_abs();
            if Event::Forked(process).send(0, &mut events).is_err() {
                return ExitCode::FAILURE;
            }
            serve(Supervisor { requests, events, children, surroundings })
        }
        Err(failure) => report(failure, &mut events),
    }
}

fn prepare(tree: &Path, around: &Around<'_>) -> Result<Surroundings, Failure> {
    let relative = |path: &OsString| path.as_bytes().strip_prefix(b"/").unwrap_or(path.as_bytes()).to_vec();
    let kept: Vec<Vec<u8>> = around.kept.iter().map(relative).collect();
    let processes = ProcessTable::open("/proc").step("open /proc")?;
    let is_root = tree == Path::new("/");
    let mut mirror = if is_root { mirror_of_root(&kept)? } else { mirror_of_directory(tree)? };
    if let Some(link) = around.link {
        rustix::fs::symlink(ROOT_OF_PROCESS_1, link).step("make the way to the tree")?;
    }
    mirror.adopt(&kept).map_err(|error| error.failure())?;
    let real = rustix::fs::open("/", OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty()).step("open the root")?;
    let roots = ContainerRoots { real, tree: (!is_root).then(|| tree.to_owned()) };
    // An engine without the capability has given none.
    let _ = rustix::thread::set_thread_groups(&[]);
    rustix::process::umask(Mode::from_raw_mode(0o022));
    limits::reset()?;
    // A build environment keeps what its container was given.
    if is_root {
        capabilities::reduce(capabilities::OF_SCRIPTS)?;
    }
    roots.leave()?;
    Ok(Surroundings { processes, null: "/null", nodes: None, container: Some((roots, mirror)) })
}

fn mirror_of_root(kept: &[Vec<u8>]) -> Result<Mirror, Failure> {
    let mut view = View::default();
    view.outside.extend(MOUNTED.map(|name| name.as_bytes().to_vec()));
    for path in mounts().step("read what is mounted")?.into_iter().filter(|path| !kept.contains(path)) {
        let stat = rustix::fs::statat(rustix::fs::CWD, [b"/", path.as_slice()].concat(), AtFlags::SYMLINK_NOFOLLOW);
        let is_directory = stat.is_ok_and(|stat| rustix::fs::FileType::from_raw_mode(stat.st_mode) == rustix::fs::FileType::Directory);
        if is_directory {
            view.outside.insert(path)
        } else {
            view.fixed.insert(path)
        };
    }
    rustix::fs::unlink(format!("/{CONTAINER_RUNNER}")).step("remove the runner's own file")?;
    for path in &view.fixed {
        let path = [b"/", path.as_slice()].concat();
        rustix::fs::open(path, OFlags::WRONLY | OFlags::TRUNC | OFlags::CLOEXEC, Mode::empty()).step("empty the engine's files")?;
    }
    let mirror = Mirror::new(Path::new("/"), view).map_err(|error| error.failure())?;
    // The image has the runner alone, so all else was put there by the engine: /.dockerenv, /etc/mtab, with Podman /etc/passwd.
    mirror.clear(kept).map_err(|error| error.failure())?;
    Ok(mirror)
}

fn mirror_of_directory(tree: &Path) -> Result<Mirror, Failure> {
    fs_err::create_dir_all(tree).step("make the root's directory")?;
    Mirror::new(tree, View::default()).map_err(|error| error.failure())
}

/// Mount points below the root, without their leading slash (proc_pid_mountinfo(5)).
fn mounts() -> std::io::Result<Vec<Vec<u8>>> {
    let table = fs_err::read("/proc/self/mountinfo")?;
    let points = table.split(|byte| *byte == b'\n').filter_map(|line| line.split(|byte| *byte == b' ').nth(4));
    Ok(points.map(|point| unescape(point.strip_prefix(b"/").unwrap_or(point))).filter(|point| !point.is_empty()).collect())
}

/// `\040` and its like.
fn unescape(text: &[u8]) -> Vec<u8> {
    let mut plain = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((first, after)) = rest.split_first() {
        let octal = after.first_chunk::<3>().filter(|_| *first == b'\\').and_then(|digits| str::from_utf8(digits).ok());
        match octal.and_then(|digits| u8::from_str_radix(digits, 8).ok()) {
            Some(byte) => {
                plain.push(byte);
                rest = &after[3..];
            }
            None => {
                plain.push(*first);
                rest = after;
            }
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::unescape;

    #[test]
    fn a_mount_point_is_read_as_the_kernel_writes_it() {
        assert_eq!(unescape(b"a\\040b\\134c"), b"a b\\c");
        assert_eq!(unescape(b"\\9\\"), b"\\9\\");
    }
}
