//! From layers to files, as dpkg unpacks: who may write what is decided first, for the whole wave, then the disk is written in parallel.

use std::collections::HashMap;
use std::ffi::OsStr;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;

use rayon::prelude::*;
use rootfs_plugin::Trim;
use rootfs_tree::{Digest, FileState};
use rustix::fs::{AtFlags, FileType, Gid, Mode, Timespec, Timestamps, Uid};
use rustix::io::Errno;

use super::InstallError;
use super::control::Control;
use super::diversions::Diversions;
use super::overrides::Overrides;
use super::trims;
use crate::deb::{DebEntry, DebLayer};
use crate::payload::EntryKind;
use crate::root::{Root, RootError, create_at, remove_at, set_mode, shown, split};

/// One package's part of a wave.
#[derive(Debug)]
pub(super) struct Unpacking<'a> {
    pub(super) layer: &'a DebLayer,
    package: &'a str,
    placements: Vec<Placement<'a>>,
    /// What dpkg's `.list` says: paths without their leading slash, the root as an empty path.
    pub(super) list: Vec<&'a [u8]>,
    /// Packages that lose a path to this one.
    pub(super) taken: Vec<Taken>,
}

impl Unpacking<'_> {
    fn fault(&self, source: RootError) -> InstallError {
        InstallError::Place { package: self.package.to_owned(), source }
    }
}

/// A file that now belongs to another package.
#[derive(Debug, Clone)]
pub(super) struct Taken {
    /// As the loser's list has it.
    pub(super) path: Vec<u8>,
    pub(super) from: usize,
}

#[derive(Debug)]
struct Placement<'a> {
    entry: &'a DebEntry,
    destination: Vec<u8>,
    mode: u16,
    uid: u32,
    gid: u32,
}

/// Which package owns each path that is no directory, over all waves. Two packages with one name in their lists don't meet when one of them is
/// diverted, so paths are those on disk.
#[derive(Debug, Default)]
pub(super) struct Owners {
    by_path: HashMap<Vec<u8>, Taken>,
}

/// What decides about a package's files besides itself.
#[derive(Debug)]
pub(super) struct Rules<'a> {
    pub(super) diversions: &'a Diversions,
    pub(super) overrides: &'a Overrides,
    /// What is left out of every package.
    pub(super) without: &'a [Trim],
    /// Conffiles are written beside their names, for dpkg to move in place; not so in the bootstrap, where they are needed at once.
    pub(super) conffiles_beside: bool,
}

impl Owners {
    /// Decides what a package may write. `at` is its position in `packages`.
    pub(super) fn plan<'a>(
        &mut self,
        at: usize,
        packages: &'a [Control],
        layer: &'a DebLayer,
        rules: &Rules<'_>,
    ) -> Result<Unpacking<'a>, InstallError> {
        let package = &packages[at];
        let mut unpacking = Unpacking { layer, package: &package.name, placements: Vec::new(), list: Vec::new(), taken: Vec::new() };
        for entry in &layer.entries {
            if !matches!(entry.kind, EntryKind::Directory) {
                match self.claim(at, packages, &entry.path, rules)? {
                    Claim::Free => {}
                    Claim::Takes(taken) => unpacking.taken.push(taken),
                    Claim::Yields => continue,
                }
            }
            unpacking.list.push(&entry.path);
            if !trims::leaves_out(rules.without, entry) {
                unpacking.placements.push(place(entry, package, rules));
            }
        }
        Ok(unpacking)
    }

    fn claim(&mut self, at: usize, packages: &[Control], path: &[u8], rules: &Rules<'_>) -> Result<Claim, InstallError> {
        let on_disk = rules.diversions.destination(path, &packages[at].name);
        let mine = Taken { path: path.to_vec(), from: at };
        let Some(owned) = self.by_path.get_mut(on_disk) else {
            self.by_path.insert(on_disk.to_vec(), mine);
            return Ok(Claim::Free);
        };
        let owner = &packages[owned.from];
        if packages[at].replaces(owner) {
            return Ok(Claim::Takes(std::mem::replace(owned, mine)));
        }
        if owner.replaces(&packages[at]) {
            return Ok(Claim::Yields);
        }
        Err(InstallError::Overwrite { path: shown(path), package: packages[at].name.clone(), owner: owner.name.clone() })
    }
}

enum Claim {
    Free,
    Takes(Taken),
    Yields,
}

fn place<'a>(entry: &'a DebEntry, package: &Control, rules: &Rules<'_>) -> Placement<'a> {
    let directory = matches!(entry.kind, EntryKind::Directory);
    let diverted = if directory { &entry.path } else { rules.diversions.destination(&entry.path, &package.name) };
    let mut destination = diverted.to_vec();
    if rules.conffiles_beside && !directory && package.conffiles.contains(&entry.path) {
        destination.extend_from_slice(b".dpkg-new");
    }
    let (mode, uid, gid) = match rules.overrides.get(&entry.path) {
        Some(set) => (set.mode, set.uid, set.gid),
        None => (entry.mode, entry.uid, entry.gid),
    };
    Placement { entry, destination, mode, uid, gid }
}

/// Writes a wave: directories in order, then everything else by package in parallel, then the directories' times. Gives the hashes of the files
/// as they were written.
pub(super) fn write_wave(
    root: &Root,
    wave: &[Unpacking<'_>],
    done: &(dyn Fn(usize, u64) + Sync),
) -> Result<Vec<(FileState, Digest)>, InstallError> {
    let mut made = Vec::new();
    for unpacking in wave {
        for placement in unpacking.placements.iter().filter(|placement| matches!(placement.entry.kind, EntryKind::Directory)) {
            if make_directory(root, placement).map_err(|error| unpacking.fault(error))? {
                made.push(placement);
            }
        }
    }
    let package = |(at, unpacking)| {
        let written = write_package(root, unpacking)?;
        done(at, written.iter().map(|(state, _)| state.length).sum());
        Ok(written)
    };
    let written = wave.par_iter().enumerate().map(package).collect::<Result<Vec<_>, InstallError>>()?;
    made.into_iter().try_for_each(|placement| set_directory_time(root, placement))?;
    Ok(written.into_iter().flatten().collect())
}

/// Makes a directory unless one (or a link to one) is there; an existing one keeps its owner and mode, as with dpkg.
fn make_directory(root: &Root, placement: &Placement<'_>) -> Result<bool, RootError> {
    let path = &placement.destination;
    if path.is_empty() {
        return Ok(false);
    }
    let (parent, name) = split(path);
    let above = root.make_directory(parent)?;
    match rustix::fs::mkdirat(&above, OsStr::from_bytes(name), Mode::from_raw_mode(0o700)) {
        Ok(()) => {}
        Err(Errno::EXIST) => return root.directory(path).map(|_| false),
        Err(errno) => return Err(RootError::new("make", path, errno)),
    }
    set_owner(&above, name, placement).map_err(|errno| RootError::new("set the owner of", path, errno))?;
    set_mode(&above, name, placement.mode.into()).map_err(|errno| RootError::new("set the mode of", path, errno))?;
    Ok(true)
}

fn set_directory_time(root: &Root, placement: &Placement<'_>) -> Result<(), RootError> {
    let (parent, name) = split(&placement.destination);
    let above = root.directory(parent)?;
    set_time(&above, name, placement.entry.mtime).map_err(|errno| RootError::new("set the time of", &placement.destination, errno))
}

fn write_package(root: &Root, unpacking: &Unpacking<'_>) -> Result<Vec<(FileState, Digest)>, InstallError> {
    let data = fs_err::File::open(&unpacking.layer.data).map_err(|source| InstallError::Layer { source })?;
    let mut written = Vec::new();
    // The directory of the entry before, which most entries share.
    let mut last: Option<(&[u8], OwnedFd)> = None;
    for placement in unpacking.placements.iter().filter(|placement| !matches!(placement.entry.kind, EntryKind::Directory)) {
        let (parent, name) = split(&placement.destination);
        let above = match last.take() {
            Some((path, above)) if path == parent => above,
            _ => root.make_directory(parent).map_err(|error| unpacking.fault(error))?,
        };
        let failed = |errno| unpacking.fault(RootError::new("write", &placement.destination, errno));
        write_entry(root, &above, name, placement, unpacking, data.file()).map_err(failed)?;
        if let EntryKind::File { sha256, .. } = placement.entry.kind {
            written.push((FileState::at(above.as_fd(), OsStr::from_bytes(name)).map_err(failed)?, sha256));
        }
        last = Some((parent, above));
    }
    Ok(written)
}

fn write_entry(
    root: &Root,
    above: &OwnedFd,
    name: &[u8],
    placement: &Placement<'_>,
    unpacking: &Unpacking<'_>,
    data: &std::fs::File,
) -> Result<(), Errno> {
    let make = || make_entry(root, above, name, placement, unpacking, data);
    let made = match make() {
        Err(Errno::EXIST) if is_same_directory(root, above, name, placement)? => return Ok(()),
        Err(Errno::EXIST) => {
            // Something a script left, or a file this package replaces; a directory is refused by the kernel (EISDIR).
            remove_at(above, name)?;
            make()?
        }
        result => result?,
    };
    if matches!(made, Made::Link) {
        return Ok(());
    }
    set_owner(above, name, placement)?;
    if !matches!(placement.entry.kind, EntryKind::Symlink(_)) {
        set_mode(above, name, placement.mode.into())?;
    }
    set_time(above, name, placement.entry.mtime)
}

enum Made {
    Inode,
    Link,
}

fn make_entry(
    root: &Root,
    above: &OwnedFd,
    name: &[u8],
    placement: &Placement<'_>,
    unpacking: &Unpacking<'_>,
    data: &std::fs::File,
) -> Result<Made, Errno> {
    let here = OsStr::from_bytes(name);
    let device = |kind, major, minor| rustix::fs::mknodat(above, here, kind, Mode::from_raw_mode(0o600), rustix::fs::makedev(major, minor));
    match &placement.entry.kind {
        EntryKind::Directory => {}
        EntryKind::File { offset, length, .. } => copy(data, *offset, *length, &create_at(above, name)?)?,
        EntryKind::Symlink(target) => rustix::fs::symlinkat(OsStr::from_bytes(target), above, here)?,
        EntryKind::Hardlink(first) => {
            hard_link(root, above, here, first, unpacking)?;
            return Ok(Made::Link);
        }
        EntryKind::CharDevice { major, minor } => device(FileType::CharacterDevice, *major, *minor)?,
        EntryKind::BlockDevice { major, minor } => device(FileType::BlockDevice, *major, *minor)?,
        EntryKind::Fifo => device(FileType::Fifo, 0, 0)?,
    }
    Ok(Made::Inode)
}

fn hard_link(root: &Root, above: &OwnedFd, here: &OsStr, first: &[u8], unpacking: &Unpacking<'_>) -> Result<(), Errno> {
    let target = unpacking.placements.iter().find(|placement| placement.entry.path == first).ok_or(Errno::NOENT)?;
    let (parent, name) = split(&target.destination);
    let directory = root.directory(parent).map_err(|error| error.source.raw_os_error().map_or(Errno::IO, Errno::from_raw_os_error))?;
    rustix::fs::linkat(&directory, OsStr::from_bytes(name), above, here, AtFlags::empty())
}

/// A link in a package where a directory stands is the directory's own, if it leads there (dpkg's `linktosameexistingdir`).
fn is_same_directory(root: &Root, above: &OwnedFd, name: &[u8], placement: &Placement<'_>) -> Result<bool, Errno> {
    let EntryKind::Symlink(target) = &placement.entry.kind else { return Ok(false) };
    let there = rustix::fs::statat(above, OsStr::from_bytes(name), AtFlags::SYMLINK_NOFOLLOW)?;
    if FileType::from_raw_mode(there.st_mode) != FileType::Directory {
        return Ok(false);
    }
    let (parent, _) = split(&placement.destination);
    let leads_to = if target.first() == Some(&b'/') { target.to_vec() } else { [parent, b"/", target].concat() };
    let Ok(handle) = root.directory(&leads_to) else { return Ok(false) };
    let stat = rustix::fs::fstat(&handle)?;
    Ok((stat.st_dev, stat.st_ino) == (there.st_dev, there.st_ino))
}

fn copy(data: &std::fs::File, offset: u64, length: u64, to: &OwnedFd) -> Result<(), Errno> {
    let mut from = offset;
    let end = offset.checked_add(length).ok_or(Errno::OVERFLOW)?;
    while from < end {
        let step = usize::try_from((end - from).min(1 << 30)).unwrap_or(1 << 30);
        match rustix::fs::copy_file_range(data, Some(&mut from), to, None, step) {
            Ok(0) => return Err(Errno::IO),
            Ok(_) => {}
            Err(Errno::XDEV | Errno::NOSYS | Errno::INVAL | Errno::OPNOTSUPP) => return copy_bytes(data, from, end, to),
            Err(errno) => return Err(errno),
        }
    }
    Ok(())
}

/// For file systems between which the kernel can't copy.
fn copy_bytes(data: &std::fs::File, mut from: u64, end: u64, to: &OwnedFd) -> Result<(), Errno> {
    let mut buffer = vec![0; 256 << 10];
    while from < end {
        let step = usize::try_from(end - from).unwrap_or(usize::MAX).min(buffer.len());
        let read = rustix::io::pread(data, &mut buffer[..step], from)?;
        if read == 0 {
            return Err(Errno::IO);
        }
        let mut written = 0;
        while written < read {
            written += rustix::io::write(to, &buffer[written..read])?;
        }
        from += read as u64;
    }
    Ok(())
}

fn set_owner(above: &OwnedFd, name: &[u8], placement: &Placement<'_>) -> Result<(), Errno> {
    let (uid, gid) = (Uid::from_raw(placement.uid), Gid::from_raw(placement.gid));
    rustix::fs::chownat(above, OsStr::from_bytes(name), Some(uid), Some(gid), AtFlags::SYMLINK_NOFOLLOW)
}

fn set_time(above: &OwnedFd, name: &[u8], seconds: i64) -> Result<(), Errno> {
    let time = Timespec { tv_sec: seconds, tv_nsec: 0 };
    let times = Timestamps { last_access: time, last_modification: time };
    rustix::fs::utimensat(above, OsStr::from_bytes(name), &times, AtFlags::SYMLINK_NOFOLLOW)
}
