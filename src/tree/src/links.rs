use std::collections::BTreeMap;

use crate::node::Kind;
use crate::tree::{Entry, NodeId, Tree};

impl Tree {
    /// How many names each inode has, by [`NodeId::index`]; 0 for directories, and for what no directory has.
    #[must_use]
    pub fn count_names(&self) -> Vec<u32> {
        let mut names = vec![0_u32; self.node_count()];
        let mut pending = vec![Self::ROOT];
        while let Some(id) = pending.pop() {
            match &self.node(id).kind {
                Kind::Directory(entries) => pending.extend(entries.values()),
                _ => names[id.index()] += 1,
            }
        }
        names
    }
}

/// Which inodes have several names, and the first of them in the order they are asked about.
#[derive(Debug)]
pub(crate) struct Links {
    names: Vec<u32>,
    first: BTreeMap<NodeId, Vec<u8>>,
}

impl Links {
    pub(crate) fn of(tree: &Tree) -> Self {
        Self { names: tree.count_names(), first: BTreeMap::new() }
    }

    /// Whether the inode has more than one name.
    pub(crate) fn several(&self, id: NodeId) -> bool {
        self.names[id.index()] > 1
    }

    /// The inode's first name when this is a later one; nothing for the first, which is remembered.
    pub(crate) fn first(&mut self, entry: &Entry) -> Option<&[u8]> {
        if !self.several(entry.id) {
            return None;
        }
        let known = self.first.entry(entry.id).or_insert_with(|| entry.path.clone());
        (*known != entry.path).then_some(known)
    }
}
