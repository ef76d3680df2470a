use zerocopy::little_endian::{U16, U32, U64};
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout};

/// An inode begins at a multiple of so many bytes; a nid counts these.
pub(crate) const INODE_SLOT: u64 = 32;
/// Longest target of a link that Linux makes, in bytes.
pub(crate) const SYMLINK_MAX: usize = 4095;
/// `EROFS_I_VERSION_BIT`: the inode is an extended one.
pub(crate) const EXTENDED: u16 = 1;
/// `EROFS_I_DATALAYOUT_BIT`.
pub(crate) const LAYOUT_SHIFT: u32 = 1;
/// Bits of `i_format` in use.
pub(crate) const FORMAT_ALL: u16 = 0x0F;

/// Where a content is: `EROFS_INODE_FLAT_PLAIN` and so on.
pub(crate) mod layout {
    /// In blocks that follow each other.
    pub(crate) const FLAT_PLAIN: u16 = 0;
    /// In compressed clusters, with an index of eight bytes for each block of the content.
    pub(crate) const COMPRESSED_FULL: u16 = 1;
    /// In blocks that follow each other, but for the last, which stands behind the inode.
    pub(crate) const FLAT_INLINE: u16 = 2;
    /// In compressed clusters, with indexes of four or two bytes.
    pub(crate) const COMPRESSED_COMPACT: u16 = 3;
    /// In chunks, each with its place.
    pub(crate) const CHUNK_BASED: u16 = 4;
}

/// `EROFS_CHUNK_FORMAT_BLKBITS_MASK`: a chunk has two to this power blocks.
pub(crate) const CHUNK_BITS_MASK: u16 = 0x1F;
/// `EROFS_CHUNK_FORMAT_INDEXES`: places have eight bytes, not four.
pub(crate) const CHUNK_INDEXES: u16 = 0x20;
/// `EROFS_NULL_ADDR`: a chunk of zeros.
pub(crate) const NULL_ADDR: u32 = u32::MAX;

/// The type in `i_mode`: `S_IFDIR` and so on.
pub(crate) mod mode {
    pub(crate) const TYPE: u16 = 0o170_000;
    pub(crate) const FIFO: u16 = 0o010_000;
    pub(crate) const CHAR_DEVICE: u16 = 0o020_000;
    pub(crate) const DIRECTORY: u16 = 0o040_000;
    pub(crate) const BLOCK_DEVICE: u16 = 0o060_000;
    pub(crate) const REGULAR: u16 = 0o100_000;
    pub(crate) const SYMLINK: u16 = 0o120_000;
    pub(crate) const SOCKET: u16 = 0o140_000;
}

/// `struct erofs_inode_compact`.
#[derive(Debug, Clone, FromBytes, Immutable, IntoBytes, KnownLayout)]
#[repr(C)]
pub(crate) struct CompactInode {
    pub(crate) i_format: U16,
    /// Four bytes each after the header's, which counts as one; none at all when zero.
    pub(crate) i_xattr_icount: U16,
    pub(crate) i_mode: U16,
    pub(crate) i_nlink: U16,
    pub(crate) i_size: U32,
    pub(crate) i_reserved: U32,

    /// The first block, the number of compressed blocks, the device's number or the form of chunks.
    pub(crate) i_u: U32,
    pub(crate) i_ino: U32,
    pub(crate) i_uid: U16,
    pub(crate) i_gid: U16,
    pub(crate) i_reserved2: U32,
}

/// `struct erofs_inode_extended`.
#[derive(Debug, Clone, FromBytes, Immutable, IntoBytes, KnownLayout)]
#[repr(C)]
pub(crate) struct ExtendedInode {
    pub(crate) i_format: U16,
    pub(crate) i_xattr_icount: U16,
    pub(crate) i_mode: U16,
    pub(crate) i_reserved: U16,
    pub(crate) i_size: U64,

    pub(crate) i_u: U32,
    pub(crate) i_ino: U32,
    pub(crate) i_uid: U32,
    pub(crate) i_gid: U32,

    pub(crate) i_mtime: U64,
    pub(crate) i_mtime_nsec: U32,
    pub(crate) i_nlink: U32,

    pub(crate) i_reserved2: [u8; 16],
}

const _: () = assert!(size_of::<CompactInode>() == 32 && size_of::<ExtendedInode>() == 64);
