//! Where everything but contents is: arithmetic alone.

use std::collections::BTreeMap;

use rootfs_tree::{Kind, Time, Tree};

use super::data::{Form, Stored};
use super::format::{BLOCK, CompactInode, ExtendedInode};
use super::index::inode_size;
use super::place::Places;
use super::xattr::Xattrs;
use super::{ErofsError, ErofsOptions};
use super::{chunks, directory};
use crate::census::{Census, ROOT_INODE};
use crate::duplicates::Duplicates;

/// Most blocks: 32 bits count them, and all ones means none.
const BLOCKS_MAX: u64 = 0xFFFF_FFFE;

/// How long everything is.
#[derive(Debug)]
pub(super) struct Sizes {
    /// By number less one.
    inodes: Vec<Size>,
    /// Files that are where another's content is, and whose.
    shared: BTreeMap<u32, u32>,
    /// Numbers of files that are stored, ascending.
    files: Vec<u32>,
    /// What compact inodes have as their time.
    pub(super) time: Time,
}

/// How long an inode and its content are.
#[derive(Debug, Clone, Copy)]
struct Size {
    /// Bytes of the inode with its attributes.
    head: u64,
    /// Of the content.
    length: u64,
    is_extended: bool,
    /// Whether the content's end stands beside the inode, when it is not compressed.
    is_inline: bool,
}

impl Sizes {
    pub(super) fn of(tree: &Tree, census: &Census, xattrs: &Xattrs<'_>, duplicates: &Duplicates, options: &ErofsOptions) -> Self {
        let time = usual_time(tree, census);
        let mut sizes = Self { inodes: Vec::new(), shared: BTreeMap::new(), files: Vec::new(), time };
        for (number, inode) in census.inodes() {
            let node = tree.node(inode.node);
            let length = match &node.kind {
                Kind::Directory(_) => directory::size(&directory::entries(tree, census, number)),
                Kind::File(file) => file.length,
                Kind::Symlink(target) => target.len() as u64,
                _ => 0,
            };
            let metadata = &node.metadata;
            let is_extended = metadata.mtime != time
                || u16::try_from(metadata.uid.max(metadata.gid).max(inode.links)).is_err()
                || u32::try_from(length).is_err();
            let own = if is_extended { size_of::<ExtendedInode>() } else { size_of::<CompactInode>() };
            let head = (own + xattrs.own_size(number)) as u64;
            let may_be_inline = options.inline_data || !matches!(node.kind, Kind::File(_));
            let is_inline = may_be_inline && length % BLOCK > 0 && head + length % BLOCK <= BLOCK;
            sizes.inodes.push(Size { head, length, is_extended, is_inline });
            if let Kind::File(_) = node.kind {
                sizes.add_file(number, duplicates);
            }
        }
        sizes
    }

    /// Two files share their blocks when both have the same end beside their inodes, or neither has.
    fn add_file(&mut self, number: u32, duplicates: &Duplicates) {
        let size = self.size(number);
        match duplicates.first(number).filter(|first| self.size(*first).is_inline == size.is_inline) {
            Some(first) => drop(self.shared.insert(number, first)),
            None if size.length > 0 => self.files.push(number),
            None => {}
        }
    }

    fn size(&self, number: u32) -> Size {
        self.inodes[number as usize - 1]
    }

    /// How many inodes there are.
    pub(super) fn count(&self) -> usize {
        self.inodes.len()
    }

    pub(super) fn head(&self, number: u32) -> u64 {
        self.size(number).head
    }

    pub(super) fn length(&self, number: u32) -> u64 {
        self.size(number).length
    }

    pub(super) fn is_extended(&self, number: u32) -> bool {
        self.size(number).is_extended
    }

    /// Blocks of a content that is not compressed.
    pub(super) fn flat_blocks(&self, number: u32) -> u64 {
        let size = self.size(number);
        if size.is_inline { size.length / BLOCK } else { size.length.div_ceil(BLOCK) }
    }

    /// Bytes beside the inode of a content that is not compressed.
    pub(super) fn flat_tail(&self, number: u32) -> u64 {
        let size = self.size(number);
        if size.is_inline { size.length % BLOCK } else { 0 }
    }

    /// Files with a content that is no other's, by their numbers.
    pub(super) fn stored_files(&self) -> impl Iterator<Item = u32> + '_ {
        self.files.iter().copied()
    }

    /// Whether a file's content is another's.
    pub(super) fn is_shared(&self, number: u32) -> bool {
        self.shared.contains_key(&number)
    }

    /// The others, each with whose content it has.
    pub(super) fn shared_files(&self) -> impl Iterator<Item = (u32, u32)> + '_ {
        self.shared.iter().map(|(later, first)| (*later, *first))
    }
}

/// The time that most inodes have, the newest of several: they need not store it.
fn usual_time(tree: &Tree, census: &Census) -> Time {
    let mut counts: BTreeMap<Time, u32> = BTreeMap::new();
    for (_, inode) in census.inodes() {
        *counts.entry(tree.node(inode.node).metadata.mtime).or_default() += 1;
    }
    counts.into_iter().max_by_key(|(time, count)| (*count, *time)).map(|(time, _)| time).unwrap_or_default()
}

/// Where inodes and directories are.
#[derive(Debug)]
pub(super) struct Layout {
    /// The first block of each directory's whole blocks, by number less one; 0 for others.
    pub(super) directories: Vec<u32>,
    /// The blocks that shared attributes, inodes, and what is behind them begin in.
    pub(super) xattr_block: u64,
    pub(super) meta_block: u64,
    pub(super) end: u64,
    /// Where each inode begins, in bytes from the first of theirs, by number less one.
    pub(super) offsets: Vec<u64>,
    /// Bytes of each with all that stands beside it.
    pub(super) lengths: Vec<u64>,
}

impl Layout {
    /// Places everything behind the contents.
    pub(super) fn of(tree: &Tree, census: &Census, sizes: &Sizes, xattrs: &Xattrs<'_>, stored: &Stored) -> Result<Self, ErofsError> {
        let mut end = stored.end;
        let mut layout = Self {
            directories: vec![0; sizes.count()],
            xattr_block: 0,
            meta_block: 0,
            end: 0,
            offsets: Vec::with_capacity(sizes.count()),
            lengths: Vec::with_capacity(sizes.count()),
        };
        let mut places = Places::new();
        for (number, inode) in census.inodes() {
            let own = stored.files[number as usize - 1];
            let kind = &tree.node(inode.node).kind;
            if !matches!(kind, Kind::File(_)) && sizes.flat_blocks(number) > 0 {
                layout.directories[number as usize - 1] = u32::try_from(end).unwrap_or(u32::MAX);
                end += sizes.flat_blocks(number);
            }
            let head = sizes.head(number);
            let length = match own.form {
                Form::Clusters { .. } => inode_size(head, sizes.length(number)),
                Form::Chunks { .. } => chunks::inode_size(head, stored.runs_of(number), own.blocks),
                Form::Flat => head + sizes.flat_tail(number),
            };
            layout.offsets.push(places.take(length));
            layout.lengths.push(length);
        }
        let shared_blocks = (xattrs.shared_size() as u64).div_ceil(BLOCK);
        layout.xattr_block = if shared_blocks > 0 { end } else { 0 };
        layout.meta_block = end + shared_blocks;
        layout.end = layout.meta_block + places.blocks();
        if layout.end > BLOCKS_MAX {
            return Err(ErofsError::TooLarge { limit: BLOCKS_MAX * BLOCK });
        }
        Ok(layout)
    }

    /// The number by which directories name an inode.
    pub(super) fn nid(&self, number: u32) -> u64 {
        self.offsets[number as usize - 1] / super::format::INODE_SLOT
    }

    /// That of the root, which is near the beginning as it is the first to be placed.
    pub(super) fn root_nid(&self) -> u16 {
        u16::try_from(self.nid(ROOT_INODE)).unwrap_or(u16::MAX)
    }
}
