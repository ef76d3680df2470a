use rootfs_tree::{Kind, Layer, Metadata, Node, Time, Tree, TreeError};

use super::{DebEntry, DebLayer};

impl DebLayer {
    /// The payload as a tree: what unpacking it alone would give, without running anything. Contents lie in the layer.
    ///
    /// # Errors
    /// When an entry lies below what is no directory.
    pub fn tree(&self) -> Result<Tree, TreeError> {
        let mut tree = Tree::default();
        self.lay_over(&mut tree)?;
        Ok(tree)
    }

    /// Puts the payload into a tree, over what is there.
    ///
    /// # Errors
    /// When an entry lies below what is no directory.
    pub fn lay_over(&self, tree: &mut Tree) -> Result<(), TreeError> {
        let layer = tree.add_layer(Layer { path: self.data.clone() });
        for entry in &self.entries {
            let path = [b"/", &entry.path[..]].concat();
            match entry.kind.in_tree(layer) {
                Ok(Kind::Directory(_)) => {
                    let id = tree.make_directory(&path, Time::from_seconds(entry.mtime))?;
                    tree.node_mut(id).metadata = metadata(entry);
                }
                Ok(kind) => drop(tree.place(&path, Node { metadata: metadata(entry), kind, package: None })?),
                Err(target) => tree.link(tree.lookup(&[b"/", target].concat())?, &path, Time::from_seconds(entry.mtime))?,
            }
        }
        Ok(())
    }
}

fn metadata(entry: &DebEntry) -> Metadata {
    let mtime = Time::from_seconds(entry.mtime);
    Metadata { mode: entry.mode, uid: entry.uid, gid: entry.gid, mtime, xattrs: None }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::payload::EntryKind;

    fn entry(path: &str, kind: EntryKind) -> DebEntry {
        let md5 = kind.file().map(|_| [0; 16]);
        DebEntry { path: path.into(), kind, mode: 0o644, uid: 1, gid: 2, mtime: 3, md5 }
    }

    #[test]
    fn every_kind_finds_its_place() {
        let file = EntryKind::File { offset: 512, length: 4, sha256: rootfs_tree::Digest([0; 32]) };
        let entries = vec![
            entry("", EntryKind::Directory),
            entry("a", EntryKind::Directory),
            entry("a/file", file),
            entry("a/other", EntryKind::Hardlink(b"a/file".to_vec())),
            entry("b/link", EntryKind::Symlink(b"../a".to_vec())),
        ];
        let tree = DebLayer { control: Default::default(), data: "data.tar".into(), entries }.tree().unwrap();
        let paths: Vec<_> = tree.walk().map(|entry| String::from_utf8(entry.path).unwrap()).collect();
        assert_eq!(paths, ["/", "/a", "/a/file", "/a/other", "/b", "/b/link"]);
        let id = tree.resolve(b"/b/link/other").unwrap();
        assert_eq!(id, tree.lookup(b"/a/file").unwrap());
        assert_eq!(tree.file(id).map(|file| file.length), Some(4));
        assert_eq!(tree.node(id).metadata.uid, 1);
    }
}
