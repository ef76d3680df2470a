use zerocopy::little_endian::{U16, U32};
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout};

/// `h_magic`, and what begins the attributes inside an inode.
pub(crate) const XATTR_MAGIC: u32 = 0xEA02_0000;
/// `EXT4_XATTR_REFCOUNT_MAX`: most inodes that share a block of attributes.
pub(crate) const XATTR_REFCOUNT_MAX: u32 = 1024;
/// `XATTR_SIZE_MAX` of `include/uapi/linux/limits.h`: the longest value that a system call can give or take.
pub(crate) const XATTR_SIZE_MAX: usize = 65_536;

/// `struct ext4_xattr_header`: begins a block of attributes.
#[derive(Debug, Clone, FromBytes, Immutable, IntoBytes, KnownLayout)]
#[repr(C)]
pub(crate) struct XattrHeader {
    pub(crate) h_magic: U32,
    pub(crate) h_refcount: U32,
    pub(crate) h_blocks: U32,
    pub(crate) h_hash: U32,

    pub(crate) h_checksum: U32,
    pub(crate) h_reserved: [U32; 3],
}

/// `struct ext4_xattr_entry` up to the name.
#[derive(Debug, Clone, FromBytes, Immutable, IntoBytes, KnownLayout)]
#[repr(C)]
pub(crate) struct XattrEntry {
    pub(crate) e_name_len: u8,
    pub(crate) e_name_index: u8,
    pub(crate) e_value_offs: U16,
    pub(crate) e_value_inum: U32,
    pub(crate) e_value_size: U32,
    pub(crate) e_hash: U32,
}

const _: () = assert!(size_of::<XattrHeader>() == 32 && size_of::<XattrEntry>() == 16);
