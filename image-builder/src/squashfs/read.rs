//! squashfs 4.0 from an image, to say what it is, what stands under a name, and whether all of it can be read.
//!
//! An image is hostile until it is verified: nothing is allocated by a length that it merely claims, and no part is read more often than it is long.

mod blocks;
mod decompress;
mod directory;
mod error;
mod inode;
mod lookup;
mod metadata;
mod superblock;
mod tree;
mod verify;
mod xattr;

pub use error::SquashfsReadError;
pub use lookup::SquashfsEntry;
pub use superblock::SquashfsInfo;
pub use verify::SquashfsVerified;

use crate::read::{Contents, ReadError};
use crate::source::ImageSource;
use decompress::Decoder;
use superblock::Layout;

/// A squashfs to read.
pub struct SquashfsReader<'a> {
    source: &'a dyn ImageSource,
    info: SquashfsInfo,
    layout: Layout,
    decoder: Decoder,
}

impl std::fmt::Debug for SquashfsReader<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SquashfsReader").field("info", &self.info).finish_non_exhaustive()
    }
}

impl<'a> SquashfsReader<'a> {
    /// Reads the superblock.
    ///
    /// # Errors
    /// When there is none, or one that can't be true.
    pub fn open(source: &'a dyn ImageSource) -> Result<Self, SquashfsReadError> {
        let (info, layout) = superblock::read(source)?;
        let decoder = Decoder::of(info.compression)?;
        Ok(Self { source, info, layout, decoder })
    }

    /// What the superblock says.
    #[must_use]
    pub fn info(&self) -> &SquashfsInfo {
        &self.info
    }

    /// Puts all files into a tree that is empty, and their contents where they go.
    pub(crate) fn read_tree(&self, tree: &mut rootfs_tree::Tree, contents: &mut Contents<'_>) -> Result<(), ReadError> {
        tree::read(self, tree, contents)
    }

    /// Fills a buffer from the image.
    fn read(&self, offset: u64, buffer: &mut [u8]) -> Result<(), SquashfsReadError> {
        read_exact(self.source, offset, buffer)
    }
}

/// Fills a buffer from a source.
fn read_exact(source: &dyn ImageSource, offset: u64, buffer: &mut [u8]) -> Result<(), SquashfsReadError> {
    let mut done = 0;
    while done < buffer.len() {
        match source.read_at(offset + done as u64, &mut buffer[done..]) {
            Ok(0) => return Err(SquashfsReadError::Short { offset: offset + done as u64 }),
            Ok(count) => done += count,
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            Err(source) => return Err(SquashfsReadError::Read(source)),
        }
    }
    Ok(())
}
