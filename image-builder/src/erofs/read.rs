//! erofs from an image, whoever made it: what it is, what stands under a name, what is in a file, and whether all of it can be read.
//!
//! An image is hostile until it is verified: nothing is allocated by a length that it merely claims, and no part is read more often than it is long.

mod content;
mod decompress;
mod directory;
mod error;
mod extents;
mod indexes;
mod inode;
mod lookup;
mod superblock;
mod tree;
mod verify;
mod xattr;

pub use content::ErofsContent;
pub use directory::ErofsName;
pub use error::ErofsReadError;
pub use inode::{ErofsInode, ErofsKind};
pub use lookup::ErofsEntry;
pub use superblock::ErofsInfo;
pub use verify::ErofsVerified;

use crate::source::ImageSource;
use superblock::Geometry;

/// An erofs to read.
pub struct ErofsReader<'a> {
    source: &'a dyn ImageSource,
    info: ErofsInfo,
    geometry: Geometry,
}

impl std::fmt::Debug for ErofsReader<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ErofsReader").field("info", &self.info).finish_non_exhaustive()
    }
}

impl<'a> ErofsReader<'a> {
    /// Reads the superblock.
    ///
    /// # Errors
    /// When there is none, one that can't be true, or one that needs what is not known here.
    pub fn open(source: &'a dyn ImageSource) -> Result<Self, ErofsReadError> {
        let (info, geometry) = superblock::read(source)?;
        Ok(Self { source, info, geometry })
    }

    /// What the superblock says.
    #[must_use]
    pub fn info(&self) -> &ErofsInfo {
        &self.info
    }

    /// Fills a buffer from the image, within what the superblock says is its.
    fn read(&self, offset: u64, buffer: &mut [u8]) -> Result<(), ErofsReadError> {
        let end = offset.checked_add(buffer.len() as u64);
        if end.is_none_or(|end| end > self.geometry.end) {
            return Err(ErofsReadError::Outside { offset });
        }
        read_exact(self.source, offset, buffer)
    }

    /// So many bytes from an offset on, which are looked for before they get room.
    fn read_vec(&self, offset: u64, length: u64) -> Result<Vec<u8>, ErofsReadError> {
        let is_within = offset.checked_add(length).is_some_and(|end| end <= self.geometry.end);
        let length = usize::try_from(length).ok().filter(|_| is_within).ok_or(ErofsReadError::Outside { offset })?;
        let mut bytes = vec![0; length];
        self.read(offset, &mut bytes)?;
        Ok(bytes)
    }
}

/// Fills a buffer from a source.
fn read_exact(source: &dyn ImageSource, offset: u64, buffer: &mut [u8]) -> Result<(), ErofsReadError> {
    source.read_exact_at(offset, buffer).map_err(|error| match error.kind() {
        std::io::ErrorKind::UnexpectedEof => ErofsReadError::Short { offset },
        _ => ErofsReadError::Read(error),
    })
}
