use crate::contents::ContentError;
use crate::limits::InodeError;
use crate::sink::SinkError;

/// Why a tree can't become a squashfs. Paths are the tree's, with unprintable bytes escaped.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "the fields are what the message says of them")]
pub enum SquashfsError {
    /// [`crate::SquashfsOptions::block_size`] is none.
    #[error("blocks of {block_size} bytes are not possible: a power of two from 4096 to 1048576 is")]
    BlockSize { block_size: u32 },
    /// A level that the compressor does not have.
    #[error("{compressor} has no level {level}: {least} to {most} are possible")]
    Level { compressor: &'static str, level: u32, least: u32, most: u32 },
    /// A dictionary that the kernel would refuse, or that is longer than what is compressed.
    #[error("a dictionary of {dictionary} bytes is not possible: 2ⁿ or 2ⁿ + 2ⁿ⁺¹ bytes from 8192 to the block size of {block_size} are")]
    Dictionary { dictionary: u32, block_size: u32 },
    /// More users and groups than can be counted.
    #[error("the tree has {count} different users and groups, more than the {limit} that a squashfs can have")]
    TooManyIds { count: usize, limit: usize },
    /// More inodes or directories than references can reach.
    #[error("the {table} would have more than {limit} bytes when compressed")]
    TableTooLarge { table: &'static str, limit: u64 },
    /// A file with more blocks than the kernel counts.
    #[error("`{path}` has {length} bytes, more than the {limit} that a file can have with blocks of this size")]
    FileTooLarge { path: String, length: u64, limit: u64 },
    /// A directory whose listing is longer than its size can say.
    #[error("the listing of the directory `{path}` would have more than {limit} bytes")]
    DirectoryTooLarge { path: String, limit: u64 },
    /// What no inode can be.
    #[error(transparent)]
    Inode(#[from] InodeError),
    /// A time out of range.
    #[error("`{path}` was changed {seconds} seconds after 1970, and 0 to 4294967295 can be told")]
    Time { path: String, seconds: i64 },
    /// [`crate::SquashfsOptions::time`] is out of range.
    #[error("the filesystem can't be made {seconds} seconds after 1970: 0 to 4294967295 can be told")]
    OwnTime { seconds: i64 },
    /// An attribute outside the name spaces that squashfs has.
    #[error("the extended attribute `{name}` of `{path}` can't be kept: squashfs has those of user, trusted and security alone")]
    AttributeName { path: String, name: String },
    /// A value that no kernel gives out.
    #[error("the extended attribute `{name}` of `{path}` has {length} bytes, more than the {limit} that are possible")]
    AttributeTooLarge { path: String, name: String, length: usize, limit: usize },
    /// A compressor failed: it has no memory.
    #[error("{compressor} can't compress a block: {reason}")]
    Compressor { compressor: &'static str, reason: String },
    /// A content that does not get into it.
    #[error(transparent)]
    Content(#[from] ContentError),
    /// The image can't be written.
    #[error(transparent)]
    Sink(#[from] SinkError),
}

impl SquashfsError {
    /// What to do about it, where that is known.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::AttributeName { .. } => {
                Some("remove it, or let the image go without it; access control lists need a filesystem such as ext4".to_owned())
            }
            Self::FileTooLarge { .. } => Some("larger blocks make room for longer files".to_owned()),
            Self::Time { .. } => Some("change the time of the file: squashfs keeps seconds from 1970 to 2106".to_owned()),
            _ => None,
        }
    }
}
