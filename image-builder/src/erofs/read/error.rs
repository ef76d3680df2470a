use std::io;

/// Why an image is no erofs, or a damaged one.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "the fields are what the message says of them")]
pub enum ErofsReadError {
    /// The image can't be read.
    #[error("can't read the image")]
    Read(#[source] io::Error),
    /// The image ends too early.
    #[error("the image ends before what begins at byte {offset}")]
    Short { offset: u64 },
    /// There is something else.
    #[error("there is no erofs")]
    Magic,
    /// A superblock that can't be true.
    #[error("the superblock's {field} can't be {value}")]
    Superblock { field: &'static str, value: u64 },
    /// The superblock is not as it was written.
    #[error("the superblock's checksum is wrong")]
    Checksum,
    /// Something that isn't known here.
    #[error("the image needs {what}, which can't be read here")]
    Unsupported { what: &'static str },
    /// Something is not in the image.
    #[error("what should be at byte {offset} is outside the image")]
    Outside { offset: u64 },
    /// An inode that can't be true.
    #[error("inode {nid}: its {field} can't be {value}")]
    Inode { nid: u64, field: &'static str, value: u64 },
    /// A directory that can't be true.
    #[error("the directory of inode {nid}: {reason}")]
    Directory { nid: u64, reason: &'static str },
    /// A content that is nowhere.
    #[error("the content of inode {nid}: {reason}")]
    Content { nid: u64, reason: &'static str },
    /// Extended attributes that can't be true.
    #[error("the extended attributes of inode {nid}: {reason}")]
    Xattrs { nid: u64, reason: &'static str },
    /// A compressed cluster that can't be unpacked.
    #[error("the compressed cluster at byte {offset} can't be unpacked")]
    Packed { offset: u64 },
}
