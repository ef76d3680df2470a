use zerocopy::little_endian::{U16, U32};
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout};

/// `SQUASHFS_XATTR_USER`, `_TRUSTED` and `_SECURITY`: what is stored of a name's beginning is its place here. There are no others.
pub(crate) const PREFIXES: [&[u8]; 3] = [b"user.", b"trusted.", b"security."];
/// `SQUASHFS_XATTR_VALUE_OOL`: instead of the value there is a reference to it.
pub(crate) const VALUE_OUT_OF_LINE: u16 = 0x100;
/// Longest name, with its beginning, and longest value that Linux has: `XATTR_NAME_MAX` and `XATTR_SIZE_MAX`.
pub(crate) const XATTR_NAME_MAX: usize = 255;
/// See [`XATTR_NAME_MAX`].
pub(crate) const XATTR_VALUE_MAX: usize = 65_536;

/// `struct squashfs_xattr_entry`; the rest of the name follows, and then [`XattrValue`].
#[derive(Debug, Clone, FromBytes, Immutable, IntoBytes, KnownLayout)]
#[repr(C)]
pub(crate) struct XattrEntry {
    pub(crate) entry_type: U16,
    /// Of the rest of the name.
    pub(crate) size: U16,
}

/// `struct squashfs_xattr_val`; the value follows, or the reference to it.
#[derive(Debug, Clone, FromBytes, Immutable, IntoBytes, KnownLayout)]
#[repr(C)]
pub(crate) struct XattrValue {
    pub(crate) vsize: U32,
}

const _: () = assert!(size_of::<XattrEntry>() == 4 && size_of::<XattrValue>() == 4);
