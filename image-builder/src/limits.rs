//! What the kernel takes of an inode, whichever filesystem it is in.

use rootfs_tree::Kind;

/// The largest device numbers of `new_encode_dev`, what is left of 32 bits that both have.
const MAJOR_MAX: u32 = 0xFFF;
/// See [`MAJOR_MAX`].
const MINOR_MAX: u32 = 0xF_FFFF;

/// Why a filesystem can't hold an inode, or a tree's. Paths are the tree's, with unprintable bytes escaped.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "the fields are what the message says of them")]
pub enum InodeError {
    /// More inodes than numbers.
    #[error("the tree has more than {limit} inodes")]
    TooManyInodes { limit: u64 },
    /// A directory with two names, or one that is inside itself.
    #[error("the directory `{path}` has another name too")]
    DirectoryLinked { path: String },
    /// A link's target that the kernel would refuse.
    #[error("the target of the link `{path}` has {length} bytes, where 1 to {limit} without NUL are possible")]
    LinkTarget { path: String, length: usize, limit: usize },
    /// A device number out of range.
    #[error("`{path}` has the device number {major}:{minor}, and 4095:1048575 is the largest")]
    Device { path: String, major: u32, minor: u32 },
}

/// Why no filesystem can hold an inode; an error once its path is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Impossible {
    /// A link's target is empty, has a NUL, or more bytes than the filesystem takes.
    LinkTarget { length: usize, limit: usize },
    /// A device number is too large.
    Device { major: u32, minor: u32 },
}

impl Impossible {
    /// The error it is of the inode with this path.
    pub(crate) fn at(self, path: String) -> InodeError {
        match self {
            Self::LinkTarget { length, limit } => InodeError::LinkTarget { path, length, limit },
            Self::Device { major, minor } => InodeError::Device { path, major, minor },
        }
    }
}

/// Looks whether an inode can be in a filesystem that takes targets of so many bytes.
pub(crate) fn check_kind(kind: &Kind, longest_target: usize) -> Result<(), Impossible> {
    match kind {
        Kind::Symlink(target) if target.is_empty() || target.len() > longest_target || target.contains(&0) => {
            Err(Impossible::LinkTarget { length: target.len(), limit: longest_target })
        }
        Kind::CharDevice { major, minor } | Kind::BlockDevice { major, minor } if *major > MAJOR_MAX || *minor > MINOR_MAX => {
            Err(Impossible::Device { major: *major, minor: *minor })
        }
        _ => Ok(()),
    }
}

/// `new_encode_dev` of the kernel. The numbers are checked before.
pub(crate) fn encode_device(major: u32, minor: u32) -> u32 {
    minor & 0xFF | major << 8 | (minor & !0xFF) << 12
}
