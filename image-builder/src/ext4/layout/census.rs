use rayon::prelude::*;
use rootfs_tree::{Kind, NodeId, Tree};

use super::directory::{self, Entry, Shape};
use super::geometry::FIRST_INODE;
use super::sharing::Sharing;
use crate::ext4::Ext4Error;
use crate::ext4::form::Form;
use crate::ext4::format::file_type;
use crate::ext4::hash::HashSeed;

/// The root directory's number.
pub(crate) const ROOT_INODE: u32 = 2;
/// The number of what holds the reserved descriptor blocks.
pub(crate) const RESIZE_INODE: u32 = 7;
/// The journal's number.
pub(crate) const JOURNAL_INODE: u32 = 8;
/// What mke2fs calls the directory that e2fsck puts its finds into.
pub(crate) const LOST_AND_FOUND: &[u8] = b"lost+found";

/// Every inode of the filesystem by its number: the filesystem's own up to 11, then the tree's, those of one directory one after another, then
/// the values of attributes that are too large for any other place.
#[derive(Debug)]
pub(crate) struct Census {
    /// By inode number less one.
    pub(super) inodes: Vec<Counted>,
    /// By place in the arena; 0 for what no entry names.
    pub(super) numbers: Vec<u32>,
    /// By inode number.
    pub(super) directories: Vec<Directory>,
    /// What is outside of inodes of their attributes.
    pub(super) sharing: Sharing,
}

/// An inode.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Counted {
    /// None for what is the filesystem's own.
    pub(crate) node: Option<NodeId>,
    /// Entries that name it, with those a directory has for itself.
    pub(crate) links: u32,
}

/// What is known of a directory before it has a place.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Directory {
    pub(crate) inode: u32,
    pub(crate) parent: u32,
    /// 0 before [`Census::shape_directories`].
    pub(crate) blocks: u32,
}

impl Census {
    /// The largest number in use.
    pub(crate) fn last_inode(&self) -> u32 {
        u32::try_from(self.inodes.len()).unwrap_or(u32::MAX)
    }

    /// Whether this may be the tree that was counted.
    pub(crate) fn is_of(&self, tree: &Tree) -> bool {
        self.numbers.len() == tree.node_count()
    }

    /// All inodes with what they stand for, in ascending order.
    pub(crate) fn inodes(&self) -> impl Iterator<Item = (u32, Counted)> + '_ {
        (1..).zip(self.inodes.iter().copied())
    }

    /// What a number up to [`Census::last_inode`] stands for.
    pub(crate) fn inode(&self, inode: u32) -> Counted {
        self.inodes[inode as usize - 1]
    }

    /// The number of what can be reached.
    pub(crate) fn number(&self, id: NodeId) -> u32 {
        self.numbers[id.index()]
    }

    pub(crate) fn directories(&self) -> &[Directory] {
        &self.directories
    }

    pub(crate) fn directory(&self, inode: u32) -> Option<&Directory> {
        let index = self.directories.binary_search_by_key(&inode, |directory| directory.inode).ok()?;
        self.directories.get(index)
    }

    /// What is outside of inodes of their attributes.
    pub(crate) fn sharing(&self) -> &Sharing {
        &self.sharing
    }

    /// A directory's entries by name, but for `.` and `..`.
    pub(crate) fn entries<'a>(&self, tree: &'a Tree, inode: u32) -> Vec<Entry<'a>> {
        let Some(Kind::Directory(children)) = self.inode(inode).node.map(|id| &tree.node(id).kind) else {
            return Vec::new();
        };
        let entry = |name: &'a [u8], id: NodeId| Entry::new(name, self.number(id), file_type_of(&tree.node(id).kind));
        let mut entries: Vec<Entry<'a>> = children.iter().map(|(name, id)| entry(name, *id)).collect();
        if inode == ROOT_INODE && self.inode(FIRST_INODE).node.is_none() {
            let place = entries.partition_point(|entry| entry.name < LOST_AND_FOUND);
            entries.insert(place, Entry::new(LOST_AND_FOUND, FIRST_INODE, file_type::DIRECTORY));
        }
        entries
    }

    /// Finds out how many blocks each directory takes.
    pub(crate) fn shape_directories(&mut self, tree: &Tree, form: Form, seed: HashSeed) -> Result<(), Ext4Error> {
        let mut directories = std::mem::take(&mut self.directories);
        let census = &*self;
        let shaped = directories.par_iter_mut().filter(|directory| directory.blocks == 0).try_for_each(|directory| {
            let blocks = Shape::choose(&mut census.entries(tree, directory.inode), form, seed).blocks();
            let limit = directory::most_blocks(form);
            directory.blocks = u32::try_from(blocks).ok().filter(|_| blocks <= limit).ok_or_else(|| {
                let path = census.inode(directory.inode).node.map_or_else(String::new, |id| path_of(tree, id));
                Ext4Error::DirectoryTooLarge { path, blocks, limit }
            })?;
            Ok(())
        });
        self.directories = directories;
        shaped
    }
}

/// One name of an inode of a tree without cycles, for an error: slow.
pub(crate) fn path_of(tree: &Tree, id: NodeId) -> String {
    tree.walk().find(|entry| entry.id == id).map_or_else(String::new, |entry| entry.path.escape_ascii().to_string())
}

fn file_type_of(kind: &Kind) -> u8 {
    match kind {
        Kind::Directory(_) => file_type::DIRECTORY,
        Kind::File(_) => file_type::REGULAR,
        Kind::Symlink(_) => file_type::SYMLINK,
        Kind::CharDevice { .. } => file_type::CHAR_DEVICE,
        Kind::BlockDevice { .. } => file_type::BLOCK_DEVICE,
        Kind::Fifo => file_type::FIFO,
        Kind::Socket => file_type::SOCKET,
    }
}
