use std::collections::BTreeMap;

use crate::node::Kind;
use crate::tree::{Entry, NodeId, Tree};

/// Which inodes have several names, and the first of them in the order they are asked about.
#[derive(Debug)]
pub(crate) struct Links {
    names: Vec<u32>,
    first: BTreeMap<NodeId, Vec<u8>>,
}

impl Links {
    /// Counts the names of every inode that is not a directory.
    pub(crate) fn of(tree: &Tree) -> Self {
        let mut names = vec![0_u32; tree.node_count()];
        let mut pending = vec![Tree::ROOT];
        while let Some(id) = pending.pop() {
            match &tree.node(id).kind {
                Kind::Directory(entries) => pending.extend(entries.values()),
                _ => names[id.index()] += 1,
            }
        }
        Self { names, first: BTreeMap::new() }
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
