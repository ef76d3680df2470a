//! ext4 as it lies on disk: structs and constants only, under the names of the kernel's `fs/ext4/ext4.h`, `fs/ext4/ext4_extents.h`,
//! `fs/ext4/xattr.h` and `include/linux/jbd2.h` (Linux 6.12), described in the kernel's `Documentation/filesystems/ext4/`.

mod directory;
mod extent;
mod feature;
mod group;
mod inode;
mod journal;
mod superblock;
mod words;
mod xattr;

pub(crate) use directory::{CountLimit, DirEntryHead, DirTail, DxEntry, DxRootInfo, DxTail, FILE_TYPE_TAIL, file_type};
pub(crate) use extent::{EXTENT_MAGIC, Extent, ExtentHeader, ExtentIdx, INIT_MAX_LEN};
pub(crate) use feature::{Compat, Incompat, RoCompat};
pub(crate) use group::{BG_BLOCK_UNINIT, BG_INODE_UNINIT, BG_INODE_ZEROED, GroupDesc};
pub(crate) use inode::{DIND_BLOCK, EA_INODE_FL, EXTENTS_FL, EXTRA_ISIZE, INDEX_FL, INODE_SIZE, Inode, LINK_MAX, mode};
pub(crate) use journal::{JBD2_MAGIC, JBD2_SUPERBLOCK_V2, JournalSuperblock};
pub(crate) use superblock::{
    DEFM_ACL, DEFM_XATTR_USER, ERRORS_CONTINUE, FLAGS_SIGNED_HASH, HASH_HALF_MD4, MAGIC, SUPERBLOCK_OFFSET, Superblock, VALID_FS,
};
pub(crate) use words::{high_half, high_word, low_half, low_word};
pub(crate) use xattr::{XATTR_MAGIC, XATTR_REFCOUNT_MAX, XATTR_SIZE_MAX, XattrEntry, XattrHeader};
