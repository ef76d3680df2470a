use rootfs_tree::Kind;
use zerocopy::big_endian::U32;
use zerocopy::{FromZeros, IntoBytes};

use super::directory::DirectoryBlocks;
use super::format::{JBD2_MAGIC, JBD2_SUPERBLOCK_V2, JournalSuperblock};
use super::{Writer, physical};
use crate::batch::Batch;
use crate::ext4::Ext4Error;
use crate::ext4::hash::HashSeed;
use crate::ext4::layout::{FAST_SYMLINK, JOURNAL_INODE};

impl Writer<'_> {
    /// Writes the journal, directories, long links, attributes and extent trees.
    pub(super) fn write_metadata(&self) -> Result<(), Ext4Error> {
        self.write_journal()?;
        self.for_inodes(|batch, inode| {
            self.write_directory(batch, inode)?;
            self.write_symlink(batch, inode)?;
            self.write_extent_tree(batch, inode)?;
            self.write_xattrs(batch, inode)?;
            self.write_value(batch, inode)
        })
    }

    /// An empty journal: a superblock that says so.
    fn write_journal(&self) -> Result<(), Ext4Error> {
        let extents = self.layout.fit.allocation.extents(JOURNAL_INODE);
        let Some(start) = physical(extents, 0) else { return Ok(()) };
        let mut superblock = JournalSuperblock::new_zeroed();
        superblock.h_magic = U32::new(JBD2_MAGIC);
        superblock.h_blocktype = U32::new(JBD2_SUPERBLOCK_V2);
        superblock.s_blocksize = U32::new(self.block_size());
        superblock.s_maxlen = U32::new(self.layout.fit.journal);
        superblock.s_first = U32::new(1);
        superblock.s_sequence = U32::new(1);
        superblock.s_nr_users = U32::new(1);
        self.image.data(self.offset(start), superblock.as_bytes())?;
        for extent in extents {
            let skipped = u64::from(extent.logical == 0);
            self.image.zeros(self.offset(extent.physical + skipped), self.offset(u64::from(extent.length) - skipped))?;
        }
        Ok(())
    }

    fn write_directory(&self, batch: &mut Batch<'_>, inode: u32) -> Result<(), Ext4Error> {
        let Some(directory) = self.layout.census.directory(inode) else { return Ok(()) };
        let entries = self.layout.census.entries(self.tree, inode);
        let seed = HashSeed::new(self.layout.identity.hash_seed);
        let blocks = DirectoryBlocks::new(inode, directory.parent, entries, self.form(), seed, self.checksum);
        if blocks.count() > u64::from(directory.blocks) {
            return Err(Ext4Error::TreeChanged);
        }
        let extents = self.layout.fit.allocation.extents(inode);
        for index in 0..directory.blocks {
            let place = physical(extents, index).ok_or(Ext4Error::TreeChanged)?;
            blocks.fill(index, self.block(batch, place)?);
        }
        Ok(())
    }

    fn write_symlink(&self, batch: &mut Batch<'_>, inode: u32) -> Result<(), Ext4Error> {
        if let Some(Kind::Symlink(target)) = self.layout.census.inode(inode).node.map(|id| &self.tree.node(id).kind)
            && target.len() > FAST_SYMLINK
        {
            let place = physical(self.layout.fit.allocation.extents(inode), 0).ok_or(Ext4Error::TreeChanged)?;
            self.block(batch, place)?[..target.len()].copy_from_slice(target);
        }
        Ok(())
    }
}
