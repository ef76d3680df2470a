use rootfs_tree::{Kind, Node, Time};

use super::xattr::Placed;
use crate::ext4::Ext4Error;
use crate::ext4::form::Form;
use crate::ext4::format::LINK_MAX;
use crate::limits::{Impossible, InodeError, check_kind};

/// Whole blocks that an extent tree can map: numbers of 32 bits, of which the last means something else.
const FILE_BLOCKS: u64 = 0xFFFF_FFFF - 1;
/// From 1901 on, and before 2310-04-04: what 34 bits could tell beyond, e2fsck takes for a mistaken 1901 to 1970 and would change.
const TIMES: std::ops::Range<i64> = -(1 << 31)..(3 << 32) - (1 << 31);

/// Why an inode is none that ext4 can hold; an error once its path is known.
#[derive(Debug)]
pub(crate) enum Defect {
    Name,
    DirectoryLinked,
    TooManyLinks,
    TooManyInodes,
    FileTooLarge { length: u64, limit: u64 },
    Impossible(Impossible),
    Time { seconds: i64 },
    AttributeName { name: String },
    AttributesTooLarge { size: usize, limit: usize },
    AccessControlList { name: String },
}

impl Defect {
    /// The error it is of the inode with this path.
    pub(crate) fn at(self, path: String) -> Ext4Error {
        match self {
            Self::Name => Ext4Error::Name { path },
            Self::DirectoryLinked => InodeError::DirectoryLinked { path }.into(),
            Self::TooManyLinks => Ext4Error::TooManyLinks { path, limit: LINK_MAX },
            Self::TooManyInodes => InodeError::TooManyInodes { limit: u32::MAX.into() }.into(),
            Self::FileTooLarge { length, limit } => Ext4Error::FileTooLarge { path, length, limit },
            Self::Impossible(impossible) => impossible.at(path).into(),
            Self::Time { seconds } => Ext4Error::Time { path, seconds },
            Self::AttributeName { name } => Ext4Error::AttributeName { path, name },
            Self::AttributesTooLarge { size, limit } => Ext4Error::AttributesTooLarge { path, size, limit },
            Self::AccessControlList { name } => Ext4Error::AccessControlList { path, name },
        }
    }
}

/// What a look at an inode tells beside that it is in order.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Checked {
    /// Whether attributes have to lie elsewhere.
    pub(crate) shares: bool,
}

/// Looks whether ext4 can hold an inode.
pub(crate) fn check_node(node: &Node, form: Form) -> Result<Checked, Defect> {
    check_time(node.metadata.mtime)?;
    // A target and the NUL after it share a block.
    let longest_target = form.block_size as usize - 1;
    check_kind(&node.kind, longest_target).map_err(Defect::Impossible)?;
    match &node.kind {
        Kind::File(file) if file.length.div_ceil(form.block_size.into()) > FILE_BLOCKS => {
            Err(Defect::FileTooLarge { length: file.length, limit: FILE_BLOCKS * u64::from(form.block_size) })
        }
        _ => {
            let shares = match &node.metadata.xattrs {
                Some(xattrs) => Placed::new(xattrs, form)?.shares(),
                None => false,
            };
            Ok(Checked { shares })
        }
    }
}

/// Looks whether a name can be an entry's.
pub(crate) fn check_name(name: &[u8]) -> Result<(), Defect> {
    let is_bad = name.is_empty() || name.len() > 255 || name == b"." || name == b".." || name.iter().any(|byte| matches!(byte, b'/' | 0));
    if is_bad { Err(Defect::Name) } else { Ok(()) }
}

/// Looks whether a time can be an inode's.
pub(crate) fn check_time(time: Time) -> Result<(), Defect> {
    let is_good = TIMES.contains(&time.seconds) && time.nanoseconds < 1_000_000_000;
    if is_good { Ok(()) } else { Err(Defect::Time { seconds: time.seconds }) }
}
