use zerocopy::little_endian::{U16, U32};
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout};

/// What a cluster is compressed with: `Z_EROFS_COMPRESSION_LZ4` and so on.
pub(crate) mod algorithm {
    pub(crate) const LZ4: u8 = 0;
    pub(crate) const LZMA: u8 = 1;
    pub(crate) const DEFLATE: u8 = 2;
    pub(crate) const ZSTD: u8 = 3;
}

/// `Z_EROFS_PCLUSTER_MAX_SIZE`: most bytes of a compressed cluster.
pub(crate) const CLUSTER_MAX: u32 = 1 << 20;
/// `Z_EROFS_PCLUSTER_MAX_DSIZE`: most bytes that come out of one.
pub(crate) const UNPACKED_MAX: u64 = 12 << 20;

/// `h_advise`.
pub(crate) mod advise {
    /// Where sixteen indexes fit, they have two bytes each.
    pub(crate) const COMPACTED_2B: u16 = 0x01;
    /// Clusters of the first algorithm may have several blocks.
    pub(crate) const BIG_PCLUSTER_1: u16 = 0x02;
    /// Clusters of the second.
    pub(crate) const BIG_PCLUSTER_2: u16 = 0x04;
    /// The last cluster stands behind the indexes.
    pub(crate) const INLINE_PCLUSTER: u16 = 0x08;
    /// What is not compressed keeps its place in its block.
    pub(crate) const INTERLACED_PCLUSTER: u16 = 0x10;
    /// The end of the file is in the packed inode.
    pub(crate) const FRAGMENT_PCLUSTER: u16 = 0x20;
}

/// `Z_EROFS_FRAGMENT_INODE_BIT` of `h_clusterbits`: the whole file is in the packed inode.
pub(crate) const FRAGMENT_INODE: u8 = 0x80;

/// `struct z_erofs_map_header`: in front of the indexes of a compressed file.
#[derive(Debug, Clone, FromBytes, Immutable, IntoBytes, KnownLayout)]
#[repr(C)]
pub(crate) struct MapHeader {
    /// With [`advise::FRAGMENT_PCLUSTER`], the low half of `h_fragmentoff`.
    pub(crate) h_reserved1: U16,
    /// Bytes of the last cluster with [`advise::INLINE_PCLUSTER`].
    pub(crate) h_idata_size: U16,
    pub(crate) h_advise: U16,
    /// The first algorithm in the lower four bits, the second above.
    pub(crate) h_algorithmtype: u8,
    pub(crate) h_clusterbits: u8,
}

/// `Z_EROFS_LCLUSTER_TYPE_PLAIN` and so on: what a block of the content is.
pub(crate) mod cluster {
    /// A cluster that is not compressed begins in it.
    pub(crate) const PLAIN: u8 = 0;
    /// A compressed one does.
    pub(crate) const HEAD1: u8 = 1;
    /// None does.
    pub(crate) const NONHEAD: u8 = 2;
    /// One of the second algorithm does.
    pub(crate) const HEAD2: u8 = 3;
}

/// `Z_EROFS_LI_D0_CBLKCNT`: the first block after a head says how many blocks the compressed cluster has, not how far away the head is.
pub(crate) const D0_CBLKCNT: u16 = 1 << 11;
/// `Z_EROFS_LI_PARTIAL_REF`: only the beginning of the cluster is this file's.
pub(crate) const PARTIAL_REF: u16 = 1 << 15;
/// Between the header and indexes of eight bytes there is this much nothing.
pub(crate) const FULL_INDEX_GAP: u64 = 8;

/// `struct z_erofs_lcluster_index`.
#[derive(Debug, Clone, FromBytes, Immutable, IntoBytes, KnownLayout)]
#[repr(C)]
pub(crate) struct FullIndex {
    pub(crate) di_advise: U16,
    pub(crate) di_clusterofs: U16,
    /// The place of a head; else the distances to the last and to the next head.
    pub(crate) di_u: U32,
}

/// `struct z_erofs_lz4_cfgs`, with its length in front of it.
#[derive(Debug, Clone, FromBytes, Immutable, IntoBytes, KnownLayout)]
#[repr(C)]
pub(crate) struct Lz4Config {
    pub(crate) length: U16,
    pub(crate) max_distance: U16,
    pub(crate) max_pclusterblks: U16,
    pub(crate) reserved: [u8; 10],
}

/// `struct z_erofs_zstd_cfgs`, with its length in front of it.
#[derive(Debug, Clone, FromBytes, Immutable, IntoBytes, KnownLayout)]
#[repr(C)]
pub(crate) struct ZstdConfig {
    pub(crate) length: U16,
    pub(crate) format: u8,
    /// Logarithm of the window less ten.
    pub(crate) windowlog: u8,
    pub(crate) reserved: [u8; 4],
}

const _: () = assert!(size_of::<MapHeader>() == 8 && size_of::<FullIndex>() == 8);
const _: () = assert!(size_of::<Lz4Config>() == 16 && size_of::<ZstdConfig>() == 8);
