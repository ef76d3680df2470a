use zerocopy::little_endian::{U16, U32};
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout};

/// Bytes an inode takes in its table.
pub(crate) const INODE_SIZE: usize = 256;
/// `i_extra_isize`: the fields after the first 128 bytes that are in use, through `i_projid`.
pub(crate) const EXTRA_ISIZE: u16 = 32;
/// Most names a file can have. A directory with more links counts 1.
pub(crate) const LINK_MAX: u32 = 65_000;
/// `i_flags`: the directory has a hash tree.
pub(crate) const INDEX_FL: u32 = 0x1000;
/// `i_flags`: `i_block` is an extent tree.
pub(crate) const EXTENTS_FL: u32 = 0x8_0000;
/// `i_flags`: the content is the value of an attribute.
pub(crate) const EA_INODE_FL: u32 = 0x20_0000;
/// `EXT4_DIND_BLOCK`: where in `i_block` the block of blocks of blocks is, as four bytes each.
pub(crate) const DIND_BLOCK: usize = 13;

/// The type in `i_mode`.
pub(crate) mod mode {
    pub(crate) const FIFO: u16 = 0x1000;
    pub(crate) const CHAR_DEVICE: u16 = 0x2000;
    pub(crate) const DIRECTORY: u16 = 0x4000;
    pub(crate) const BLOCK_DEVICE: u16 = 0x6000;
    pub(crate) const REGULAR: u16 = 0x8000;
    pub(crate) const SYMLINK: u16 = 0xA000;
    pub(crate) const SOCKET: u16 = 0xC000;
}

/// `struct ext4_inode` with the space for attributes that follows it.
#[derive(Debug, Clone, FromBytes, Immutable, IntoBytes, KnownLayout)]
#[repr(C)]
pub(crate) struct Inode {
    pub(crate) i_mode: U16,
    pub(crate) i_uid: U16,
    pub(crate) i_size_lo: U32,
    pub(crate) i_atime: U32,
    pub(crate) i_ctime: U32,

    pub(crate) i_mtime: U32,
    pub(crate) i_dtime: U32,
    pub(crate) i_gid: U16,
    pub(crate) i_links_count: U16,
    pub(crate) i_blocks_lo: U32,

    pub(crate) i_flags: U32,
    pub(crate) i_version: U32,
    pub(crate) i_block: [u8; 60],
    pub(crate) i_generation: U32,
    pub(crate) i_file_acl_lo: U32,
    pub(crate) i_size_high: U32,

    pub(crate) i_obso_faddr: U32,
    pub(crate) i_blocks_high: U16,
    pub(crate) i_file_acl_high: U16,
    pub(crate) i_uid_high: U16,
    pub(crate) i_gid_high: U16,
    pub(crate) i_checksum_lo: U16,
    pub(crate) i_reserved: U16,

    pub(crate) i_extra_isize: U16,
    pub(crate) i_checksum_hi: U16,
    pub(crate) i_ctime_extra: U32,
    pub(crate) i_mtime_extra: U32,
    pub(crate) i_atime_extra: U32,

    pub(crate) i_crtime: U32,
    pub(crate) i_crtime_extra: U32,
    pub(crate) i_version_hi: U32,
    pub(crate) i_projid: U32,

    pub(crate) xattrs: [u8; INODE_SIZE - 128 - EXTRA_ISIZE as usize],
}

const _: () = assert!(size_of::<Inode>() == INODE_SIZE);
const _: () = assert!(std::mem::offset_of!(Inode, i_block) == 0x28);
const _: () = assert!(std::mem::offset_of!(Inode, i_extra_isize) == 0x80);
