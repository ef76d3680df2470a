use rootfs_tree::Tree;

use super::error::DiskError;
use super::options::RootFilesystem;
use super::places::Frame;
use crate::ext4::{Ext4Error, Ext4Layout, Size};
use crate::sink::Image;

/// A root filesystem that was planned.
#[derive(Debug)]
pub(super) enum Root {
    Ext4(Box<Ext4Layout>),
}

impl Root {
    pub(super) fn plan(tree: &Tree, options: &RootFilesystem, frame: &Frame) -> Result<Self, DiskError> {
        let RootFilesystem::Ext4(options) = options;
        let mut options = options.clone();
        let wished = options.size;
        if let Size::Fixed(size) = wished {
            options.size = Size::Fixed(frame.capacity(size));
        }
        let layout = Ext4Layout::plan(tree, &options).map_err(|error| match (error, wished) {
            // Sizes are the disk's where the disk was asked for.
            (Ext4Error::TooSmall { needed, .. }, Size::Fixed(size)) => DiskError::TooSmall { size, needed: frame.needed(needed) },
            (error, _) => DiskError::Ext4(error),
        })?;
        Ok(Self::Ext4(Box::new(layout)))
    }

    /// Bytes, where they are known before it is written.
    pub(super) fn length(&self) -> Option<u64> {
        match self {
            Self::Ext4(layout) => Some(layout.size()),
        }
    }

    pub(super) fn uuid(&self) -> [u8; 16] {
        match self {
            Self::Ext4(layout) => layout.uuid(),
        }
    }

    /// Writes it; gives its bytes.
    pub(super) fn write(&self, tree: &Tree, image: &Image<'_>) -> Result<u64, DiskError> {
        match self {
            Self::Ext4(layout) => {
                layout.write(tree, image)?;
                Ok(layout.size())
            }
        }
    }
}
