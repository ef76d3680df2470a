//! Single changes of a tree, as a person makes them: by path, links resolved inside the tree.

use crate::TreeError;
use crate::node::{Kind, Metadata, Node, Time};
use crate::tree::{NodeId, Tree};

impl Tree {
    /// Puts a file there, replacing a file or link; parents are made as by [`Tree::make_directory`].
    ///
    /// # Errors
    /// As [`Tree::place`].
    pub fn write(&mut self, path: &[u8], content: Vec<u8>, metadata: Metadata) -> Result<NodeId, TreeError> {
        self.place(path, Node { metadata, kind: Kind::inline(content), package: None })
    }

    /// Puts root's link there, replacing a file or link.
    ///
    /// # Errors
    /// As [`Tree::place`].
    pub fn symlink(&mut self, target: &[u8], path: &[u8], mtime: Time) -> Result<NodeId, TreeError> {
        self.place(path, Node { metadata: Metadata::root(0o777, mtime), kind: Kind::Symlink(target.into()), package: None })
    }

    /// Gives a node another name there, replacing a file or link; parents are made as by [`Tree::make_directory`].
    ///
    /// # Errors
    /// When something on the way is not a directory, or the last name can't be one.
    pub fn link(&mut self, id: NodeId, path: &[u8], mtime: Time) -> Result<(), TreeError> {
        let (above, name) = split(path);
        let parent = self.make_directory(above, mtime)?;
        self.insert(parent, name, id).map(|_| ())
    }

    /// Removes the entry, with all below it; says whether there was one. The directory it was in is then as old as `mtime`.
    ///
    /// # Errors
    /// When what it is in is no directory.
    pub fn remove(&mut self, path: &[u8], mtime: Time) -> Result<bool, TreeError> {
        let (above, name) = split(path);
        let Ok(parent) = self.resolve(above) else { return Ok(false) };
        if self.child(parent, name).is_none() {
            return Ok(false);
        }
        self.remove_entry(parent, name)?;
        self.node_mut(parent).metadata.mtime = mtime;
        Ok(true)
    }

    /// The names in a directory, in byte order, links on the way resolved; none when no directory is there.
    #[must_use]
    pub fn list(&self, path: &[u8]) -> Vec<Vec<u8>> {
        let Ok(id) = self.resolve(path) else { return Vec::new() };
        self.entries(id).map(|(name, _)| name.to_vec()).collect()
    }
}

/// The directory of an absolute path, and the name in it.
fn split(path: &[u8]) -> (&[u8], &[u8]) {
    let slash = path.iter().rposition(|byte| *byte == b'/').unwrap_or(0);
    (&path[..slash], path.get(slash + 1..).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changes_follow_links_inside_the_tree_and_replace_them_at_the_end() {
        let mut tree = Tree::default();
        let time = Time::from_seconds(7);
        tree.make_directory(b"/usr/bin", Time::default()).unwrap();
        tree.symlink(b"usr/bin", b"/bin", time).unwrap();
        tree.write(b"/bin/one", b"1".to_vec(), Metadata::root(0o755, time)).unwrap();
        tree.symlink(b"../../../one", b"/bin/two", time).unwrap();
        tree.write(b"/bin/two", b"2".to_vec(), Metadata::root(0o755, time)).unwrap();
        assert_eq!(tree.list(b"/bin"), [b"one", b"two"]);
        assert!(tree.remove(b"/bin/one", time).unwrap());
        assert!(!tree.remove(b"/bin/one", time).unwrap() && !tree.remove(b"/nowhere/x", time).unwrap());
        assert_eq!(tree.list(b"/usr/bin"), [b"two"]);
        assert!(tree.list(b"/usr/bin/two").is_empty() && tree.list(b"/none").is_empty());
    }
}
