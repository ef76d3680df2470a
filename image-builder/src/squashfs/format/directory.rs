use zerocopy::little_endian::{I16, U16, U32};
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout};

/// `SQUASHFS_DIR_COUNT`: most entries behind one header.
pub(crate) const DIR_COUNT: usize = 256;
/// What a directory's size has more than its listing: `.` and `..`, as readdir counts them.
pub(crate) const LISTING_EXTRA: u32 = 3;

/// `struct squashfs_dir_header`: entries follow whose inodes begin in one metadata block.
#[derive(Debug, Clone, FromBytes, Immutable, IntoBytes, KnownLayout)]
#[repr(C)]
pub(crate) struct DirHeader {
    /// Entries less one.
    pub(crate) count: U32,
    /// That block, from the start of the table of inodes.
    pub(crate) start_block: U32,
    /// What the entries' numbers are relative to.
    pub(crate) inode_number: U32,
}

/// `struct squashfs_dir_entry`; the name follows.
#[derive(Debug, Clone, FromBytes, Immutable, IntoBytes, KnownLayout)]
#[repr(C)]
pub(crate) struct DirEntry {
    /// Of the inode in its block.
    pub(crate) offset: U16,
    pub(crate) inode_number: I16,
    /// The short form, whatever the inode's is.
    pub(crate) entry_type: U16,
    /// Of the name, less one.
    pub(crate) size: U16,
}

/// `struct squashfs_dir_index`: a header that a search may begin at; the first name behind it follows.
#[derive(Debug, Clone, FromBytes, Immutable, IntoBytes, KnownLayout)]
#[repr(C)]
pub(crate) struct DirIndex {
    /// Where the header is in the listing.
    pub(crate) index: U32,
    /// The metadata block it begins in, from the start of the table of directories.
    pub(crate) start_block: U32,
    /// Of the name, less one.
    pub(crate) size: U32,
}

const _: () = assert!(size_of::<DirHeader>() == 12 && size_of::<DirEntry>() == 8 && size_of::<DirIndex>() == 12);
