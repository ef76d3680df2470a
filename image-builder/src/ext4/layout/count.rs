use std::collections::BTreeMap;

use rootfs_tree::{Kind, NodeId, Tree};

use super::census::{Census, Counted, Directory, LOST_AND_FOUND, ROOT_INODE, path_of};
use super::check::{Defect, check_name, check_node};
use super::geometry::FIRST_INODE;
use super::sharing::{Sharing, SharingCount};
use crate::ext4::Ext4Error;
use crate::ext4::form::Form;
use crate::ext4::format::LINK_MAX;

/// Bytes, and blocks at most, of a `lost+found` that the tree doesn't bring, as mke2fs has them: room for finds when no block is free.
const LOST_AND_FOUND_BYTES: u32 = 16_384;
const LOST_AND_FOUND_BLOCKS: u32 = 12;

impl Census {
    /// Numbers what can be reached, and refuses what no ext4 can hold.
    pub(crate) fn count(tree: &Tree, form: Form) -> Result<Self, Ext4Error> {
        let mut counter = Counter::new(tree, form)?;
        let mut pending = vec![(Tree::ROOT, ROOT_INODE)];
        while let Some((id, inode)) = pending.pop() {
            let Kind::Directory(entries) = &tree.node(id).kind else { continue };
            let before = pending.len();
            for (name, child) in entries {
                if let Some(directory) = counter.enter(inode, name, *child)? {
                    pending.push((*child, directory));
                }
            }
            // The first directory is next.
            pending[before..].reverse();
        }
        counter.finish()
    }
}

/// A [`Census`] that is being taken.
struct Counter<'a> {
    tree: &'a Tree,
    form: Form,
    census: Census,
    /// Those with attributes outside of them.
    sharers: Vec<u32>,
}

impl<'a> Counter<'a> {
    fn new(tree: &'a Tree, form: Form) -> Result<Self, Ext4Error> {
        let census = Census {
            inodes: vec![Counted::default(); FIRST_INODE as usize],
            numbers: vec![0; tree.node_count()],
            directories: Vec::new(),
            sharing: Sharing::default(),
        };
        let mut counter = Self { tree, form, census, sharers: Vec::new() };
        counter.set(ROOT_INODE, Tree::ROOT);
        counter.add_directory(ROOT_INODE, ROOT_INODE, 0);
        counter.check(ROOT_INODE, Tree::ROOT).map_err(|defect| defect.at("/".to_owned()))?;
        match tree.child(Tree::ROOT, LOST_AND_FOUND) {
            Some(id) if !matches!(tree.node(id).kind, Kind::Directory(_)) => return Err(Ext4Error::LostAndFound),
            Some(_) => {}
            None => counter.add_directory(FIRST_INODE, ROOT_INODE, lost_and_found_blocks(form)),
        }
        Ok(counter)
    }

    /// Takes in an entry; gives the number when it is a directory.
    fn enter(&mut self, parent: u32, name: &[u8], child: NodeId) -> Result<Option<u32>, Ext4Error> {
        let result = self.try_enter(parent, name, child);
        result.map_err(|defect| defect.at(self.path(parent, name)))
    }

    fn try_enter(&mut self, parent: u32, name: &[u8], child: NodeId) -> Result<Option<u32>, Defect> {
        check_name(name)?;
        let known = self.census.number(child);
        let is_directory = matches!(self.tree.node(child).kind, Kind::Directory(_));
        if is_directory && known != 0 {
            return Err(Defect::DirectoryLinked);
        }
        if known != 0 {
            return self.add_link(known).map(|()| None);
        }
        let is_lost_and_found = parent == ROOT_INODE && name == LOST_AND_FOUND;
        let inode = if is_lost_and_found { FIRST_INODE } else { self.next_number()? };
        self.set(inode, child);
        self.check(inode, child)?;
        if is_directory {
            self.add_directory(inode, parent, 0);
            return Ok(Some(inode));
        }
        self.add_link(inode).map(|()| None)
    }

    fn next_number(&mut self) -> Result<u32, Defect> {
        self.census.inodes.push(Counted::default());
        u32::try_from(self.census.inodes.len()).map_err(|_too_many| Defect::TooManyInodes)
    }

    fn set(&mut self, inode: u32, id: NodeId) {
        self.census.inodes[inode as usize - 1].node = Some(id);
        self.census.numbers[id.index()] = inode;
    }

    fn add_link(&mut self, inode: u32) -> Result<(), Defect> {
        let links = &mut self.census.inodes[inode as usize - 1].links;
        *links += 1;
        if *links > LINK_MAX { Err(Defect::TooManyLinks) } else { Ok(()) }
    }

    /// A directory is named by itself, by its parent (the root's is the root), and by each directory inside.
    fn add_directory(&mut self, inode: u32, parent: u32, blocks: u32) {
        self.census.inodes[inode as usize - 1].links += if inode == parent { 1 } else { 2 };
        self.census.inodes[parent as usize - 1].links += 1;
        self.census.directories.push(Directory { inode, parent, blocks });
    }

    fn check(&mut self, inode: u32, id: NodeId) -> Result<(), Defect> {
        if check_node(self.tree.node(id), self.form)?.shares {
            self.sharers.push(inode);
        }
        Ok(())
    }

    fn finish(mut self) -> Result<Census, Ext4Error> {
        self.census.directories.sort_unstable_by_key(|directory| directory.inode);
        self.sharers.sort_unstable();
        let mut sharing = SharingCount::default();
        for inode in &self.sharers {
            let Some(id) = self.census.inode(*inode).node else { continue };
            sharing.add(self.tree, *inode, id, self.form).map_err(|defect| defect.at(path_of(self.tree, id)))?;
        }
        let too_many = |defect: Defect| defect.at("/".to_owned());
        self.census.sharing = sharing.finish(self.census.last_inode() + 1);
        for _ in 0..self.census.sharing.values().len() {
            let inode = self.next_number().map_err(too_many)?;
            self.add_link(inode).map_err(too_many)?;
        }
        Ok(self.census)
    }

    /// For an error: slow. Climbs, since below there may be a cycle.
    fn path(&self, parent: u32, name: &[u8]) -> String {
        let parents: BTreeMap<u32, u32> = self.census.directories.iter().map(|directory| (directory.inode, directory.parent)).collect();
        let mut path = name.to_vec();
        let mut here = parent;
        while here != ROOT_INODE {
            let above = parents.get(&here).copied().unwrap_or(ROOT_INODE);
            let siblings = self.census.inode(above).node.map(|id| &self.tree.node(id).kind);
            if let Some(Kind::Directory(entries)) = siblings {
                let own = entries.iter().find(|(_, id)| self.census.number(**id) == here);
                path = [own.map_or(&b""[..], |(name, _)| name), b"/", &path].concat();
            }
            here = above;
        }
        format!("/{}", path.escape_ascii())
    }
}

fn lost_and_found_blocks(form: Form) -> u32 {
    if form.is_written_to() { (LOST_AND_FOUND_BYTES / form.block_size).min(LOST_AND_FOUND_BLOCKS) } else { 1 }
}
