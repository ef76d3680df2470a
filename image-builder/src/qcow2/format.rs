use zerocopy::big_endian::{U32, U64};
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout};

/// `QFI\xfb`
pub(super) const MAGIC: u32 = 0x5146_49FB;
/// What is written; 2 is read, too.
pub(super) const VERSION: u32 = 3;
/// Logarithm of the clusters that are written: what qemu-img has when it isn't asked.
pub(super) const CLUSTER_BITS: u32 = 16;
/// Bytes of a cluster that is written.
pub(super) const CLUSTER: u64 = 1 << CLUSTER_BITS;
/// Sizes of clusters that are read, as logarithms.
pub(super) const CLUSTER_BITS_READ: std::ops::RangeInclusive<u32> = 9..=21;
/// Counts of references have 16 bits, as a logarithm.
pub(super) const REFCOUNT_ORDER: u32 = 4;
/// What compressed clusters' lengths are counted in.
pub(super) const SECTOR: u64 = 512;

/// `OFLAG_COPIED`: what an entry leads to has one reference.
pub(super) const COPIED: u64 = 1 << 63;
/// `OFLAG_COMPRESSED`: of a cluster.
pub(super) const COMPRESSED: u64 = 1 << 62;
/// `OFLAG_ZERO`: a cluster of zeros, wherever it is.
pub(super) const ZERO: u64 = 1;
/// Where an entry leads to.
pub(super) const OFFSET: u64 = 0x00FF_FFFF_FFFF_FE00;

/// `incompatible_features`: somebody didn't close it.
pub(super) const DIRTY: u64 = 1;
/// Its own tables are damaged.
pub(super) const CORRUPT: u64 = 1 << 1;
/// The data are in another file.
pub(super) const DATA_FILE: u64 = 1 << 2;
/// Clusters are compressed with what [`Header::compression_type`] says.
pub(super) const COMPRESSION_TYPE: u64 = 1 << 3;

/// `compression_type`
pub(super) const DEFLATE: u8 = 0;
/// See [`DEFLATE`]; QEMU 5.1 and later.
pub(super) const ZSTD: u8 = 1;

/// The header of version 3; one of version 2 ends with `snapshots_offset`.
#[derive(Debug, Clone, FromBytes, Immutable, IntoBytes, KnownLayout)]
#[repr(C)]
pub(super) struct Header {
    pub(super) magic: U32,
    pub(super) version: U32,
    pub(super) backing_file_offset: U64,
    pub(super) backing_file_size: U32,
    pub(super) cluster_bits: U32,
    pub(super) size: U64,
    pub(super) crypt_method: U32,
    pub(super) l1_size: U32,
    pub(super) l1_table_offset: U64,
    pub(super) refcount_table_offset: U64,
    pub(super) refcount_table_clusters: U32,
    pub(super) nb_snapshots: U32,
    pub(super) snapshots_offset: U64,
    pub(super) incompatible_features: U64,
    pub(super) compatible_features: U64,
    pub(super) autoclear_features: U64,
    pub(super) refcount_order: U32,
    pub(super) header_length: U32,
    pub(super) compression_type: u8,
    pub(super) padding: [u8; 7],
}

/// Bytes of version 2's.
pub(super) const OLD_HEADER: usize = 72;

const _: () = assert!(size_of::<Header>() == 112 && std::mem::offset_of!(Header, incompatible_features) == OLD_HEADER);

/// The header extension with the names of features, for programs that don't know them: type, bit, name.
const NAMES: [(u8, u8, &str); 3] = [(0, 0, "dirty bit"), (0, 1, "corrupt bit"), (0, 3, "compression type")];
/// Its type.
const NAMES_TYPE: u32 = 0x6803_F857;
/// Bytes of a name.
const NAME: usize = 46;

/// What follows the header: the names, and the mark of the end.
pub(super) fn extensions() -> Vec<u8> {
    let length = u32::try_from(NAMES.len() * (NAME + 2)).unwrap_or(0);
    let mut bytes = [NAMES_TYPE.to_be_bytes(), length.to_be_bytes()].concat();
    for (kind, bit, name) in NAMES {
        bytes.extend_from_slice(&[kind, bit]);
        bytes.extend(name.bytes().chain(std::iter::repeat(0)).take(NAME));
    }
    bytes.extend_from_slice(&[0; 8]);
    bytes
}
