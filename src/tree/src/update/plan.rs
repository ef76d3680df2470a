use std::collections::{BTreeMap, BTreeSet};

use crate::diff::{Difference, Merge, Sides, differences, is_directory};
use crate::disk::split;
use crate::links::Links;
use crate::tree::{Entry, NodeId, Tree};

/// What makes one tree on disk into another. Every list is in the order of [`Tree::walk`].
#[derive(Debug, Default)]
pub(super) struct Plan {
    /// Names that go before anything new comes; the last first.
    pub(super) remove: Vec<Removal>,
    /// New directories.
    pub(super) directories: Vec<Entry>,
    /// New inodes, which may take the place of old ones that are no directories.
    pub(super) make: Vec<Entry>,
    /// New names, and where the inode has one by then.
    pub(super) links: Vec<(Vec<u8>, Vec<u8>)>,
    /// Inodes that stay and get other metadata; no directories.
    pub(super) describe: Vec<Entry>,
    /// Directories whose metadata must be set in the end.
    pub(super) touched: BTreeSet<Vec<u8>>,
}

/// A name that goes.
#[derive(Debug)]
pub(super) struct Removal {
    pub(super) path: Vec<u8>,
    pub(super) is_directory: bool,
}

/// Which inodes on disk become which inodes of the new tree.
///
/// An inode of the new tree takes over one of the old that has the same content and one of its names; no two take the same.
struct Carriers {
    /// By inode of the new tree.
    of: Vec<Option<NodeId>>,
}

impl Carriers {
    fn between(from: &Tree, to: &Tree) -> Self {
        let mut of = vec![None; to.node_count()];
        let mut taken = vec![false; from.node_count()];
        for sides in Merge::of(from, to) {
            if let Sides::Both(old, new) = sides
                && of[new.id.index()].is_none()
                && !taken[old.id.index()]
                && !differences((from, from.node(old.id)), (to, to.node(new.id))).iter().any(Difference::replaces)
            {
                of[new.id.index()] = Some(old.id);
                taken[old.id.index()] = true;
            }
        }
        Self { of }
    }

    fn keeps(&self, old: &Entry, new: &Entry) -> bool {
        self.of[new.id.index()] == Some(old.id)
    }
}

struct Planner<'a> {
    from: &'a Tree,
    to: &'a Tree,
    carriers: Carriers,
    /// Inodes of the new tree with several names.
    links: Links,
    /// Where those are on disk before links are made.
    homes: BTreeMap<NodeId, Vec<u8>>,
    /// Names to be made of inodes that are seen to have a home only later.
    names: Vec<Entry>,
    plan: Plan,
}

impl Plan {
    /// From a tree that is on disk to another.
    pub(super) fn between(from: &Tree, to: &Tree) -> Self {
        let carriers = Carriers::between(from, to);
        let mut planner =
            Planner { from, to, carriers, links: Links::of(to), homes: BTreeMap::new(), names: Vec::new(), plan: Plan::default() };
        Merge::of(from, to).for_each(|sides| planner.step(sides));
        planner.finish()
    }
}

impl Planner<'_> {
    fn step(&mut self, sides: Sides) {
        match sides {
            Sides::Old(old) => self.remove(&old),
            Sides::New(new) => self.make(new),
            Sides::Both(old, new) if self.carriers.keeps(&old, &new) => self.keep(&old, new),
            Sides::Both(old, new) => {
                if is_directory(self.from, &old) || is_directory(self.to, &new) {
                    self.remove(&old);
                }
                self.make(new);
            }
        }
    }

    fn remove(&mut self, old: &Entry) {
        self.touch(&old.path);
        self.plan.remove.push(Removal { path: old.path.clone(), is_directory: is_directory(self.from, old) });
    }

    fn make(&mut self, new: Entry) {
        self.touch(&new.path);
        if is_directory(self.to, &new) {
            self.plan.touched.insert(new.path.clone());
            self.plan.directories.push(new);
        } else if self.carriers.of[new.id.index()].is_some() || self.homes.contains_key(&new.id) {
            self.names.push(new);
        } else {
            self.is_first_name(&new);
            self.plan.make.push(new);
        }
    }

    fn keep(&mut self, old: &Entry, new: Entry) {
        let is_new_metadata = !differences((self.from, self.from.node(old.id)), (self.to, self.to.node(new.id))).is_empty();
        if is_directory(self.to, &new) {
            if is_new_metadata {
                self.plan.touched.insert(new.path);
            }
        } else if self.is_first_name(&new) && is_new_metadata {
            self.plan.describe.push(new);
        }
    }

    /// Remembers where an inode of several names is; false when it is somewhere already.
    fn is_first_name(&mut self, new: &Entry) -> bool {
        !self.links.several(new.id) || self.homes.insert(new.id, new.path.clone()).is_none()
    }

    fn touch(&mut self, path: &[u8]) {
        self.plan.touched.insert(split(path).0.to_vec());
    }

    fn finish(mut self) -> Plan {
        if !self.plan.make.is_empty() || !self.names.is_empty() {
            // What is written aside is written into the root.
            self.plan.touched.insert(b"/".to_vec());
        }
        for name in self.names {
            if let Some(home) = self.homes.get(&name.id) {
                self.plan.links.push((name.path, home.clone()));
            }
        }
        self.plan
    }
}
