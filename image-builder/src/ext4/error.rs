use crate::contents::ContentError;
use crate::limits::InodeError;
use crate::sink::SinkError;

/// Why a tree can't become an ext4 filesystem. Paths are the tree's, with unprintable bytes escaped.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "the fields are what the message says of them")]
pub enum Ext4Error {
    /// [`crate::Size::Fixed`] is less than the tree takes.
    #[error("{size} bytes are too small for the tree: it needs {needed}")]
    TooSmall { size: u64, needed: u64 },
    /// More than 2³² blocks, or more groups than one of them can describe.
    #[error("the filesystem would have more than {limit} bytes")]
    TooLarge { limit: u64 },
    /// A file longer than an extent tree can map.
    #[error("`{path}` has {length} bytes, more than the {limit} that a file can have")]
    FileTooLarge { path: String, length: u64, limit: u64 },
    /// A file with too many names.
    #[error("`{path}` and its hard links are more than the {limit} names that a file can have")]
    TooManyLinks { path: String, limit: u32 },
    /// A directory that its hash tree can't hold.
    #[error("the directory `{path}` has too many entries: they need {blocks} blocks, and {limit} are the most")]
    DirectoryTooLarge { path: String, blocks: u64, limit: u64 },
    /// A name that no directory can hold.
    #[error("`{path}` can't be a file name")]
    Name { path: String },
    /// Where e2fsck puts what it finds is no directory.
    #[error("`/lost+found` is not a directory")]
    LostAndFound,
    /// What no inode can be.
    #[error(transparent)]
    Inode(#[from] InodeError),
    /// A time out of range, or with a second of nanoseconds or more.
    #[error("`{path}` was changed {seconds} seconds after 1970, and -2147483648 to 10737418239 can be told")]
    Time { path: String, seconds: i64 },
    /// An attribute outside the kernel's name spaces.
    #[error("the extended attribute `{name}` of `{path}` has a name that can't be kept")]
    AttributeName { path: String, name: String },
    /// Attributes that fit neither the inode nor a block, nor inodes of their own where the profile has these.
    #[error("the extended attributes of `{path}` take {size} bytes, more than the {limit} there is room for")]
    AttributesTooLarge { path: String, size: usize, limit: usize },
    /// An attribute that should be an access control list.
    #[error("the extended attribute `{name}` of `{path}` is not a valid access control list")]
    AccessControlList { path: String, name: String },
    /// [`crate::Ext4Options::label`] is too long.
    #[error("the label `{label}` is not 1 to 16 bytes without NUL")]
    Label { label: String },
    /// [`crate::Journal::Blocks`] is too small or too large.
    #[error("a journal of {blocks} blocks is not possible: {least} to {most} are")]
    Journal { blocks: u32, least: u32, most: u32 },
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

impl Ext4Error {
    /// What to do about it, where that is known.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::TooSmall { needed, .. } => Some(format!("give a size of at least {needed} bytes, or none to get the smallest that fits")),
            Self::AttributesTooLarge { .. } => Some(
                "shorten or remove some of them; other profiles than `compat` keep large values elsewhere, up to 65536 bytes each"
                    .to_owned(),
            ),
            Self::LostAndFound => Some("rename it: e2fsck needs the name for a directory".to_owned()),
            _ => None,
        }
    }
}
