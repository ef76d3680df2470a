//! The bytes of a layout. Everything is written once, and no place is computed here.

mod content;
mod directory;
mod extent_tree;
mod group;
mod inode;
mod metadata;
mod resize;
mod superblock;
mod xattr;

use rayon::prelude::*;
use rootfs_tree::{Sources, Tree};

use super::checksum::Checksum;
use super::form::Form;
use super::layout::{Ext4Layout, Extent};
use super::{Ext4Error, format};
use crate::batch::Batch;
use crate::sink::Image;

pub(crate) use group::set_bits;

impl Ext4Layout {
    /// Writes the filesystem. Contents are copied by as many threads as rayon has, each at ascending offsets; what is not in use is not written.
    ///
    /// # Errors
    /// When a content can't be read or has another length than the tree says, when the image can't be written, or on cancellation.
    pub fn write(&self, tree: &Tree, image: &Image<'_>) -> Result<(), Ext4Error> {
        if !self.census.is_of(tree) {
            return Err(Ext4Error::TreeChanged);
        }
        let checksum = if self.fit.geometry.form.has_checksums() { Checksum::new() } else { Checksum::none() };
        let writer = Writer { layout: self, tree, image, checksum: checksum.with(&self.identity.uuid), sources: Sources::of(tree) };
        writer.write_groups()?;
        writer.write_reserved_descriptors()?;
        writer.write_inodes()?;
        writer.write_metadata()?;
        writer.write_contents()
    }
}

/// A layout on its way into an image.
#[derive(Debug)]
struct Writer<'a> {
    layout: &'a Ext4Layout,
    tree: &'a Tree,
    image: &'a Image<'a>,
    /// Of the UUID, which all others start with.
    checksum: Checksum,
    sources: Sources<'a>,
}

impl Writer<'_> {
    fn form(&self) -> Form {
        self.layout.fit.geometry.form
    }

    fn block_size(&self) -> u32 {
        self.form().block_size
    }

    /// Where a block begins in the image.
    fn offset(&self, block: u64) -> u64 {
        block * u64::from(self.block_size())
    }

    fn batch(&self) -> Batch<'_> {
        Batch::new(self.image)
    }

    /// Fills one block.
    fn block<'b>(&self, batch: &'b mut Batch<'_>, block: u64) -> Result<&'b mut [u8], Ext4Error> {
        Ok(batch.zeros(self.offset(block), self.block_size() as usize)?)
    }

    /// Calls `emit` for inodes in stretches, in parallel.
    fn for_inodes(&self, emit: impl Fn(&mut Batch<'_>, u32) -> Result<(), Ext4Error> + Sync) -> Result<(), Ext4Error> {
        const STRETCH: u32 = 4096;
        let last = self.layout.census.last_inode();
        (0..last.div_ceil(STRETCH)).into_par_iter().try_for_each(|stretch| {
            self.image.check_cancelled()?;
            let mut batch = self.batch();
            for inode in (1..=last).skip((stretch * STRETCH) as usize).take(STRETCH as usize) {
                emit(&mut batch, inode)?;
            }
            Ok(batch.flush()?)
        })
    }
}

/// The block of the filesystem where a block of an inode is.
fn physical(extents: &[Extent], logical: u32) -> Option<u64> {
    let index = extents.partition_point(|extent| extent.logical + extent.length <= logical);
    let extent = extents.get(index).filter(|extent| extent.logical <= logical)?;
    Some(extent.physical + u64::from(logical - extent.logical))
}
