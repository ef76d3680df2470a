//! The inodes of a tree by numbers, for filesystems that are written once.

use rootfs_tree::{Kind, NodeId, Tree};

use crate::limits::InodeError;

/// Most inodes: their numbers have 32 bits, and the root's parent has the number after the last.
const INODE_MAX: u64 = 0xFFFF_FFFE;

/// The root directory's number.
pub(crate) const ROOT_INODE: u32 = 1;

/// Every inode that can be reached, by its number: from the root on, those of one directory one after another, so that they differ little.
#[derive(Debug)]
pub(crate) struct Census {
    /// By number less one.
    inodes: Vec<Counted>,
    /// By place in the arena; 0 for what no entry names.
    numbers: Vec<u32>,
    /// The numbers of directories by their depth, ascending in each.
    levels: Vec<Vec<u32>>,
}

/// An inode.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Counted {
    pub(crate) node: NodeId,
    /// Entries that name it, with those a directory has for itself.
    pub(crate) links: u32,
    /// The directory that a directory is in; the number after the last for the root, 0 for what is no directory.
    pub(crate) parent: u32,
}

impl Census {
    /// Numbers the inodes of a tree.
    pub(crate) fn of(tree: &Tree) -> Result<Self, InodeError> {
        let mut census = Self { inodes: Vec::new(), numbers: vec![0; tree.node_count()], levels: Vec::new() };
        census.count(Tree::ROOT, 2, 0)?;
        let mut pending = vec![(ROOT_INODE, 0)];
        while let Some((directory, depth)) = pending.pop() {
            if census.levels.len() == depth {
                census.levels.push(Vec::new());
            }
            census.levels[depth].push(directory);
            let first = pending.len();
            census.count_entries(tree, directory, |child| pending.push((child, depth + 1)))?;
            pending[first..].reverse();
        }
        census.inodes[0].parent = census.last() + 1;
        Ok(census)
    }

    fn count_entries(&mut self, tree: &Tree, directory: u32, mut found: impl FnMut(u32)) -> Result<(), InodeError> {
        let Kind::Directory(entries) = &tree.node(self.inode(directory).node).kind else { return Ok(()) };
        for (name, id) in entries {
            let is_directory = matches!(tree.node(*id).kind, Kind::Directory(_));
            match self.numbers[id.index()] {
                0 if is_directory => {
                    self.inodes[directory as usize - 1].links += 1;
                    found(self.count(*id, 2, directory)?);
                }
                0 => drop(self.count(*id, 1, 0)?),
                _ if is_directory => {
                    let path = [&*self.directory_path(tree, directory), name].join(&b'/');
                    return Err(InodeError::DirectoryLinked { path: path.escape_ascii().to_string() });
                }
                number => self.inodes[number as usize - 1].links += 1,
            }
        }
        Ok(())
    }

    fn count(&mut self, node: NodeId, links: u32, parent: u32) -> Result<u32, InodeError> {
        if self.inodes.len() as u64 >= INODE_MAX {
            return Err(InodeError::TooManyInodes { limit: INODE_MAX });
        }
        self.inodes.push(Counted { node, links, parent });
        self.numbers[node.index()] = self.last();
        Ok(self.last())
    }

    /// The path of a directory, without the root's slash.
    fn directory_path(&self, tree: &Tree, directory: u32) -> Vec<u8> {
        let Counted { node, parent, .. } = self.inode(directory);
        if directory == ROOT_INODE {
            return Vec::new();
        }
        let mut path = self.directory_path(tree, parent);
        if let Kind::Directory(entries) = &tree.node(self.inode(parent).node).kind
            && let Some((name, _)) = entries.iter().find(|(_, id)| **id == node)
        {
            path.push(b'/');
            path.extend_from_slice(name);
        }
        path
    }

    /// The largest number in use.
    pub(crate) fn last(&self) -> u32 {
        u32::try_from(self.inodes.len()).unwrap_or(u32::MAX)
    }

    /// What a number up to [`Census::last`] stands for.
    pub(crate) fn inode(&self, number: u32) -> Counted {
        self.inodes[number as usize - 1]
    }

    /// All inodes, in ascending order.
    pub(crate) fn inodes(&self) -> impl Iterator<Item = (u32, Counted)> + '_ {
        (1..).zip(self.inodes.iter().copied())
    }

    /// The number of what can be reached.
    pub(crate) fn number(&self, id: NodeId) -> u32 {
        self.numbers[id.index()]
    }

    /// Directories by depth, the root first.
    pub(crate) fn levels(&self) -> &[Vec<u32>] {
        &self.levels
    }
}

/// One name of an inode of a tree that was counted, for an error: slow.
pub(crate) fn path_of(tree: &Tree, id: NodeId) -> String {
    tree.walk().find(|entry| entry.id == id).map_or_else(String::new, |entry| entry.path.escape_ascii().to_string())
}
