use rootfs_tree::Tree;

use super::error::DiskError;
use super::options::RootFilesystem;
use super::places::Frame;
use crate::erofs::ErofsLayout;
use crate::ext4::{Ext4Error, Ext4Layout, Size};
use crate::feed::Feed;
use crate::guid::name_based;
use crate::sink::Image;
use crate::squashfs::{Squashfs, SquashfsOptions};

/// A root filesystem that was planned.
#[derive(Debug)]
pub(super) enum Root {
    Ext4(Box<Ext4Layout>),
    Erofs(Box<ErofsLayout>),
    /// With what it is known by, as it has no UUID of its own.
    Squashfs {
        options: SquashfsOptions,
        identity: [u8; 16],
    },
}

impl Root {
    pub(super) fn plan(tree: &Tree, options: &RootFilesystem, frame: &Frame) -> Result<Self, DiskError> {
        let mut options = match options {
            RootFilesystem::Ext4(options) => options.clone(),
            RootFilesystem::Erofs(options) => return Ok(Self::Erofs(Box::new(ErofsLayout::plan(tree, options)?))),
            RootFilesystem::Squashfs(options) => {
                return Ok(Self::Squashfs { options: options.clone(), identity: identity_of(tree) });
            }
        };
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
            Self::Erofs(layout) => layout.size(),
            Self::Squashfs { .. } => None,
        }
    }

    pub(super) fn uuid(&self) -> [u8; 16] {
        match self {
            Self::Ext4(layout) => layout.uuid(),
            Self::Erofs(layout) => layout.uuid(),
            Self::Squashfs { identity, .. } => *identity,
        }
    }

    /// Writes it; gives its bytes, and what is known of a squashfs.
    pub(super) fn write(&self, tree: &Tree, image: &Image<'_>) -> Result<(u64, Option<Squashfs>), DiskError> {
        match self {
            Self::Ext4(layout) => {
                layout.write(tree, image)?;
                Ok((layout.size(), None))
            }
            Self::Erofs(layout) => Ok((layout.write(tree, image)?.size, None)),
            Self::Squashfs { options, .. } => {
                let squashfs = Squashfs::write(tree, options, image)?;
                Ok((squashfs.size, Some(squashfs)))
            }
        }
    }
}

/// From all names and metadata of the tree; contents are not read.
fn identity_of(tree: &Tree) -> [u8; 16] {
    let mut feed = Feed::new("squashfs 1");
    feed.tree(tree);
    name_based(&feed.finish()[..16])
}
