use std::io;

use crate::sink::SinkError;

/// Why there is no tree of hashes, or not the one that was promised. Blocks are counted from 0.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "the fields are what the message says of them")]
pub enum VerityError {
    /// A salt too long for the superblock.
    #[error("a salt of {length} bytes is too long: {limit} are the most")]
    Salt { length: usize, limit: usize },
    /// No data to hash.
    #[error("there are no data to hash")]
    NoData,
    /// Blocks other than those of 4096 bytes.
    #[error("blocks of {size} bytes are not supported: only those of 4096 are")]
    BlockSize { size: u32 },
    /// The image can't be written.
    #[error(transparent)]
    Sink(#[from] SinkError),
    /// The data or the hashes can't be read.
    #[error("can't read the image at byte {offset}")]
    Read {
        offset: u64,
        #[source]
        source: io::Error,
    },
    /// Fewer data or hashes than the root hash speaks for.
    #[error("the {what} have {length} bytes where {needed} are needed")]
    TooShort { what: &'static str, length: u64, needed: u64 },
    /// The first block of hashes is not the one that was promised.
    #[error("the root hash is {found}, and {expected} was promised")]
    Root { found: String, expected: String },
    /// A block of hashes is not what the level above says. Level 0 has the hashes of the data.
    #[error("block {block} of the hashes is damaged: it is number {index} of level {level}")]
    HashBlock { block: u64, level: usize, index: u64 },
    /// A block of data is not what the hashes say.
    #[error("block {block} of the data is damaged")]
    DataBlock { block: u64 },
}
