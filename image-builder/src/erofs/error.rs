use crate::contents::ContentError;
use crate::limits::InodeError;
use crate::sink::SinkError;

/// Why a tree can't become an erofs. Paths are the tree's, with unprintable bytes escaped.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "the fields are what the message says of them")]
pub enum ErofsError {
    /// A level that the compressor does not have.
    #[error("{compressor} has no level {level}: {least} to {most} are possible")]
    Level { compressor: &'static str, level: u32, least: u32, most: u32 },
    /// [`crate::ErofsOptions::cluster_size`] is none.
    #[error("compressed clusters of {size} bytes are not possible: a power of two from 4096 to 1048576 is")]
    ClusterSize { size: u32 },
    /// [`crate::ErofsOptions::chunk_size`] is none.
    #[error("chunks of {size} bytes are not possible: a power of two from 4096 to 1048576 is")]
    ChunkSize { size: u32 },
    /// Chunks are never compressed.
    #[error("chunks can't be compressed with {compressor}")]
    CompressedChunks { compressor: &'static str },
    /// [`crate::ErofsOptions::label`] is too long.
    #[error("the label `{label}` is not 1 to 16 bytes without NUL")]
    Label { label: String },
    /// More blocks than 32 bits can count.
    #[error("the filesystem would have more than {limit} bytes")]
    TooLarge { limit: u64 },
    /// What no inode can be.
    #[error(transparent)]
    Inode(#[from] InodeError),
    /// An attribute outside the kernel's name spaces.
    #[error("the extended attribute `{name}` of `{path}` has a name that can't be kept")]
    AttributeName { path: String, name: String },
    /// A value whose length has no place.
    #[error("the extended attribute `{name}` of `{path}` has {length} bytes, more than the {limit} that are possible")]
    AttributeTooLarge { path: String, name: String, length: usize, limit: usize },
    /// More attributes than an inode can have.
    #[error("the extended attributes of `{path}` take {size} bytes, more than the {limit} there is room for")]
    AttributesTooLarge { path: String, size: usize, limit: usize },
    /// A compressor failed: it has no memory.
    #[error("{compressor} can't compress a block: {reason}")]
    Compressor { compressor: &'static str, reason: String },
    /// A content that does not get into it.
    #[error(transparent)]
    Content(#[from] ContentError),
    /// The image can't be written.
    #[error(transparent)]
    Sink(#[from] SinkError),
    /// The tree is not the one that was planned for.
    #[error("the tree has changed since the image was planned")]
    TreeChanged,
}

impl ErofsError {
    /// What to do about it, where that is known.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::AttributeName { .. } => {
                Some("remove it: erofs keeps those of user, trusted and security, and access control lists".to_owned())
            }
            Self::AttributeTooLarge { .. } | Self::AttributesTooLarge { .. } => Some("shorten or remove some of them".to_owned()),
            _ => None,
        }
    }
}
