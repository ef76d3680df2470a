//! ext4 from a tree.
//!
//! `format` is the disk's structs, `layout` the arithmetic that gives every block its place, `writer` the emission. They point in one direction:
//! the writer computes no place, the layout writes no byte. `read` looks at images, of whoever made them.

mod attribute_hash;
mod checksum;
mod error;
mod form;
pub(crate) mod format;
mod hash;
mod identity;
mod layout;
mod options;
mod read;
mod writer;

pub use error::Ext4Error;
pub use layout::Ext4Layout;
pub use options::{BlockSize, Ext4Options, Holes, Journal, Profile, Size};
pub use read::{Ext4Facts, Ext4Flaw, Ext4Image, Ext4Place, Ext4Problem, Ext4ReadError, Ext4Report};
pub(crate) use read::{LOG_BLOCK_SIZE_LIMIT, short_names};
