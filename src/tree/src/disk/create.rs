use std::io::{self, Read, Write};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd};

use fs_err::File;
use rustix::fs::{AtFlags, FileType, Gid, Mode, OFlags, Timespec, Timestamps, Uid};
use rustix::io::Errno;

use super::{Disk, split};
use crate::TreeError;
use crate::content::{Bytes, Section, Sources};
use crate::node::{FileContent, Kind, Metadata};
use crate::tree::{NodeId, Tree};
use crate::xattrs::AtName;

/// Most bytes the kernel is asked to copy at once.
const STRETCH: u64 = 1 << 30;

/// Device numbers of Linux are below these.
const MAJORS: u32 = 1 << 12;
const MINORS: u32 = 1 << 20;

/// Makes a tree's inodes in a directory of the host. Shared by threads.
#[derive(Debug)]
pub(crate) struct Creator<'a> {
    tree: &'a Tree,
    disk: &'a Disk,
    sources: Sources<'a>,
    /// Whether inodes may have attributes already: a directory's default ACL goes to what is made in it.
    inherits: bool,
}

/// Where an inode is made.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Place<'a> {
    /// The directory, open.
    pub(crate) directory: BorrowedFd<'a>,
    /// The name in it.
    pub(crate) name: &'a [u8],
    /// The path in the tree, for errors.
    pub(crate) path: &'a [u8],
}

impl<'a> Creator<'a> {
    /// `inherits`: whether directories with a default ACL may be there already.
    pub(crate) fn new(tree: &'a Tree, disk: &'a Disk, inherits: bool) -> Self {
        Self { tree, disk, sources: Sources::of(tree), inherits }
    }

    /// Makes an inode with all it has; a directory only as an empty one that is the caller's ([`Creator::finish_directory`]).
    pub(crate) fn create(&self, place: Place<'_>, id: NodeId) -> Result<(), TreeError> {
        let node = self.tree.node(id);
        let Place { directory, name, path } = place;
        let private = Mode::RUSR | Mode::WUSR;
        let special = |kind, major, minor| {
            // The kernel would cut larger ones off.
            let device = if major < MAJORS && minor < MINORS { Ok(rustix::fs::makedev(major, minor)) } else { Err(Errno::INVAL) };
            rustix::fs::mknodat(directory, name, kind, private, device?)
        };
        let made = match &node.kind {
            Kind::Directory(_) => return rustix::fs::mkdirat(directory, name, Mode::RWXU).map_err(self.disk.failed("make", path)),
            Kind::File(file) => return self.create_file(place, id, file),
            Kind::Symlink(target) => rustix::fs::symlinkat(&**target, directory, name),
            Kind::CharDevice { major, minor } => special(FileType::CharacterDevice, *major, *minor),
            Kind::BlockDevice { major, minor } => special(FileType::BlockDevice, *major, *minor),
            Kind::Fifo => special(FileType::Fifo, 0, 0),
            Kind::Socket => special(FileType::Socket, 0, 0),
        };
        made.map_err(self.disk.failed("make", path))?;
        self.describe(place, &node.metadata, None)
    }

    fn create_file(&self, place: Place<'_>, id: NodeId, content: &FileContent) -> Result<(), TreeError> {
        let bytes = self.sources.find(id, content)?;
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let opened = rustix::fs::openat(place.directory, place.name, flags, Mode::RUSR | Mode::WUSR)
            .map_err(self.disk.failed("make", place.path))?;
        let mut file = File::from_parts(opened.into(), self.disk.on_host(place.path));
        copy(bytes, &mut file).map_err(|error| TreeError::io(format!("write `{}`", place.path.escape_ascii()), error))?;
        self.describe(place, &self.tree.node(id).metadata, Some(file.as_fd()))
    }

    /// Gives an inode that is no directory its owner, attributes, mode and time; `opened` is a file that was just written.
    pub(crate) fn describe(&self, place: Place<'_>, metadata: &Metadata, opened: Option<BorrowedFd<'_>>) -> Result<(), TreeError> {
        self.apply(place, metadata, opened).map_err(self.disk.failed("set owner, mode, attributes and time of", place.path))
    }

    /// Gives a directory its owner, attributes, mode and time, once everything in it is made.
    pub(crate) fn finish_directory(&self, path: &[u8], id: NodeId) -> Result<(), TreeError> {
        let directory = self.disk.directory(path)?;
        let place = Place { directory: directory.as_fd(), name: b".", path };
        self.describe(place, &self.tree.node(id).metadata, Some(directory.as_fd()))
    }

    /// Gives the inode at `first` another name.
    pub(crate) fn link(&self, path: &[u8], first: &[u8]) -> Result<(), TreeError> {
        let ((to_directory, to), (from_directory, from)) = (split(path), split(first));
        let from_directory = self.disk.directory(from_directory)?;
        let to_directory = self.disk.directory(to_directory)?;
        rustix::fs::linkat(from_directory, from, to_directory, to, AtFlags::empty()).map_err(self.disk.failed("link", path))
    }

    /// In an order that matters: a new owner clears setuid and `security.capability`; an ACL changes the mode.
    fn apply(&self, place: Place<'_>, metadata: &Metadata, opened: Option<BorrowedFd<'_>>) -> Result<(), Errno> {
        let Place { directory, name, .. } = place;
        if metadata.uid == u32::MAX || metadata.gid == u32::MAX || metadata.mtime.nanoseconds > 999_999_999 {
            // For the kernel these mean: leave it as it is, take the clock's.
            return Err(Errno::INVAL);
        }
        let (uid, gid) = (Uid::from_raw(metadata.uid), Gid::from_raw(metadata.gid));
        rustix::fs::chownat(directory, name, Some(uid), Some(gid), AtFlags::SYMLINK_NOFOLLOW)?;
        let at = AtName::new(directory, name);
        let xattrs = metadata.xattrs.as_deref();
        if self.inherits { at.replace(xattrs) } else { at.add(xattrs) }?;
        let mode = Mode::from_raw_mode(metadata.mode.into());
        match opened {
            Some(file) => rustix::fs::fchmod(file, mode)?,
            None => change_mode(directory, name, mode)?,
        }
        let time = Timespec { tv_sec: metadata.mtime.seconds, tv_nsec: metadata.mtime.nanoseconds.into() };
        let times = Timestamps { last_access: time, last_modification: time };
        rustix::fs::utimensat(directory, name, &times, AtFlags::SYMLINK_NOFOLLOW)
    }
}

/// Changes the mode of anything but a link, whose mode means nothing. chmod(2) would follow one.
fn change_mode(directory: BorrowedFd<'_>, name: &[u8], mode: Mode) -> Result<(), Errno> {
    let inode = rustix::fs::openat(directory, name, OFlags::PATH | OFlags::NOFOLLOW | OFlags::CLOEXEC, Mode::empty())?;
    if FileType::from_raw_mode(rustix::fs::fstat(&inode)?.st_mode) == FileType::Symlink {
        return Ok(());
    }
    rustix::fs::chmod(format!("/proc/self/fd/{}", inode.as_raw_fd()), mode)
}

fn copy(bytes: Bytes<'_>, file: &mut File) -> io::Result<()> {
    match bytes {
        Bytes::Inline(bytes) => file.write_all(bytes),
        Bytes::Section(mut section) => {
            copy_in_kernel(&mut section, file)?;
            io::copy(&mut Read::take(&mut section, u64::MAX), file).map(|_| ())
        }
    }
}

/// Copies what the kernel can copy without us; it refuses between some filesystems, and then the rest is left.
fn copy_in_kernel(section: &mut Section, file: &File) -> io::Result<()> {
    while section.length > 0 {
        let wanted = usize::try_from(section.length.min(STRETCH)).unwrap_or(usize::MAX);
        let mut offset = section.offset;
        match rustix::fs::copy_file_range(&*section, Some(&mut offset), file, None, wanted) {
            Ok(0) => return Err(io::Error::new(io::ErrorKind::UnexpectedEof, section.changed())),
            Ok(count) => {
                section.offset = offset;
                section.length -= count as u64;
            }
            Err(Errno::INTR) => {}
            Err(Errno::XDEV | Errno::INVAL | Errno::NOSYS | Errno::OPNOTSUPP | Errno::PERM) => return Ok(()),
            Err(errno) => return Err(errno.into()),
        }
    }
    Ok(())
}
