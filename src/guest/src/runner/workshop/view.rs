//! The view of the filesystem: the host's, read-only, with the tree, one folder that seems writable, and directories of its own where programs expect to write.

use std::os::fd::{AsRawFd, OwnedFd};
use std::path::{Component, Path, PathBuf};

use rootfs_guest::names::WORKSHOP_TREE;
use rootfs_guest::protocol::Failure;
use rustix::fs::{Mode, OFlags, ResolveFlags};
use rustix::io::Errno;
use rustix::mount::{MountFlags, MountPropagationFlags};

use super::attributes::{self, NO_DEVICES, NO_SETUID, READ_ONLY};
use super::{folder, resolver};
use crate::failure::Step;
use crate::runner::root;

/// Directories in memory, each with its mount options. What the host has there is out of sight.
const COVERED: [(&str, &std::ffi::CStr); 4] =
    [("/tmp", c"mode=1777"), ("/var/tmp", c"mode=1777"), ("/run", c"mode=0755"), ("/root", c"mode=0700")];

/// Makes the mounts and moves into them. The current directory is the stage.
pub(super) fn enter(folder: &Path) -> Result<(), Failure> {
    rustix::mount::mount_change("/", MountPropagationFlags::PRIVATE | MountPropagationFlags::REC).step("make mounts private")?;
    rustix::mount::mount_bind_recursive("/", "host").step("mount the host's files")?;
    attributes::add("host", READ_ONLY | NO_SETUID | NO_DEVICES, true).step("make the host's files read-only")?;
    keep_proc_writable()?;
    let resolver = resolver::hidden_file(&|path| fs_err::read_link(path).ok(), &is_covered);
    let resolver = resolver.map(|path| (path, fs_err::read("/etc/resolv.conf").unwrap_or_default()));
    cover()?;
    root::fill_dev("host/dev")?;
    if let Some((path, content)) = resolver {
        let path = below_host(&path);
        make_parents(&path).and_then(|()| fs_err::write(path, content)).step("keep /etc/resolv.conf")?;
    }
    make_directory("host/run/lock", 0o1777)?;
    make_directory("host/run/rootfs-gen", 0o755)?;
    let tree = format!("host{WORKSHOP_TREE}");
    make_directory(&tree, 0o755)?;
    rustix::mount::mount_bind("root", &tree).step("mount the tree")?;
    attributes::add(&tree, NO_DEVICES, false).step("mount the tree")?;
    show_folder(folder)?;
    rustix::process::chdir("host").step("change the directory")?;
    root::make_current_directory_root()
}

/// A fresh `/proc` can be mounted in a user namespace only where one is seen that may do no less. It is covered by that one before any command runs.
fn keep_proc_writable() -> Result<(), Failure> {
    match attributes::remove("host/proc", READ_ONLY) {
        // Not a mount.
        Err(Errno::INVAL) => Ok(()),
        removed => removed.step("prepare /proc"),
    }
}

fn cover() -> Result<(), Failure> {
    for (path, options) in COVERED {
        let step = format!("mount {path}");
        match open_in_host(path) {
            Err(Errno::NOENT | Errno::NOTDIR) => {}
            Err(errno) => return Err(errno).step(&step),
            Ok(directory) => {
                let place = format!("/proc/self/fd/{}", directory.as_raw_fd());
                rustix::mount::mount("tmpfs", place, "tmpfs", MountFlags::NOSUID | MountFlags::NODEV, Some(options)).step(&step)?;
            }
        }
    }
    Ok(())
}

/// Links lead where they lead for a program that has the view as its root.
fn open_in_host(path: &str) -> Result<OwnedFd, Errno> {
    let host = rustix::fs::open("host", OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())?;
    rustix::fs::openat2(host, path, OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty(), ResolveFlags::IN_ROOT)
}

/// Mounts what the scripts have in place of the plugin's folder, where the host has that. Where that is out of sight, what is beside and above the folder is shown again, read-only, for a
/// plugin may read its neighbours' files.
fn show_folder(plugin: &Path) -> Result<(), Failure> {
    let place = below_host(plugin);
    if let Some(neighbourhood) = neighbourhood(plugin) {
        let shown = below_host(&neighbourhood);
        fs_err::create_dir_all(&shown).step("show the plugin's neighbours")?;
        if neighbourhood != plugin {
            let shown = shown.to_string_lossy();
            rustix::mount::mount_bind_recursive(&neighbourhood, &*shown).step("show the plugin's neighbours")?;
            attributes::add(&shown, READ_ONLY | NO_SETUID | NO_DEVICES, true).step("show the plugin's neighbours")?;
        }
    }
    folder::mount(plugin, &place.to_string_lossy())
}

/// What of a covered directory leads to the path: its first component there. None when the path is not in one.
fn neighbourhood(path: &Path) -> Option<PathBuf> {
    let (covered, _) = COVERED.into_iter().find(|(covered, _)| path.starts_with(covered))?;
    let Some(Component::Normal(first)) = path.strip_prefix(covered).ok()?.components().next() else { return None };
    Some(Path::new(covered).join(first))
}

fn is_covered(path: &Path) -> bool {
    neighbourhood(path).is_some()
}

fn below_host(path: &Path) -> PathBuf {
    Path::new("host").join(path.strip_prefix("/").unwrap_or(path))
}

fn make_parents(path: &Path) -> std::io::Result<()> {
    path.parent().map_or(Ok(()), fs_err::create_dir_all)
}

fn make_directory(path: &str, mode: u32) -> Result<(), Failure> {
    let step = format!("make {}", path.trim_start_matches("host"));
    match rustix::fs::mkdir(path, Mode::empty()) {
        Ok(()) | Err(Errno::EXIST) => {}
        Err(errno) => return Err(errno).step(&step),
    }
    rustix::fs::chmod(path, Mode::from_raw_mode(mode)).step(&step)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_that_is_covered_is_shown_by_its_first_component() {
        let of = |path: &str| neighbourhood(Path::new(path)).map(|path| path.to_string_lossy().into_owned());
        assert_eq!(of("/tmp/a/b/c").as_deref(), Some("/tmp/a"));
        assert_eq!(of("/root/kata").as_deref(), Some("/root/kata"));
        assert_eq!(of("/var/tmp/x/y").as_deref(), Some("/var/tmp/x"));
        assert_eq!(of("/home/ann/tmp"), None);
        assert_eq!(of("/tmpfiles/x"), None);
        assert_eq!(of("/tmp"), None);
    }
}
