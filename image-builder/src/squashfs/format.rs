//! squashfs 4.0 as it lies on disk: structs and constants only, under the names of the kernel's `fs/squashfs/squashfs_fs.h` (Linux 6.12), described in
//! the kernel's `Documentation/filesystems/squashfs.rst`.

mod directory;
mod inode;
mod options;
mod superblock;
mod table;
mod xattr;

pub(crate) use directory::{DIR_COUNT, DirEntry, DirHeader, DirIndex, LISTING_EXTRA};
pub(crate) use inode::{
    BaseInode, DevInode, DirInode, IpcInode, LongDirInode, LongRegInode, NO_FRAGMENT, NO_XATTR, RegInode, SYMLINK_MAX, SymlinkInode,
    XattrIndex, kind,
};
pub(crate) use options::{GzipOptions, LZ4_HC, LZ4_LEGACY, Lz4Options, XZ_X86, XzOptions, ZstdOptions};
pub(crate) use superblock::{ABSENT, DEVICE_BLOCK, Flags, ID_MAX, MAGIC, MAJOR, MINOR, Superblock, compression};
pub(crate) use table::{BLOCK_UNCOMPRESSED, FragmentEntry, METADATA_SIZE, METADATA_UNCOMPRESSED, XattrId, XattrIdTable, reference};
pub(crate) use xattr::{PREFIXES, VALUE_OUT_OF_LINE, XATTR_NAME_MAX, XATTR_VALUE_MAX, XattrEntry, XattrValue};
