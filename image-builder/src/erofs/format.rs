//! The disk's structs and constants, under the names of the kernel's `fs/erofs/erofs_fs.h`. All numbers are little-endian.

mod compressed;
mod directory;
mod inode;
mod superblock;
mod xattr;

pub(crate) use compressed::*;
pub(crate) use directory::*;
pub(crate) use inode::*;
pub(crate) use superblock::*;
pub(crate) use xattr::*;
