use std::io;
use std::path::PathBuf;

/// Why a tree can't be made, read or written.
#[derive(Debug, thiserror::Error)]
pub enum TreeError {
    /// Reading or writing failed; the cause names the path.
    #[error("can't {action}")]
    Io {
        /// What was being done, on what.
        action: String,
        /// Why not.
        #[source]
        source: io::Error,
    },
    /// A name that no directory can hold.
    #[error("`{name}` can't be a file name")]
    Name {
        /// With unprintable bytes escaped.
        name: String,
    },
    /// Something on the way is not a directory.
    #[error("`{path}` is not a directory")]
    NotADirectory {
        /// Inside the tree, with unprintable bytes escaped.
        path: String,
    },
    /// Nothing is there.
    #[error("`{path}` does not exist")]
    NotFound {
        /// Inside the tree.
        path: String,
    },
    /// Links that lead to each other, or more than 40 of them.
    #[error("too many symbolic links on the way to `{path}`")]
    LinkLoop {
        /// Inside the tree.
        path: String,
    },
    /// A directory is where something else should go.
    #[error("`{path}` is a directory")]
    IsADirectory {
        /// Inside the tree.
        path: String,
    },
    /// Not a SHA-256 in hexadecimal.
    #[error("`{text}` is not a SHA-256")]
    Digest {
        /// As read.
        text: String,
    },
    /// A text form that is not ours.
    #[error("line {line} of {file}: {reason}")]
    Text {
        /// The file or what stands for it.
        file: PathBuf,
        /// From 1.
        line: usize,
        /// What is wrong with it.
        reason: String,
    },
    /// An archive that lies.
    #[error("entry `{entry}` of the archive: {reason}")]
    Archive {
        /// Its name, with unprintable bytes escaped.
        entry: String,
        /// What is wrong with it.
        reason: String,
    },
    /// A file that is no archive we can read.
    #[error("`{path}` can't be unpacked: {reason}")]
    Unpackable {
        /// On the host.
        path: PathBuf,
        /// Why not.
        reason: &'static str,
    },
    /// Only the hash of the content is known, as in a tree that was read from its text form.
    #[error("the content of `{path}` is not at hand")]
    Absent {
        /// Inside the tree, with unprintable bytes escaped.
        path: String,
    },
    /// The text form and the digest need every content's hash: [`crate::Tree::hash_contents`].
    #[error("the content of `{path}` has not been hashed")]
    NotHashed {
        /// Inside the tree, with unprintable bytes escaped.
        path: String,
    },
    /// A content has another length than the tree says.
    #[error("`{path}` has changed: {expected} bytes were expected")]
    Changed {
        /// On the host.
        path: PathBuf,
        /// What the tree says.
        expected: u64,
    },
    /// More bytes than the caller wants at once.
    #[error("`{path}` has {length} bytes, more than the {limit} that are read at once")]
    TooLong {
        /// Inside the tree, with unprintable bytes escaped.
        path: String,
        /// In bytes.
        length: u64,
        /// In bytes.
        limit: u64,
    },
    /// A content was asked for, and this inode has none.
    #[error("`{path}` is not a regular file")]
    NotAFile {
        /// Inside the tree, with unprintable bytes escaped.
        path: String,
    },
    /// A tree is only put into an empty directory.
    #[error("`{path}` is not empty")]
    NotEmpty {
        /// On the host.
        path: PathBuf,
    },
    /// An inode that the archive format has no word for.
    #[error("`{path}` can't be put into an archive: {reason}")]
    Unwritable {
        /// Inside the tree, with unprintable bytes escaped.
        path: String,
        /// Why not.
        reason: &'static str,
    },
}

impl TreeError {
    /// An I/O error with what was being done.
    pub(crate) fn io(action: impl Into<String>, source: impl Into<io::Error>) -> Self {
        Self::Io { action: action.into(), source: source.into() }
    }
}
