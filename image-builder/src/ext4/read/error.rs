use std::io;

/// Why an image can't be looked at.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "the fields are what the message says of them")]
pub enum Ext4ReadError {
    /// It has no superblock of the family.
    #[error("there is no ext2, ext3 or ext4 filesystem")]
    NotExt4,
    /// A size in the superblock from which nothing can be found.
    #[error("the superblock says of {what} {value}, which can't be")]
    Geometry { what: &'static str, value: u64 },
    /// The image ends before the filesystem does.
    #[error("the image has {length} bytes, and the filesystem {size}")]
    Cut { length: u64, size: u64 },
    /// What lies elsewhere or means something else with these features.
    #[error("a filesystem with {features} can't be verified")]
    Unsupported { features: String },
    /// What lies elsewhere or means something else with these features.
    #[error("files of a filesystem with {features} can't be read")]
    Unreadable { features: String },
    /// The image can't be read.
    #[error("can't read the image")]
    Read(#[from] io::Error),
}
