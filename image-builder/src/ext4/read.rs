//! Images of ext2, ext3 and ext4 filesystems, of whoever made them, as hostile as they may be: nothing is taken for granted that wasn't looked at.
//!
//! Memory is bounded by what the image has of metadata, and every block of metadata is read once, twice where it has problems: what a block belongs
//! to is settled by the first that claims it.

mod attributes;
mod block_map;
mod check;
mod claims;
mod content;
mod directory;
mod error;
mod extents;
mod facts;
mod feature;
mod groups;
mod hash_tree;
mod inode;
mod journal;
mod links;
mod paths;
mod problem;
mod tree;
mod usage;
mod volume;

use zerocopy::FromBytes;

pub use error::Ext4ReadError;
pub use facts::Ext4Facts;
pub(crate) use feature::short_names;
pub use problem::{Ext4Flaw, Ext4Place, Ext4Problem, Ext4Report};
pub(crate) use volume::LOG_BLOCK_SIZE_LIMIT;

use super::format::{MAGIC, SUPERBLOCK_OFFSET, Superblock};
use crate::read::{Contents, ReadError};
use crate::source::ImageSource;
use check::Check;
use volume::Volume;

/// A filesystem to look at.
pub struct Ext4Image<'a> {
    source: &'a dyn ImageSource,
    superblock: Superblock,
    block_size: u32,
}

impl std::fmt::Debug for Ext4Image<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Ext4Image").field("superblock", &self.superblock).finish_non_exhaustive()
    }
}

impl<'a> Ext4Image<'a> {
    /// Reads the superblock.
    ///
    /// # Errors
    /// When there is none, or the image can't be read.
    pub fn open(source: &'a dyn ImageSource) -> Result<Self, Ext4ReadError> {
        if source.length() < (SUPERBLOCK_OFFSET + size_of::<Superblock>()) as u64 {
            return Err(Ext4ReadError::NotExt4);
        }
        let mut bytes = [0; size_of::<Superblock>()];
        source.read_exact_at(SUPERBLOCK_OFFSET as u64, &mut bytes)?;
        let superblock = Superblock::read_from_bytes(&bytes).map_err(|_size| Ext4ReadError::NotExt4)?;
        if superblock.s_magic.get() != MAGIC {
            return Err(Ext4ReadError::NotExt4);
        }
        let log = superblock.s_log_block_size.get();
        if log > LOG_BLOCK_SIZE_LIMIT {
            return Err(Ext4ReadError::Geometry { what: "the block size", value: log.into() });
        }
        Ok(Self { source, superblock, block_size: 1024 << log })
    }

    /// What the superblock says.
    #[must_use]
    pub fn inspect(&self) -> Ext4Facts {
        Ext4Facts::of(&self.superblock, self.block_size)
    }

    /// Looks at all metadata: checksums, counts, who has which block and which name leads where. Contents of files are not read.
    ///
    /// # Errors
    /// When the superblock tells of nothing that could be looked at, or of features that this reader doesn't know, and when the image can't be
    /// read. All else is in the report.
    pub fn verify(&self) -> Result<Ext4Report, Ext4ReadError> {
        Check::new(&Volume::new(self)?).run()
    }

    /// Puts all files into a tree that is empty, and their contents where they go. An empty `/lost+found` that only root may read is the filesystem's own,
    /// and left out.
    pub(crate) fn read_tree(&self, tree: &mut rootfs_tree::Tree, contents: &mut Contents<'_>) -> Result<(), ReadError> {
        if self.inspect().needs_recovery {
            return Err(ReadError::Journal);
        }
        tree::read(&Volume::to_read(self)?, tree, contents)
    }
}
