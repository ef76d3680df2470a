use zerocopy::little_endian::{U16, U32};
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout};

/// `eh_magic`
pub(crate) const EXTENT_MAGIC: u16 = 0xF30A;
/// `EXT_INIT_MAX_LEN`: most blocks of one extent that has been written.
pub(crate) const INIT_MAX_LEN: u32 = 32_768;

/// `struct ext4_extent_header`: begins every node of the tree.
#[derive(Debug, Clone, FromBytes, Immutable, IntoBytes, KnownLayout)]
#[repr(C)]
pub(crate) struct ExtentHeader {
    pub(crate) eh_magic: U16,
    pub(crate) eh_entries: U16,
    pub(crate) eh_max: U16,
    pub(crate) eh_depth: U16,
    pub(crate) eh_generation: U32,
}

/// `struct ext4_extent`: an entry of a leaf.
#[derive(Debug, Clone, FromBytes, Immutable, IntoBytes, KnownLayout)]
#[repr(C)]
pub(crate) struct Extent {
    pub(crate) ee_block: U32,
    pub(crate) ee_len: U16,
    pub(crate) ee_start_hi: U16,
    pub(crate) ee_start_lo: U32,
}

/// `struct ext4_extent_idx`: an entry of an inner node.
#[derive(Debug, Clone, FromBytes, Immutable, IntoBytes, KnownLayout)]
#[repr(C)]
pub(crate) struct ExtentIdx {
    pub(crate) ei_block: U32,
    pub(crate) ei_leaf_lo: U32,
    pub(crate) ei_leaf_hi: U16,
    pub(crate) ei_unused: U16,
}

const _: () = assert!(size_of::<ExtentHeader>() == 12 && size_of::<Extent>() == 12 && size_of::<ExtentIdx>() == 12);
