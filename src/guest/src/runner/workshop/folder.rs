//! The plugin's own folder, as its scripts have it: what they write there is gone afterwards.

use std::fs::Permissions;
use std::os::fd::AsRawFd as _;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::Path;

use fs_err as fs;
use rootfs_guest::protocol::Failure;
use rustix::fs::{Mode, OFlags};
use rustix::io::Errno;
use rustix::mount::MountFlags;

use super::attributes::{self, NO_DEVICES, NO_SETUID};
use crate::failure::Step;

/// Who seems to own what belongs to nobody in a user namespace.
const UNMAPPED: u32 = 65534;

/// Where changes go: below the stage's directory for the folder.
const UPPER: &str = "folder/upper";
const WORK: &str = "folder/work";
const COPY: &str = "folder/copy";

/// Mounts the folder at `place`: laid over where the kernel can do that, else a copy. The current directory is the stage.
pub(super) fn mount(folder: &Path, place: &str) -> Result<(), Failure> {
    const STEP: &str = "mount the plugin's folder";
    // Nobody may write into a directory of an owner that isn't in the namespace, also when it is laid over.
    let is_ours = is_ours(folder).step("read the plugin's folder")?;
    if !is_ours || lay_over(folder, place).is_err() {
        copy(folder, Path::new(COPY)).step("copy the plugin's folder")?;
        rustix::mount::mount_bind(COPY, place).step(STEP)?;
    }
    attributes::add(place, NO_SETUID | NO_DEVICES, false).step(STEP)
}

/// Whether everything has an owner that is known here.
fn is_ours(path: &Path) -> std::io::Result<bool> {
    let metadata = fs::symlink_metadata(path)?;
    if metadata.uid() == UNMAPPED || metadata.gid() == UNMAPPED {
        return Ok(false);
    }
    if metadata.is_dir() {
        for entry in fs::read_dir(path)? {
            if !is_ours(&entry?.path())? {
                return Ok(false);
            }
        }
    }
    Ok(true)
}

fn lay_over(folder: &Path, place: &str) -> Result<(), Errno> {
    for directory in [UPPER, WORK] {
        rustix::fs::mkdir(directory, Mode::from_raw_mode(0o755))?;
    }
    // By its number: a path may have any character in it, and options are separated by some.
    let lower = rustix::fs::open(folder, OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())?;
    let options = format!("userxattr,lowerdir=/proc/self/fd/{},upperdir={UPPER},workdir={WORK}", lower.as_raw_fd());
    let options = std::ffi::CString::new(options).or(Err(Errno::INVAL))?;
    rustix::mount::mount("overlay", place, "overlay", MountFlags::NOSUID | MountFlags::NODEV, Some(options.as_c_str()))
}

/// Files, directories and links, all of them ours.
fn copy(from: &Path, to: &Path) -> std::io::Result<()> {
    fs::create_dir(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let (kind, target) = (entry.file_type()?, to.join(entry.file_name()));
        if kind.is_dir() {
            copy(&entry.path(), &target)?;
        } else if kind.is_symlink() {
            fs::os::unix::fs::symlink(fs::read_link(entry.path())?, target)?;
        } else if kind.is_file() {
            fs::copy(entry.path(), &target)?;
            let mode = fs::metadata(&target)?.permissions().mode();
            fs::set_permissions(&target, Permissions::from_mode(mode | 0o600))?;
        }
    }
    fs::set_permissions(to, Permissions::from_mode(fs::metadata(from)?.permissions().mode() | 0o700))
}
