//! squashfs 4.0 from a tree.
//!
//! `format` is the disk's structs. `check` refuses what can't be written, `plan` says what is compressed together; both
//! before a byte is written. `data` compresses the contents, `listing` and `inode` say where they are, `tree_tables`, `table` and `writer` put it into the image.

mod check;
mod compress;
mod data;
mod error;
mod format;
mod inode;
mod listing;
mod metadata;
mod options;
mod plan;
mod read;
mod table;
mod tree_tables;
mod writer;
mod xattr;

pub use error::SquashfsError;
pub use options::{OtherXattrs, SquashfsCompression, SquashfsOptions};
pub use read::{SquashfsEntry, SquashfsInfo, SquashfsReadError, SquashfsReader, SquashfsVerified};
pub use writer::{LeftOut, Squashfs};
