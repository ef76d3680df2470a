use crate::TreeError;
use crate::node::{Content, Kind, Node};
use crate::tree::{LayerId, NodeId, PackageId, Tree};

/// What starts the name of a mark in a layer of a container image.
const WHITEOUT: &[u8] = b".wh.";
/// Says that the layers below have nothing in this directory.
const OPAQUE: &[u8] = b".wh..wh..opq";
/// Starts other marks that the kernel's aufs left, which mean nothing elsewhere.
const AUFS: &[u8] = b".wh..wh.";

/// What an upper tree's names mean when it is laid over another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Overlay {
    /// Files as an administrator would copy them: every name is a name. Where a directory meets a link that leads to a directory of the lower tree, the link
    /// stays and the content goes where it leads: `lib/x` over a tree with `lib -> usr/lib` is `usr/lib/x`. What is no directory never replaces one
    /// that isn't empty.
    Files,
    /// The same, but for the marks of [`Overlay::Layer`], which are obeyed.
    MarkedFiles,
    /// A layer of a container image (OCI image specification, "Layer Filesystem Changeset"): `.wh.NAME` removes `NAME`, `.wh..wh..opq` all that was in its
    /// directory, and anything replaces anything.
    Layer,
}

impl Overlay {
    fn has_marks(self) -> bool {
        self != Self::Files
    }

    fn replaces(self) -> bool {
        self == Self::Layer
    }
}

/// An upper tree, and where its things are in the lower one.
struct Upper<'a> {
    tree: &'a Tree,
    layers: Vec<LayerId>,
    packages: Vec<PackageId>,
    nodes: Vec<Option<NodeId>>,
    rules: Overlay,
}

impl Tree {
    /// Lays a tree over this one: what is in both is the upper one's, directories are merged and get its owner, mode, attributes and time. The root keeps its
    /// own (an overlay's directory is often private to who made it), as does a directory that the upper tree only has because something is in it.
    ///
    /// # Errors
    /// When a mark's name can't be one, or something that is no directory meets one that isn't empty and may not replace it.
    pub fn overlay(&mut self, upper: &Tree, rules: Overlay) -> Result<(), TreeError> {
        let layers = upper.layers().iter().map(|layer| self.add_layer(layer.clone())).collect();
        let packages = upper.packages().map(|name| self.add_package(name)).collect();
        let upper = Upper { tree: upper, layers, packages, nodes: vec![None; upper.node_count()], rules };
        upper.lay_over(self)
    }

    /// Where a directory of an upper tree goes: the directory that is there, or the one that a link there leads to.
    fn directory_below(&self, path: &[u8], there: NodeId) -> Option<NodeId> {
        let leads = match self.node(there).kind {
            Kind::Symlink(_) => self.resolve(path).ok()?,
            _ => return None,
        };
        matches!(self.node(leads).kind, Kind::Directory(_)).then_some(leads)
    }
}

impl Upper<'_> {
    fn lay_over(mut self, lower: &mut Tree) -> Result<(), TreeError> {
        let mut pending = vec![(Tree::ROOT, Tree::ROOT, b"/".to_vec())];
        while let Some((from, into, path)) = pending.pop() {
            if self.rules.has_marks() {
                self.erase(lower, from, into)?;
            }
            let tree = self.tree;
            for (name, id) in tree.entries(from) {
                if self.rules.has_marks() && name.starts_with(WHITEOUT) {
                    continue;
                }
                let path = crate::disk::join(&path, name);
                if let Kind::Directory(_) = self.tree.node(id).kind {
                    let directory = self.directory(lower, (into, name, &path), id)?;
                    pending.push((id, directory, path));
                } else {
                    self.inode(lower, (into, name, &path), id)?;
                }
            }
        }
        Ok(())
    }

    /// Does what the marks of a directory say to what is below it.
    fn erase(&self, lower: &mut Tree, from: NodeId, into: NodeId) -> Result<(), TreeError> {
        if self.tree.child(from, OPAQUE).is_some() {
            let names: Vec<Box<[u8]>> = lower.entries(into).map(|(name, _)| name.into()).collect();
            names.iter().try_for_each(|name| lower.remove_entry(into, name).map(|_| ()))?;
        }
        for (name, _) in self.tree.entries(from).filter(|(name, _)| !name.starts_with(AUFS)) {
            if let Some(gone) = name.strip_prefix(WHITEOUT) {
                if matches!(gone, b"" | b"." | b"..") {
                    return Err(TreeError::Name { name: name.escape_ascii().to_string() });
                }
                lower.remove_entry(into, gone)?;
            }
        }
        Ok(())
    }

    fn directory(&self, lower: &mut Tree, (into, name, path): (NodeId, &[u8], &[u8]), id: NodeId) -> Result<NodeId, TreeError> {
        let mut new = self.copy(id);
        let there = lower.child(into, name);
        if let Some(there) = there
            && let Kind::Directory(entries) = &mut lower.inode_mut(there).kind
        {
            if !self.tree.is_implied(id) {
                new.kind = Kind::Directory(std::mem::take(entries));
                new.package = new.package.or(lower.node(there).package);
                *lower.node_mut(there) = new;
            }
            return Ok(there);
        }
        if !self.rules.replaces()
            && let Some(leads) = there.and_then(|there| lower.directory_below(path, there))
        {
            return Ok(leads);
        }
        let copy = lower.add_node(new);
        lower.insert(into, name, copy)?;
        if self.tree.is_implied(id) {
            lower.imply(copy);
        }
        Ok(copy)
    }

    /// Puts anything but a directory where it goes. Only a layer of an image may replace a directory that has something in it.
    fn inode(&mut self, lower: &mut Tree, (into, name, path): (NodeId, &[u8], &[u8]), id: NodeId) -> Result<(), TreeError> {
        if !self.rules.replaces()
            && let Some(there) = lower.child(into, name)
            && lower.entries(there).next().is_some()
        {
            return Err(TreeError::IsADirectory { path: path.escape_ascii().to_string() });
        }
        let copy = self.nodes[id.index()].unwrap_or_else(|| lower.add_node(self.copy(id)));
        self.nodes[id.index()] = Some(copy);
        lower.insert(into, name, copy).map(|_| ())
    }

    /// An inode with its layer and package as the lower tree numbers them; a directory without its entries.
    fn copy(&self, id: NodeId) -> Node {
        let Node { metadata, kind, package } = self.tree.node(id);
        let mut kind = if let Kind::Directory(_) = kind { Kind::directory() } else { kind.clone() };
        if let Kind::File(file) = &mut kind
            && let Content::At { layer, .. } | Content::Path { layer, .. } = &mut file.content
        {
            *layer = self.layers[layer.index()];
        }
        Node { metadata: metadata.clone(), kind, package: package.map(|id| self.packages[id.index()]) }
    }
}
