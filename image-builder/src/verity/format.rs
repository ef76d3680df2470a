//! The superblock in front of the hashes: structs and constants only, under the names of cryptsetup's `lib/verity/verity.c`.

use zerocopy::little_endian::{U16, U32, U64};
use zerocopy::{FromBytes, FromZeros, Immutable, IntoBytes, KnownLayout};

use super::{BLOCK_SIZE, SALT_LIMIT};

pub(crate) const SIGNATURE: [u8; 8] = *b"verity\0\0";
/// `sha256`, filled up with zeros.
pub(crate) const ALGORITHM: [u8; 32] = {
    let (name, mut field, mut at) = (*b"sha256", [0; 32], 0);
    while at < name.len() {
        field[at] = name[at];
        at += 1;
    }
    field
};

/// `struct verity_sb`
#[derive(Debug, Clone, FromBytes, Immutable, IntoBytes, KnownLayout)]
#[repr(C)]
pub(crate) struct Superblock {
    pub(crate) signature: [u8; 8],
    pub(crate) version: U32,
    pub(crate) hash_type: U32,

    pub(crate) uuid: [u8; 16],

    pub(crate) algorithm: [u8; 32],

    pub(crate) data_block_size: U32,
    pub(crate) hash_block_size: U32,
    pub(crate) data_blocks: U64,

    pub(crate) salt_size: U16,
    pub(crate) pad1: [u8; 6],
    pub(crate) salt: [u8; SALT_LIMIT],
    pub(crate) pad2: [u8; 168],
}

const _: () = assert!(size_of::<Superblock>() == 512);

impl Superblock {
    /// Of hashes as this crate writes them; a salt is at most [`SALT_LIMIT`] bytes.
    pub(crate) fn new(uuid: [u8; 16], salt: &[u8], data_blocks: u64) -> Self {
        let mut block = Self::new_zeroed();
        block.signature = SIGNATURE;
        block.version = U32::new(1);
        block.hash_type = U32::new(1);
        block.uuid = uuid;
        block.algorithm = ALGORITHM;
        block.data_block_size = U32::new(BLOCK_SIZE);
        block.hash_block_size = U32::new(BLOCK_SIZE);
        block.data_blocks = U64::new(data_blocks);
        block.salt_size = U16::new(u16::try_from(salt.len()).unwrap_or_default());
        block.salt[..salt.len()].copy_from_slice(salt);
        block
    }
}
