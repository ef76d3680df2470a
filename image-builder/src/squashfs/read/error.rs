use std::io;

/// Why an image is no squashfs, or a damaged one.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "the fields are what the message says of them")]
pub enum SquashfsReadError {
    /// The image can't be read.
    #[error("can't read the image")]
    Read(#[source] io::Error),
    /// The image ends too early.
    #[error("the image ends before byte {offset}")]
    Short { offset: u64 },
    /// There is something else.
    #[error("there is no squashfs")]
    Magic,
    /// A superblock that can't be true, or that is of another version.
    #[error("the superblock's {field} can't be {value}")]
    Superblock { field: &'static str, value: u64 },
    /// A compressor that isn't known here: LZMA and LZO among them.
    #[error("the image is compressed with method {id}, which can't be read here")]
    Compression { id: u16 },
    /// A block that can't be unpacked.
    #[error("the {what} at byte {offset} can't be unpacked")]
    Packed { what: &'static str, offset: u64 },
    /// A table that is not where it should be, or too short.
    #[error("the {table} is damaged at byte {offset}")]
    Table { table: &'static str, offset: u64 },
    /// An inode that can't be true.
    #[error("inode {number}: its {field} can't be {value}")]
    Inode { number: u32, field: &'static str, value: u64 },
    /// A directory that can't be true.
    #[error("the directory of inode {number}: {reason}")]
    Directory { number: u32, reason: &'static str },
    /// Extended attributes that can't be true.
    #[error("set {set} of extended attributes: {reason}")]
    Xattrs { set: u32, reason: &'static str },
}
