use zerocopy::little_endian::{U16, U64};
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout};

/// `EROFS_NAME_LEN`: longest name, in bytes.
pub(crate) const NAME_MAX: usize = 255;

/// What a name stands for, as `FT_REG_FILE` and so on of `include/linux/fs_types.h`.
pub(crate) mod file_type {
    pub(crate) const REGULAR: u8 = 1;
    pub(crate) const DIRECTORY: u8 = 2;
    pub(crate) const CHAR_DEVICE: u8 = 3;
    pub(crate) const BLOCK_DEVICE: u8 = 4;
    pub(crate) const FIFO: u8 = 5;
    pub(crate) const SOCKET: u8 = 6;
    pub(crate) const SYMLINK: u8 = 7;
}

/// `struct erofs_dirent`. A block of a directory begins with them and goes on with their names, in the same order.
#[derive(Debug, Clone, FromBytes, Immutable, IntoBytes, KnownLayout)]
#[repr(C)]
pub(crate) struct Dirent {
    pub(crate) nid: U64,
    /// Of the name in its block. The first one's says how many entries there are.
    pub(crate) nameoff: U16,
    pub(crate) file_type: u8,
    pub(crate) reserved: u8,
}

const _: () = assert!(size_of::<Dirent>() == 12);
