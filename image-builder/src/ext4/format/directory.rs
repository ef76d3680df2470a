use zerocopy::little_endian::{U16, U32};
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout};

/// `EXT4_FT_DIR_CSUM`: the type of the entry that is a block's tail.
pub(crate) const FILE_TYPE_TAIL: u8 = 0xDE;

/// `file_type` of an entry.
pub(crate) mod file_type {
    pub(crate) const REGULAR: u8 = 1;
    pub(crate) const DIRECTORY: u8 = 2;
    pub(crate) const CHAR_DEVICE: u8 = 3;
    pub(crate) const BLOCK_DEVICE: u8 = 4;
    pub(crate) const FIFO: u8 = 5;
    pub(crate) const SOCKET: u8 = 6;
    pub(crate) const SYMLINK: u8 = 7;
}

/// `struct ext4_dir_entry_2` up to the name.
#[derive(Debug, Clone, FromBytes, Immutable, IntoBytes, KnownLayout)]
#[repr(C)]
pub(crate) struct DirEntryHead {
    pub(crate) inode: U32,
    pub(crate) rec_len: U16,
    pub(crate) name_len: u8,
    pub(crate) file_type: u8,
}

/// `struct ext4_dir_entry_tail`: ends every block of entries.
#[derive(Debug, Clone, FromBytes, Immutable, IntoBytes, KnownLayout)]
#[repr(C)]
pub(crate) struct DirTail {
    pub(crate) det_reserved_zero1: U32,
    pub(crate) det_rec_len: U16,
    pub(crate) det_reserved_zero2: u8,
    pub(crate) det_reserved_ft: u8,
    pub(crate) det_checksum: U32,
}

/// `struct dx_root_info`: after `.` and `..` in a hashed directory's first block.
#[derive(Debug, Clone, FromBytes, Immutable, IntoBytes, KnownLayout)]
#[repr(C)]
pub(crate) struct DxRootInfo {
    pub(crate) reserved_zero: U32,
    pub(crate) hash_version: u8,
    pub(crate) info_length: u8,
    pub(crate) indirect_levels: u8,
    pub(crate) unused_flags: u8,
}

/// `struct dx_countlimit`: lies over the hash of the first [`DxEntry`] of a block.
#[derive(Debug, Clone, FromBytes, Immutable, IntoBytes, KnownLayout)]
#[repr(C)]
pub(crate) struct CountLimit {
    pub(crate) limit: U16,
    pub(crate) count: U16,
}

/// `struct dx_entry`: the lowest hash of a block below.
#[derive(Debug, Clone, FromBytes, Immutable, IntoBytes, KnownLayout)]
#[repr(C)]
pub(crate) struct DxEntry {
    pub(crate) hash: U32,
    pub(crate) block: U32,
}

/// `struct dx_tail`: ends every block of a hash tree.
#[derive(Debug, Clone, FromBytes, Immutable, IntoBytes, KnownLayout)]
#[repr(C)]
pub(crate) struct DxTail {
    pub(crate) dt_reserved: U32,
    pub(crate) dt_checksum: U32,
}

const _: () = assert!(size_of::<DirEntryHead>() == 8 && size_of::<DirTail>() == 12);
const _: () =
    assert!(size_of::<DxRootInfo>() == 8 && size_of::<CountLimit>() == 4 && size_of::<DxEntry>() == 8 && size_of::<DxTail>() == 8);
