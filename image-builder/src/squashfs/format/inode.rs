use zerocopy::little_endian::{U16, U32, U64};
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout};

/// `SQUASHFS_INVALID_FRAG`: the content has no fragment.
pub(crate) const NO_FRAGMENT: u32 = u32::MAX;
/// `SQUASHFS_INVALID_XATTR`: the inode has no extended attributes.
pub(crate) const NO_XATTR: u32 = u32::MAX;
/// Longest target of a link that Linux makes, in bytes; the kernel's squashfs refuses more than 4096.
pub(crate) const SYMLINK_MAX: usize = 4095;

/// `inode_type`: `SQUASHFS_DIR_TYPE` and so on.
pub(crate) mod kind {
    pub(crate) const DIRECTORY: u16 = 1;
    pub(crate) const REGULAR: u16 = 2;
    pub(crate) const SYMLINK: u16 = 3;
    pub(crate) const BLOCK_DEVICE: u16 = 4;
    pub(crate) const CHAR_DEVICE: u16 = 5;
    pub(crate) const FIFO: u16 = 6;
    pub(crate) const SOCKET: u16 = 7;
    /// From a type to its long form: `SQUASHFS_LDIR_TYPE` and so on.
    pub(crate) const LONG: u16 = 7;
}

/// `struct squashfs_base_inode`: what every inode begins with.
#[derive(Debug, Clone, FromBytes, Immutable, IntoBytes, KnownLayout)]
#[repr(C)]
pub(crate) struct BaseInode {
    pub(crate) inode_type: U16,
    /// Permission bits alone.
    pub(crate) mode: U16,
    /// Place in the table of ids.
    pub(crate) uid: U16,
    /// Place in the table of ids.
    pub(crate) guid: U16,
    /// Unsigned.
    pub(crate) mtime: U32,
    pub(crate) inode_number: U32,
}

/// `struct squashfs_dir_inode` after its base.
#[derive(Debug, Clone, FromBytes, Immutable, IntoBytes, KnownLayout)]
#[repr(C)]
pub(crate) struct DirInode {
    /// The metadata block that the listing begins in, from the start of the table of directories.
    pub(crate) start_block: U32,
    pub(crate) nlink: U32,
    /// Of the listing, and [`super::LISTING_EXTRA`].
    pub(crate) file_size: U16,
    /// Of the listing in its block.
    pub(crate) offset: U16,
    pub(crate) parent_inode: U32,
}

/// `struct squashfs_ldir_inode` after its base; `i_count` times [`super::DirIndex`] follow.
#[derive(Debug, Clone, FromBytes, Immutable, IntoBytes, KnownLayout)]
#[repr(C)]
pub(crate) struct LongDirInode {
    pub(crate) nlink: U32,
    pub(crate) file_size: U32,
    pub(crate) start_block: U32,
    pub(crate) parent_inode: U32,

    pub(crate) i_count: U16,
    pub(crate) offset: U16,
    pub(crate) xattr: U32,
}

/// `struct squashfs_reg_inode` after its base; the sizes of the blocks follow.
#[derive(Debug, Clone, FromBytes, Immutable, IntoBytes, KnownLayout)]
#[repr(C)]
pub(crate) struct RegInode {
    /// Where the first block is, from the start of the image.
    pub(crate) start_block: U32,
    pub(crate) fragment: U32,
    /// Of the end of the file in that fragment.
    pub(crate) offset: U32,
    pub(crate) file_size: U32,
}

/// `struct squashfs_lreg_inode` after its base; the sizes of the blocks follow.
#[derive(Debug, Clone, FromBytes, Immutable, IntoBytes, KnownLayout)]
#[repr(C)]
pub(crate) struct LongRegInode {
    pub(crate) start_block: U64,
    pub(crate) file_size: U64,

    /// Bytes of it in blocks of zeros.
    pub(crate) sparse: U64,
    pub(crate) nlink: U32,
    pub(crate) fragment: U32,

    pub(crate) offset: U32,
    pub(crate) xattr: U32,
}

/// `struct squashfs_symlink_inode` after its base; the target follows, and then [`XattrIndex`] in the long form.
#[derive(Debug, Clone, FromBytes, Immutable, IntoBytes, KnownLayout)]
#[repr(C)]
pub(crate) struct SymlinkInode {
    pub(crate) nlink: U32,
    pub(crate) symlink_size: U32,
}

/// `struct squashfs_dev_inode` after its base; [`XattrIndex`] follows in the long form.
#[derive(Debug, Clone, FromBytes, Immutable, IntoBytes, KnownLayout)]
#[repr(C)]
pub(crate) struct DevInode {
    pub(crate) nlink: U32,
    /// As `new_encode_dev` of `include/linux/kdev_t.h` puts it.
    pub(crate) rdev: U32,
}

/// `struct squashfs_ipc_inode` after its base; [`XattrIndex`] follows in the long form.
#[derive(Debug, Clone, FromBytes, Immutable, IntoBytes, KnownLayout)]
#[repr(C)]
pub(crate) struct IpcInode {
    pub(crate) nlink: U32,
}

/// `xattr`, where it ends an inode.
#[derive(Debug, Clone, FromBytes, Immutable, IntoBytes, KnownLayout)]
#[repr(C)]
pub(crate) struct XattrIndex {
    pub(crate) xattr: U32,
}

const _: () = assert!(size_of::<BaseInode>() == 16 && size_of::<DirInode>() == 16 && size_of::<LongDirInode>() == 24);
const _: () = assert!(size_of::<RegInode>() == 16 && size_of::<LongRegInode>() == 40);
