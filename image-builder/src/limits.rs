//! What the kernel takes of an inode, whichever filesystem it is in.

use rootfs_tree::Kind;

/// The largest device numbers of `new_encode_dev`, what is left of 32 bits that both have.
const MAJOR_MAX: u32 = 0xFFF;
/// See [`MAJOR_MAX`].
const MINOR_MAX: u32 = 0xF_FFFF;

/// Why no filesystem can hold an inode.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Impossible {
    /// A link's target is empty, has a NUL, or more bytes than the filesystem takes.
    LinkTarget { length: usize },
    /// A device number is too large.
    Device { major: u32, minor: u32 },
}

/// Looks whether an inode can be in a filesystem that takes targets of so many bytes.
pub(crate) fn check_kind(kind: &Kind, longest_target: usize) -> Result<(), Impossible> {
    match kind {
        Kind::Symlink(target) if target.is_empty() || target.len() > longest_target || target.contains(&0) => {
            Err(Impossible::LinkTarget { length: target.len() })
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
