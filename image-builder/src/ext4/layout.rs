//! Where every block lies: arithmetic only.

mod acl;
mod allocation;
mod attribute;
mod census;
mod check;
mod count;
mod cursor;
mod demand;
mod directory;
mod extent_tree;
mod fit;
mod geometry;
mod ground;
mod journal;
mod sharing;
mod sparse;
mod usage;
mod xattr;

use rootfs_tree::{Time, Tree};

pub(crate) use acl::from_disk as access_control_list_from_disk;
pub(crate) use allocation::Allocation;
pub(crate) use attribute::Attribute;
pub(crate) use census::{Census, JOURNAL_INODE, RESIZE_INODE, ROOT_INODE, path_of};
pub(crate) use demand::FAST_SYMLINK;
pub(crate) use directory::{Entry, HashTree, Shape, entry_space, node_limit, record_length, root_limit};
pub(crate) use extent_tree::{Extent, ROOT_ENTRIES, block_entries};
pub(crate) use geometry::{FIRST_INODE, GROUPS_PER_FLEX, Geometry, has_superblock};
pub(crate) use sharing::LargeValue;
pub(crate) use usage::GroupUsage;
pub(crate) use xattr::Placed as PlacedXattrs;

use super::Ext4Error;
use super::form::Form;
use super::hash::HashSeed;
use super::identity::Identity;
use super::options::Ext4Options;
use crate::contents::ContentError;
use check::check_time;
use demand::Demand;
use fit::Fit;
use sparse::Sparse;

/// An ext4 filesystem in which everything has its place, ready to be written.
///
/// It belongs to the tree it was planned from, which must not change before it is written.
#[derive(Debug)]
pub struct Ext4Layout {
    pub(crate) fit: Fit,
    pub(crate) census: Census,
    pub(crate) identity: Identity,
    pub(crate) label: [u8; 16],
    pub(crate) time: Time,
}

impl Ext4Layout {
    /// Gives everything in a tree its place.
    ///
    /// The features are those of the options' profile, and `ea_inode` if an attribute needs it; inodes have 256 bytes. No content is read, but to
    /// look for holes as the options say. A `lost+found` is added where the tree has none.
    ///
    /// # Errors
    /// When the tree doesn't fit the size, or has something that no ext4 can hold.
    pub fn plan(tree: &Tree, options: &Ext4Options) -> Result<Self, Ext4Error> {
        let label = label(&options.label)?;
        let form = Form::new(options);
        let mut census = Census::count(tree, form)?;
        let time = options.time.unwrap_or_else(|| tree.newest_mtime());
        check_time(time).map_err(|defect| defect.at("/lost+found".to_owned()))?;
        let identity = Identity::derive(tree, &census, options);
        census.shape_directories(tree, form, HashSeed::new(identity.hash_seed))?;
        let sparse = Sparse::find(tree, &census, options.holes, form.block_size).map_err(ContentError::Tree)?;
        let demand = Demand { tree, census: &census, sparse: &sparse, form };
        let fit = Fit::find(&demand, options)?;
        Ok(Self { fit, census, identity, label, time })
    }

    /// Bytes of the filesystem: whole blocks.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.fit.blocks * u64::from(self.fit.geometry.form.block_size)
    }

    /// Bytes that are free.
    #[must_use]
    pub fn free(&self) -> u64 {
        let blocks: u64 = self.groups().map(|group| u64::from(group.free_blocks())).sum();
        blocks * u64::from(self.fit.geometry.form.block_size)
    }

    /// Inodes in use, with those that the filesystem has for itself.
    #[must_use]
    pub fn inodes(&self) -> u32 {
        self.census.last_inode()
    }

    /// Inodes there are.
    #[must_use]
    pub fn inode_capacity(&self) -> u32 {
        self.fit.geometry.inodes()
    }

    /// Bytes of the journal.
    #[must_use]
    pub fn journal_size(&self) -> u64 {
        u64::from(self.fit.journal) * u64::from(self.fit.geometry.form.block_size)
    }

    /// Whether attributes need the feature `ea_inode`, which no boot loader knows.
    #[must_use]
    pub fn has_value_inodes(&self) -> bool {
        !self.census.sharing().values().is_empty()
    }

    /// The filesystem's identity.
    #[must_use]
    pub fn uuid(&self) -> [u8; 16] {
        self.identity.uuid
    }
}

fn label(bytes: &[u8]) -> Result<[u8; 16], Ext4Error> {
    let mut label = [0; 16];
    if bytes.len() > label.len() || bytes.contains(&0) {
        return Err(Ext4Error::Label { label: bytes.escape_ascii().to_string() });
    }
    label[..bytes.len()].copy_from_slice(bytes);
    Ok(label)
}
