use zerocopy::little_endian::{U16, U32, U64};
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout};

/// `EROFS_SUPER_MAGIC_V1`.
pub(crate) const MAGIC: u32 = 0xE0F5_E1E2;
/// `EROFS_SUPER_OFFSET`: where the superblock is in its block, in bytes.
pub(crate) const SUPER_OFFSET: u64 = 1024;
/// Bytes of a block in images that are written here: the page of nearly all machines, and the only one that kernels before 6.4 read.
pub(crate) const BLOCK: u64 = 4096;
/// Its logarithm.
pub(crate) const BLOCK_BITS: u8 = 12;
/// `EROFS_SB_EXTSLOT_SIZE`: the superblock may be longer by so many of these, in bytes.
pub(crate) const SLOT: u64 = 16;

/// `feature_compat`: what older readers may ignore.
pub(crate) mod compat {
    /// The block of the superblock has a checksum.
    pub(crate) const SB_CHKSUM: u32 = 0x01;
    /// Times are those of the content, not of the inode.
    pub(crate) const MTIME: u32 = 0x02;
}

/// `feature_incompat`: what a reader must know.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Incompat(pub(crate) u32);

impl Incompat {
    /// Zeros are in front of what is compressed, not behind it.
    pub(crate) const ZERO_PADDING: Self = Self(0x01);
    /// Behind the superblock stands how each algorithm was set up; compressed clusters may have several blocks.
    pub(crate) const COMPR_CFGS: Self = Self(0x02);
    /// Files may consist of chunks.
    pub(crate) const CHUNKED_FILE: Self = Self(0x04);
    /// There are other devices, or a second algorithm.
    pub(crate) const DEVICE_TABLE: Self = Self(0x08);
    /// The last compressed cluster of a file may stand behind its indexes.
    pub(crate) const ZTAILPACKING: Self = Self(0x10);
    /// Ends of files may be in a file of their own.
    pub(crate) const FRAGMENTS: Self = Self(0x20);
    /// Names of attributes may begin with a longer prefix.
    pub(crate) const XATTR_PREFIXES: Self = Self(0x40);

    pub(crate) fn has(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    /// These as well, when the condition holds.
    pub(crate) fn with(self, other: Self, condition: bool) -> Self {
        if condition { Self(self.0 | other.0) } else { self }
    }
}

/// `struct erofs_super_block`.
#[derive(Debug, Clone, FromBytes, Immutable, IntoBytes, KnownLayout)]
#[repr(C)]
pub(crate) struct Superblock {
    pub(crate) magic: U32,
    /// CRC-32C of the block from the superblock on, with zeros here.
    pub(crate) checksum: U32,
    pub(crate) feature_compat: U32,
    pub(crate) blkszbits: u8,
    /// The superblock is longer by so many times [`SLOT`].
    pub(crate) sb_extslots: u8,
    pub(crate) root_nid: U16,

    pub(crate) inos: U64,
    /// The time of compact inodes, in seconds: `epoch` of later kernels.
    pub(crate) build_time: U64,

    pub(crate) build_time_nsec: U32,
    pub(crate) blocks: U32,
    /// The block that nids count from.
    pub(crate) meta_blkaddr: U32,
    /// The block that ids of shared attributes count from.
    pub(crate) xattr_blkaddr: U32,

    pub(crate) uuid: [u8; 16],

    pub(crate) volume_name: [u8; 16],

    pub(crate) feature_incompat: U32,
    /// A bit for each algorithm with [`Incompat::COMPR_CFGS`], and without it how far lz4 looks back: 64 KiB when zero.
    pub(crate) available_compr_algs: U16,
    pub(crate) extra_devices: U16,
    pub(crate) devt_slotoff: U16,
    pub(crate) dirblkbits: u8,
    pub(crate) xattr_prefix_count: u8,
    pub(crate) xattr_prefix_start: U32,

    pub(crate) packed_nid: U64,
    pub(crate) xattr_filter_reserved: u8,
    pub(crate) reserved: [u8; 23],
}

const _: () = assert!(size_of::<Superblock>() == 128);

/// The checksum of a block from the superblock on, in which the field is zero: CRC-32C from all ones, not inverted at the end.
pub(crate) fn checksum(block: &[u8]) -> u32 {
    !crc32c::crc32c(block)
}
