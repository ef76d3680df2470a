use rootfs_tree::Tree;
use zerocopy::IntoBytes;

use super::check::{Ids, check_inodes};
use super::compress::Codec;
use super::data::{Data, Stored};
use super::format::{ABSENT, DEVICE_BLOCK, Flags, MAGIC, MAJOR, MINOR, Superblock};
use super::inode::Inodes;
use super::metadata::metadata_header;
use super::plan::Plan;
use super::table::Tables;
use super::tree_tables::TreeTables;
use super::xattr::Sets;
use super::{SquashfsError, SquashfsOptions};
use crate::census::{Census, ROOT_INODE};
use crate::contents::Contents;
use crate::duplicates::Duplicates;
use crate::sink::Image;

/// What was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Squashfs {
    /// The image's length in bytes: a multiple of 4096.
    pub size: u64,
    /// Bytes of it that are in use.
    pub bytes_used: u64,
    /// Files, directories and so on; several names of one are counted once.
    pub inodes: u32,
    /// Blocks that ends of files share.
    pub fragments: u32,
    /// Files whose content is that of another, and stored once.
    pub duplicates: usize,
    /// Different sets of extended attributes.
    pub xattr_sets: usize,
    /// Extended attributes that are not in it; none unless [`crate::OtherXattrs::LeaveOut`] was asked for.
    pub left_out: Vec<LeftOut>,
}

/// An extended attribute that is not in the image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeftOut {
    /// Of the inode, in the tree, with unprintable bytes escaped.
    pub path: String,
    /// Of the attribute, with unprintable bytes escaped.
    pub name: String,
}

impl Squashfs {
    /// Writes a tree as a squashfs. Contents are compressed by as many threads as rayon has; the bytes are the same whatever their number.
    ///
    /// All is written front to back, but for the superblock at byte 0, which is last: without it an image that isn't complete is none. Memory is bounded
    /// by the number of inodes and threads, not by the length of contents.
    ///
    /// # Errors
    /// When the tree has what squashfs can't say, which is found out before a byte is written; when a content can't be read or has another length than the
    /// tree says, when the image can't be written, or on cancellation.
    pub fn write(tree: &Tree, options: &SquashfsOptions, image: &Image<'_>) -> Result<Self, SquashfsError> {
        options.check()?;
        let census = Census::of(tree)?;
        check_inodes(tree, &census, options.block_size)?;
        let ids = Ids::of(tree, &census)?;
        let sets = Sets::of(tree, &census, options.other_xattrs)?;
        let contents = Contents::of(tree, options.block_size as usize);
        let duplicates = Duplicates::of(tree, &census, &contents)?;
        let plan = Plan::of(tree, &census, &duplicates, options);
        let codec = Codec::new(options);

        let mut tables = Tables { image, codec: &codec, end: size_of::<Superblock>() as u64 };
        tables.append_options()?;
        let data = Data { census: &census, plan: &plan, codec: &codec, contents: &contents, image, block_size: options.block_size };
        image.advance(duplicates.bytes());
        let stored = data.write(tables.end)?;
        tables.end = stored.end;
        let inodes = Inodes { tree, census: &census, duplicates: &duplicates, plan: &plan, stored: &stored, ids: &ids, sets: &sets };
        let mut superblock = superblock(tree, options, &census, &codec);
        superblock.no_ids = u16::try_from(ids.all().len()).unwrap_or(u16::MAX).into();
        superblock.fragments = plan.fragments.into();
        tables.append_all(&inodes, options, &mut superblock)?;
        let size = tables.finish(superblock)?;
        Ok(Self {
            size,
            bytes_used: tables.end,
            inodes: census.last(),
            fragments: plan.fragments,
            duplicates: duplicates.count(),
            xattr_sets: sets.count(),
            left_out: sets.left_out,
        })
    }
}

impl Tables<'_> {
    /// What the compressor's reader has to know.
    fn append_options(&mut self) -> Result<(), SquashfsError> {
        let options = self.codec.options();
        if !options.is_empty() {
            self.append(&[&metadata_header(options.len(), false)[..], &options].concat())?;
        }
        Ok(())
    }

    /// All tables, in the order that the kernel expects.
    fn append_all(&mut self, inodes: &Inodes<'_>, options: &SquashfsOptions, superblock: &mut Superblock) -> Result<(), SquashfsError> {
        let tables = TreeTables::of(inodes, self.codec)?;
        superblock.root_inode = tables.reference(ROOT_INODE)?.into();
        superblock.inode_table_start = self.append(tables.inodes.bytes())?.into();
        superblock.directory_table_start = self.append(tables.directories.bytes())?.into();
        let Stored { fragments, .. } = inodes.stored;
        if !fragments.is_empty() {
            superblock.fragment_table_start = self.append_indexed("table of fragments", fragments.as_bytes(), &[])?.into();
        }
        if options.export {
            let references = tables.references()?;
            superblock.lookup_table_start = self.append_indexed("table of references", &references, &[])?.into();
        }
        let ids: Vec<u8> = inodes.ids.all().iter().flat_map(|id| id.to_le_bytes()).collect();
        superblock.id_table_start = self.append_indexed("table of users and groups", &ids, &[])?.into();
        superblock.xattr_id_table_start = inodes.sets.write(self)?.into();
        Ok(())
    }

    /// Pads the image, and makes it one; gives its length.
    fn finish(&self, mut superblock: Superblock) -> Result<u64, SquashfsError> {
        let size = self.end.next_multiple_of(DEVICE_BLOCK);
        if size > self.end {
            self.image.zeros(self.end, size - self.end)?;
        }
        superblock.bytes_used = self.end.into();
        self.image.data(0, superblock.as_bytes())?;
        Ok(size)
    }
}

/// What is known before anything is compressed.
fn superblock(tree: &Tree, options: &SquashfsOptions, census: &Census, codec: &Codec) -> Superblock {
    let newest = || census.inodes().map(|(_, inode)| tree.node(inode.node).metadata.mtime).max().unwrap_or_default();
    let time = options.time.unwrap_or_else(newest);
    let uncompressed = [
        Flags::UNCOMPRESSED_INODES,
        Flags::UNCOMPRESSED_DATA,
        Flags::UNCOMPRESSED_FRAGMENTS,
        Flags::UNCOMPRESSED_XATTRS,
        Flags::UNCOMPRESSED_IDS,
    ];
    let flags = uncompressed.into_iter().fold(Flags::DUPLICATES, |flags, flag| flags.with(flag, codec.is_none()));
    let flags = flags
        .with(Flags::NO_FRAGMENTS, !options.fragments)
        .with(Flags::ALWAYS_FRAGMENTS, options.fragments && options.tail_fragments)
        .with(Flags::EXPORT, options.export)
        .with(Flags::COMPRESSOR_OPTIONS, !codec.options().is_empty());
    Superblock {
        s_magic: MAGIC.into(),
        inodes: census.last().into(),
        // Checked before.
        mkfs_time: u32::try_from(time.seconds).unwrap_or(0).into(),
        block_size: options.block_size.into(),
        fragments: 0.into(),
        compression: codec.id().into(),
        block_log: u16::try_from(options.block_size.ilog2()).unwrap_or(0).into(),
        flags: flags.0.into(),
        no_ids: 0.into(),
        s_major: MAJOR.into(),
        s_minor: MINOR.into(),
        root_inode: 0.into(),
        bytes_used: 0.into(),
        id_table_start: ABSENT.into(),
        xattr_id_table_start: ABSENT.into(),
        inode_table_start: ABSENT.into(),
        directory_table_start: ABSENT.into(),
        fragment_table_start: ABSENT.into(),
        lookup_table_start: ABSENT.into(),
    }
}
