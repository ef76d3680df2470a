use zerocopy::little_endian::{U32, U64};
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout};

/// `SQUASHFS_METADATA_SIZE`: bytes of a metadata block before compression, but for the last of its table.
pub(crate) const METADATA_SIZE: usize = 8192;
/// `SQUASHFS_COMPRESSED_BIT`: in the two bytes before a metadata block, besides its size, when it is stored as it is.
pub(crate) const METADATA_UNCOMPRESSED: u16 = 1 << 15;
/// `SQUASHFS_COMPRESSED_BIT_BLOCK`: in the size of a data block, when it is stored as it is. A size of 0 is a block of zeros.
pub(crate) const BLOCK_UNCOMPRESSED: u32 = 1 << 24;

/// `SQUASHFS_MKINODE`: a place in a table of metadata, by its block (from the table's start) and the offset in it.
pub(crate) fn reference(block: u64, offset: u16) -> u64 {
    block << 16 | u64::from(offset)
}

/// `struct squashfs_fragment_entry`.
#[derive(Debug, Clone, FromBytes, Immutable, IntoBytes, KnownLayout)]
#[repr(C)]
pub(crate) struct FragmentEntry {
    pub(crate) start_block: U64,
    pub(crate) size: U32,
    pub(crate) unused: U32,
}

/// `struct squashfs_xattr_id`: the attributes of an inode.
#[derive(Debug, Clone, FromBytes, Immutable, IntoBytes, KnownLayout)]
#[repr(C)]
pub(crate) struct XattrId {
    /// The first, by its reference.
    pub(crate) xattr: U64,
    pub(crate) count: U32,
    /// Of all names, each with its prefix and a NUL as listxattr(2) gives it, and of all values; mksquashfs means that by it, and no reader looks.
    pub(crate) size: U32,
}

/// `struct squashfs_xattr_id_table`: before the index of the table of [`XattrId`].
#[derive(Debug, Clone, FromBytes, Immutable, IntoBytes, KnownLayout)]
#[repr(C)]
pub(crate) struct XattrIdTable {
    pub(crate) xattr_table_start: U64,
    pub(crate) xattr_ids: U32,
    pub(crate) unused: U32,
}

const _: () = assert!(size_of::<FragmentEntry>() == 16 && size_of::<XattrId>() == 16 && size_of::<XattrIdTable>() == 16);
