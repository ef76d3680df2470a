use crate::contents::ContentError;
use crate::limits::InodeError;
use crate::sink::SinkError;

/// Why a tree can't become a FAT filesystem. Paths are the tree's, with unprintable bytes escaped.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "the fields are what the message says of them")]
pub enum FatError {
    /// [`crate::Size::Fixed`] is less than the tree takes, or than any FAT has.
    #[error("{size} bytes are too small for the files: they need {needed}")]
    TooSmall { size: u64, needed: u64 },
    /// More than FAT32 can number.
    #[error("the filesystem would have more than {limit} bytes")]
    TooLarge { limit: u64 },
    /// Neither a directory nor a file.
    #[error("`{path}` is neither a directory nor a file, and FAT has nothing else")]
    Kind { path: String },
    /// What no inode can be.
    #[error(transparent)]
    Inode(#[from] InodeError),
    /// A name that FAT can't keep.
    #[error("`{path}` can't be a name on FAT: {why}")]
    Name { path: String, why: &'static str },
    /// Names that differ in case only.
    #[error("`{path}` and `{other}` are one name on FAT")]
    SameName { path: String, other: String },
    /// A file of 4 GiB or more.
    #[error("`{path}` has {length} bytes, more than the {limit} that a file can have")]
    FileTooLarge { path: String, length: u64, limit: u64 },
    /// A directory with too many names.
    #[error("the directory `{path}` has too many names: they take {bytes} bytes, and {limit} are the most")]
    DirectoryTooLarge { path: String, bytes: u64, limit: u64 },
    /// [`crate::EspOptions::label`] is too long.
    #[error("the label `{label}` is not 1 to 11 upper-case letters, digits, spaces or any of _-")]
    Label { label: String },
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

impl FatError {
    /// What to do about it, where that is known.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::TooSmall { needed, .. } => Some(format!("give a size of at least {needed} bytes, or none to get the smallest that fits")),
            _ => None,
        }
    }
}
