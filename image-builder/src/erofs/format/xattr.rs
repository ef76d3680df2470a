use zerocopy::little_endian::{U16, U32};
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout};

/// What a name may begin with, and the number it is kept as: `EROFS_XATTR_INDEX_USER` and so on.
pub(crate) const PREFIXES: [(&[u8], u8); 3] = [(b"user.", 1), (b"trusted.", 4), (b"security.", 6)];
/// Names that are a number alone: `EROFS_XATTR_INDEX_POSIX_ACL_ACCESS` and `_DEFAULT`. Values are as setxattr(2) takes them.
pub(crate) const ACCESS_CONTROL_LISTS: [(&[u8], u8); 2] = [(b"system.posix_acl_access", 2), (b"system.posix_acl_default", 3)];
/// `EROFS_XATTR_LONG_PREFIX`: the number is one of the image's own prefixes.
pub(crate) const LONG_PREFIX: u8 = 0x80;
/// Longest value whose length fits [`XattrEntry::e_value_size`].
pub(crate) const VALUE_MAX: usize = 65_535;
/// Attributes, and ids of shared ones, are at multiples of so many bytes.
pub(crate) const XATTR_ALIGN: usize = 4;

/// `struct erofs_xattr_ibody_header`; ids of shared attributes and then entries follow.
#[derive(Debug, Clone, Default, FromBytes, Immutable, IntoBytes, KnownLayout)]
#[repr(C)]
pub(crate) struct XattrHeader {
    /// In kernels from 6.6 on, where the image says so.
    pub(crate) h_name_filter: U32,
    pub(crate) h_shared_count: u8,
    pub(crate) h_reserved2: [u8; 7],
}

/// `struct erofs_xattr_entry`; the name and the value follow.
#[derive(Debug, Clone, FromBytes, Immutable, IntoBytes, KnownLayout)]
#[repr(C)]
pub(crate) struct XattrEntry {
    pub(crate) e_name_len: u8,
    pub(crate) e_name_index: u8,
    pub(crate) e_value_size: U16,
}

const _: () = assert!(size_of::<XattrHeader>() == 12 && size_of::<XattrEntry>() == 4);
