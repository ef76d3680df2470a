use std::io;

use rootfs_tree::TreeError;

use crate::erofs::ErofsReadError;
use crate::ext4::{Ext4Problem, Ext4ReadError};
use crate::inspect::InspectError;
use crate::oci::ContainerError;
use crate::qcow2::Qcow2Error;
use crate::squashfs::SquashfsReadError;

/// Why an image can't be read as a tree.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "the fields are what the message says of them")]
pub enum ReadError {
    /// The file can't be opened.
    #[error("can't open the image")]
    Open(#[source] io::Error),
    /// The image can't be read.
    #[error(transparent)]
    Inspect(#[from] InspectError),
    /// Whatever it is, it holds no files.
    #[error("there is no tree in it: it is {found}")]
    NoTree { found: &'static str },
    /// A disk on which nothing can be the root filesystem.
    #[error("the disk has no partition with a root filesystem that can be read")]
    NoRoot,
    /// A disk on which several partitions could be.
    #[error("the disk has several filesystems and none is marked as the root: partitions {partitions}")]
    SeveralRoots { partitions: String },
    /// A partition was asked for that is not there.
    #[error("the disk has no partition {number}: there are {partitions}")]
    NoPartition { number: u32, partitions: String },
    /// A partition was asked for that has no files, or none that can be read.
    #[error("partition {number} has no filesystem that can be read: it is {found}")]
    NoFilesystem { number: u32, found: &'static str },
    /// A partition was asked for of what has none.
    #[error("there is no partition {number}: it is {found}, without a partition table")]
    NoTable { number: u32, found: &'static str },
    /// What ext4's reader says.
    #[error(transparent)]
    Ext4(#[from] Ext4ReadError),
    /// Something in an ext4 is wrong.
    #[error("the filesystem is damaged: {0}")]
    Ext4Damaged(Ext4Problem),
    /// Changes wait in the journal.
    #[error("the filesystem was not unmounted: its journal has changes that are not yet in place")]
    Journal,
    /// What squashfs's reader says.
    #[error(transparent)]
    Squashfs(#[from] SquashfsReadError),
    /// What erofs's reader says.
    #[error(transparent)]
    Erofs(#[from] ErofsReadError),
    /// What qcow2's reader says.
    #[error(transparent)]
    Qcow2(#[from] Qcow2Error),
    /// A member of a cpio archive that can't be in a tree.
    #[error("member `{name}` of the archive: {reason}")]
    Member { name: String, reason: &'static str },
    /// The archive itself is wrong.
    #[error("the archive is damaged at byte {offset}: {reason}")]
    Archive { offset: u64, reason: &'static str },
    /// What the reader of containers' images says.
    #[error(transparent)]
    Container(ContainerError),
    /// What the tree says.
    #[error(transparent)]
    Tree(#[from] TreeError),
    /// What is unpacked can't be written.
    #[error("can't unpack the image")]
    Spool(#[source] io::Error),
    /// It says that it holds more than it can.
    #[error("the image unpacks to more than {limit} bytes of {what}, which none of its length does")]
    TooMuch { what: &'static str, limit: u64 },
    /// The progress said so.
    #[error("reading the image was cancelled")]
    Cancelled,
}

impl From<ContainerError> for ReadError {
    fn from(error: ContainerError) -> Self {
        if matches!(error, ContainerError::Cancelled) { Self::Cancelled } else { Self::Container(error) }
    }
}

impl ReadError {
    /// What the user can do about it.
    #[must_use]
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::Journal => Some("`e2fsck -f IMAGE` puts them in place"),
            Self::Ext4Damaged(_) => Some("`rootfs-gen verify IMAGE` tells what else is wrong; `e2fsck -f IMAGE` mends it"),
            Self::Squashfs(_) | Self::Erofs(_) => Some("`rootfs-gen verify IMAGE` tells what is wrong"),
            Self::NoRoot | Self::NoTree { .. } => Some("`rootfs-gen inspect IMAGE` tells what is in it"),
            Self::SeveralRoots { .. } => Some("--partition NUMBER says which; `rootfs-gen inspect IMAGE` tells more of them"),
            Self::Container(error) => error.hint(),
            Self::TooMuch { .. } => Some("it was made to fill disks; unpack it with its own tools where that does no harm"),
            _ => None,
        }
    }
}
