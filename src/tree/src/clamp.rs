use crate::node::Time;
use crate::tree::Tree;

impl Tree {
    /// The youngest inode's time, the root's among them.
    #[must_use]
    pub fn newest_mtime(&self) -> Time {
        self.walk().map(|entry| self.node(entry.id).metadata.mtime).max().unwrap_or_default()
    }

    /// Makes nothing younger than `to`, as `SOURCE_DATE_EPOCH` asks; what is older keeps its time.
    pub fn clamp_mtimes(&mut self, to: Time) {
        for node in self.nodes_mut() {
            node.metadata.mtime = node.metadata.mtime.min(to);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::node::{Kind, Metadata, Node};

    #[test]
    fn only_younger_times_are_clamped() {
        let mut tree = Tree::default();
        let at = |seconds, nanoseconds| Time { seconds, nanoseconds };
        for (name, mtime) in [("/old", at(-5, 1)), ("/edge", at(10, 0)), ("/just", at(10, 1)), ("/new", at(99, 0))] {
            tree.place(name.as_bytes(), Node { metadata: Metadata::root(0o644, mtime), kind: Kind::Fifo, package: None }).unwrap();
        }
        assert_eq!(tree.newest_mtime(), at(99, 0));
        tree.clamp_mtimes(at(10, 0));
        let times: Vec<_> = tree.walk().map(|entry| tree.node(entry.id).metadata.mtime).collect();
        assert_eq!(times, [at(0, 0), at(10, 0), at(10, 0), at(10, 0), at(-5, 1)]);
        assert_eq!(tree.newest_mtime(), at(10, 0));
    }
}
