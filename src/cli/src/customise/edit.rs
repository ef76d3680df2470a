use rootfs_tree::{Kind, Metadata, Node, NodeId, Time, Tree, TreeError};

use super::CustomiseError;

/// No file that is edited is longer; what claims to be is hostile.
const LIMIT: u64 = 16 << 20;

/// Changes files of a tree. What it writes is as old as `mtime` says.
#[derive(Debug)]
pub(super) struct Editor<'a> {
    pub(super) tree: &'a mut Tree,
    pub(super) mtime: Time,
    /// Lines worth telling the user.
    pub(super) notes: Vec<String>,
}

/// Attaches the path to the tree's own error.
pub(super) fn at(path: &[u8]) -> impl FnOnce(TreeError) -> CustomiseError {
    let path = path.escape_ascii().to_string();
    move |source| CustomiseError::Tree { path, source }
}

impl<'a> Editor<'a> {
    pub(super) fn new(tree: &'a mut Tree, mtime: Time) -> Self {
        Self { tree, mtime, notes: Vec::new() }
    }

    /// What the path means with all links followed, if it is there.
    pub(super) fn find(&self, path: &[u8]) -> Option<NodeId> {
        self.tree.resolve(path).ok()
    }

    /// The directory's entry itself, if it is there.
    pub(super) fn entry(&self, path: &[u8]) -> Option<NodeId> {
        self.tree.lookup(path).ok()
    }

    pub(super) fn is_directory(&self, path: &[u8]) -> bool {
        self.find(path).is_some_and(|id| matches!(self.tree.node(id).kind, Kind::Directory(_)))
    }

    /// The file's content; none when nothing is there.
    pub(super) fn read(&self, path: &[u8]) -> Result<Option<Vec<u8>>, CustomiseError> {
        let Some(id) = self.find(path) else { return Ok(None) };
        if self.tree.file(id).is_none_or(|file| file.length > LIMIT) {
            return Err(CustomiseError::NotAFile { path: path.escape_ascii().to_string() });
        }
        self.tree.read(id, LIMIT).map(Some).map_err(at(path))
    }

    /// Puts root's file there, replacing a file or link.
    pub(super) fn write(&mut self, path: &[u8], content: Vec<u8>, mode: u16) -> Result<(), CustomiseError> {
        self.write_as(path, content, Metadata::root(mode, self.mtime))
    }

    /// Puts a file there, replacing a file or link.
    pub(super) fn write_as(&mut self, path: &[u8], content: Vec<u8>, metadata: Metadata) -> Result<(), CustomiseError> {
        self.tree.write(path, content, metadata).map(drop).map_err(at(path))
    }

    /// Gives a file another content and keeps its mode and owner, or makes it with this mode. The same content is no change.
    pub(super) fn rewrite(&mut self, path: &[u8], content: Vec<u8>, mode: u16) -> Result<(), CustomiseError> {
        let Some(old) = self.read(path)? else { return self.write(path, content, mode) };
        if let Some(id) = self.find(path).filter(|_| old != content) {
            let node = self.tree.node_mut(id);
            node.kind = Kind::inline(content);
            node.metadata.mtime = self.mtime;
        }
        Ok(())
    }

    /// Puts root's link there, replacing a file or link.
    pub(super) fn link(&mut self, path: &[u8], target: &[u8]) -> Result<(), CustomiseError> {
        self.tree.symlink(target, path, self.mtime).map(drop).map_err(at(path))
    }

    /// Puts root's directory there, or gives the one that is there this mode.
    pub(super) fn directory(&mut self, path: &[u8], mode: u16) -> Result<(), CustomiseError> {
        self.directory_as(path, Metadata::root(mode, self.mtime))?;
        if let Some(id) = self.find(path) {
            self.tree.node_mut(id).metadata.mode = mode;
        }
        Ok(())
    }

    /// Puts a directory there unless one is.
    pub(super) fn directory_as(&mut self, path: &[u8], metadata: Metadata) -> Result<(), CustomiseError> {
        if self.is_directory(path) {
            return Ok(());
        }
        self.tree.place(path, Node { metadata, kind: Kind::directory(), package: None }).map(drop).map_err(at(path))
    }

    /// Removes the entry, with all below it; says whether there was one.
    pub(super) fn remove(&mut self, path: &[u8]) -> Result<bool, CustomiseError> {
        self.tree.remove(path, self.mtime).map_err(at(path))
    }

    /// Whether systemd is in the tree, so that units mean something.
    pub(super) fn has_systemd(&self) -> bool {
        self.find(b"/usr/lib/systemd/systemd").or_else(|| self.find(b"/lib/systemd/systemd")).is_some()
    }
}
