use std::os::fd::{AsFd, OwnedFd};

use rustix::fs::{AtFlags, Mode, OFlags};
use rustix::io::Errno;

use crate::TreeError;
use crate::disk::create::{Creator, Place};
use crate::disk::{Disk, split};
use crate::tree::{Entry, Tree};
use crate::xattrs::AtName;

/// Name of a link until it is renamed; inodes have numbers.
const LINK: &[u8] = b"link";

/// A directory inside the root in which inodes are written before they get their names. It is gone when this is dropped.
#[derive(Debug)]
pub(super) struct Staging<'a> {
    disk: &'a Disk,
    directory: OwnedFd,
    name: String,
}

impl<'a> Staging<'a> {
    /// Makes the directory under a name that none of the trees has.
    pub(super) fn make(disk: &'a Disk, trees: [&Tree; 2]) -> Result<Self, TreeError> {
        let free = |name: &String| trees.iter().all(|tree| tree.child(Tree::ROOT, name.as_bytes()).is_none());
        let names = (0_u32..).map(|number| format!(".rootfs-tree-{number}")).filter(free);
        for name in names {
            match rustix::fs::mkdirat(disk.root(), &*name, Mode::RWXU) {
                Err(Errno::EXIST) => {}
                result => {
                    result.map_err(disk.failed("make", name.as_bytes()))?;
                    return Self::open(disk, name);
                }
            }
        }
        Err(TreeError::NotEmpty { path: disk.path().to_owned() })
    }

    fn open(disk: &'a Disk, name: String) -> Result<Self, TreeError> {
        let directory = disk.directory(name.as_bytes())?;
        // A default ACL of the root would go to everything written here.
        AtName::new(directory.as_fd(), b".").replace(None).map_err(disk.failed("clear the attributes of", name.as_bytes()))?;
        Ok(Self { disk, directory, name })
    }

    /// Writes an inode under a number.
    pub(super) fn create(&self, creator: &Creator<'_>, number: usize, entry: &Entry) -> Result<(), TreeError> {
        let name = number.to_string();
        creator.create(Place { directory: self.directory.as_fd(), name: name.as_bytes(), path: &entry.path }, entry.id)
    }

    /// Gives the inode with the number its name, replacing what has it.
    pub(super) fn publish(&self, number: usize, place: Place<'_>) -> Result<(), TreeError> {
        self.rename(number.to_string().as_bytes(), place)
    }

    /// Gives the inode at `first` one more name, replacing what has it.
    pub(super) fn link(&self, first: &[u8], place: Place<'_>) -> Result<(), TreeError> {
        let (directory, name) = split(first);
        let directory = self.disk.directory(directory)?;
        rustix::fs::linkat(directory, name, &self.directory, LINK, AtFlags::empty()).map_err(self.disk.failed("link", place.path))?;
        self.rename(LINK, place)
    }

    /// Removes the directory, which is empty when all has its name.
    pub(super) fn finish(self) -> Result<(), TreeError> {
        rustix::fs::unlinkat(self.disk.root(), &*self.name, AtFlags::REMOVEDIR).map_err(self.disk.failed("remove", self.name.as_bytes()))
    }

    fn rename(&self, from: &[u8], place: Place<'_>) -> Result<(), TreeError> {
        rustix::fs::renameat(&self.directory, from, place.directory, place.name).map_err(self.disk.failed("replace", place.path))
    }
}

impl Drop for Staging<'_> {
    /// After an error: takes away what was written and has no name. Nothing can be done when that fails too.
    fn drop(&mut self) {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let Ok(opened) = rustix::fs::openat(self.disk.root(), &*self.name, flags, Mode::empty()) else { return };
        let Ok(listing) = rustix::fs::Dir::new(opened) else { return };
        for entry in listing.flatten() {
            // Fails for `.` and `..` alone.
            let _gone = rustix::fs::unlinkat(&self.directory, entry.file_name(), AtFlags::empty());
        }
        let _gone = rustix::fs::unlinkat(self.disk.root(), &*self.name, AtFlags::REMOVEDIR);
    }
}
