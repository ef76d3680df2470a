//! dm-verity: a tree of hashes over a filesystem that never changes. The kernel checks each block against it when it reads the block, so that the
//! hash at the root speaks for every byte.
//!
//! Hash type 1, SHA-256 over the salt and the block, blocks of 4096 bytes. The root's block comes first, then level by level down to the hashes of
//! the data; each level is filled up with zeros to whole blocks. Source of the format: the kernel's
//! `Documentation/admin-guide/device-mapper/verity.rst`, and cryptsetup's wiki for the superblock.

mod check;
mod error;
mod format;
mod hasher;
mod levels;
mod root_hash;
mod sink;
mod writer;

pub use check::verify;
pub use error::VerityError;
pub(crate) use format::{ALGORITHM, SIGNATURE, Superblock};
pub(crate) use hasher::Hasher;
pub use levels::hash_area_size;
pub use root_hash::{RootHash, RootHashError};
pub use sink::VeritySink;

/// Bytes of a block of data, and of one of hashes.
pub(crate) const BLOCK_SIZE: u32 = 4096;
pub(crate) const BLOCK: usize = BLOCK_SIZE as usize;
/// Bytes of a hash.
pub(crate) const DIGEST: usize = 32;
/// Hashes in a block.
pub(crate) const HASHES: usize = BLOCK / DIGEST;
/// The most bytes that a salt can have.
pub(crate) const SALT_LIMIT: usize = 256;

/// What a tree of hashes should be like.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct VerityOptions {
    /// What is hashed before each block, at most 256 bytes; without it, 32 bytes derived from the filesystem's identity.
    pub salt: Option<Vec<u8>>,
    /// Whether the hashes begin with a block that describes them, as those of `veritysetup format` do and systemd needs. Kata's have none: there
    /// all of it is on the kernel's command line.
    pub superblock: bool,
}
