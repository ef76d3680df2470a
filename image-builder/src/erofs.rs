//! erofs from a tree.
//!
//! `format` is the disk's structs. `layout` says how long everything is and where it lies behind the contents, `data` brings these into the image, as they
//! are or by `compress`; `index` says where their clusters begin, and `chunks` finds what is in several of them. `directory`, `xattr` and `inode` make the rest, and `writer` puts it into the image:
//! contents first, then directories, shared attributes and inodes, and the superblock last.

mod check;
mod chunks;
mod compress;
mod data;
mod directory;
mod error;
mod format;
mod index;
mod inode;
mod layout;
mod options;
mod place;
mod read;
mod writer;
mod xattr;

pub use error::ErofsError;
pub use options::{ErofsCompression, ErofsOptions};
pub use read::{ErofsContent, ErofsEntry, ErofsInfo, ErofsInode, ErofsKind, ErofsName, ErofsReadError, ErofsReader, ErofsVerified};
pub use writer::{Erofs, ErofsLayout};
