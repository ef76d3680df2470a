use std::io;

/// Why a qcow2 can't be read.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "the fields are what the message says of them")]
pub enum Qcow2Error {
    /// There is something else.
    #[error("there is no qcow2")]
    Magic,
    /// The file ends inside the header.
    #[error("the file ends inside the header, after {length} bytes")]
    Cut { length: u64 },
    /// A number in the header that can't be.
    #[error("the header's {field} can't be {value}")]
    Header { field: &'static str, value: u64 },
    /// Most of it is in another file.
    #[error("it needs another file, which can't be followed here: {what}")]
    Elsewhere { what: &'static str },
    /// Something that isn't known here.
    #[error("it has features that can't be read here: {features:#x}")]
    Features { features: u64 },
    /// A table that is not in the file.
    #[error("the {table} at byte {offset} is not where one can be")]
    Table { table: &'static str, offset: u64 },
    /// A cluster that can't be unpacked.
    #[error("the cluster at byte {offset} of the disk can't be unpacked")]
    Packed { offset: u64 },
    /// The image can't be read.
    #[error("can't read the image")]
    Read(#[from] io::Error),
}
