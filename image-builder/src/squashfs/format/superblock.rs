use zerocopy::little_endian::{U16, U32, U64};
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout};

/// `SQUASHFS_MAGIC`: "hsqs".
pub(crate) const MAGIC: u32 = 0x7371_7368;
/// `SQUASHFS_MAJOR` and `SQUASHFS_MINOR`.
pub(crate) const MAJOR: u16 = 4;
/// See [`MAJOR`].
pub(crate) const MINOR: u16 = 0;
/// `SQUASHFS_INVALID_BLK`: where a table would begin that is not there.
pub(crate) const ABSENT: u64 = u64::MAX;
/// What images are padded to, in bytes: the largest block that a loop device is read in.
pub(crate) const DEVICE_BLOCK: u64 = 4096;
/// Most users and groups together: their number must fit [`Superblock::no_ids`].
pub(crate) const ID_MAX: usize = 65_535;

/// What data and metadata are compressed with: `ZLIB_COMPRESSION` and so on.
pub(crate) mod compression {
    pub(crate) const ZLIB: u16 = 1;
    pub(crate) const XZ: u16 = 4;
    pub(crate) const LZ4: u16 = 5;
    pub(crate) const ZSTD: u16 = 6;
}

/// `flags`. Readers need [`Flags::COMPRESSOR_OPTIONS`] alone; the others tell people how the image was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Flags(pub(crate) u16);

impl Flags {
    /// `SQUASHFS_NOI`: inodes are not compressed.
    pub(crate) const UNCOMPRESSED_INODES: Self = Self(0x0001);
    /// `SQUASHFS_NOD`: data is not compressed.
    pub(crate) const UNCOMPRESSED_DATA: Self = Self(0x0002);
    /// `SQUASHFS_NOF`: fragments are not compressed.
    pub(crate) const UNCOMPRESSED_FRAGMENTS: Self = Self(0x0008);
    /// `SQUASHFS_NO_FRAG`: there are no fragments.
    pub(crate) const NO_FRAGMENTS: Self = Self(0x0010);
    /// `SQUASHFS_ALWAYS_FRAG`: the ends of files longer than a block are in fragments too.
    pub(crate) const ALWAYS_FRAGMENTS: Self = Self(0x0020);
    /// `SQUASHFS_DUPLICATE`: contents that are the same are stored once.
    pub(crate) const DUPLICATES: Self = Self(0x0040);
    /// `SQUASHFS_EXPORT`: inodes can be found by their number.
    pub(crate) const EXPORT: Self = Self(0x0080);
    /// `SQUASHFS_NOX`: extended attributes are not compressed.
    pub(crate) const UNCOMPRESSED_XATTRS: Self = Self(0x0100);
    /// `SQUASHFS_COMP_OPT`: the options of the compressor follow the superblock.
    pub(crate) const COMPRESSOR_OPTIONS: Self = Self(0x0400);
    /// `SQUASHFS_NOID`: users and groups are not compressed.
    pub(crate) const UNCOMPRESSED_IDS: Self = Self(0x0800);

    /// These as well, when the condition holds.
    pub(crate) fn with(self, others: Self, condition: bool) -> Self {
        if condition { Self(self.0 | others.0) } else { self }
    }
}

/// `struct squashfs_super_block`, at byte 0.
#[derive(Debug, Clone, FromBytes, Immutable, IntoBytes, KnownLayout)]
#[repr(C)]
pub(crate) struct Superblock {
    pub(crate) s_magic: U32,
    pub(crate) inodes: U32,
    pub(crate) mkfs_time: U32,
    pub(crate) block_size: U32,

    pub(crate) fragments: U32,
    pub(crate) compression: U16,
    pub(crate) block_log: U16,
    pub(crate) flags: U16,
    pub(crate) no_ids: U16,
    pub(crate) s_major: U16,
    pub(crate) s_minor: U16,

    pub(crate) root_inode: U64,
    pub(crate) bytes_used: U64,

    pub(crate) id_table_start: U64,
    pub(crate) xattr_id_table_start: U64,

    pub(crate) inode_table_start: U64,
    pub(crate) directory_table_start: U64,

    pub(crate) fragment_table_start: U64,
    pub(crate) lookup_table_start: U64,
}

const _: () = assert!(size_of::<Superblock>() == 96);
