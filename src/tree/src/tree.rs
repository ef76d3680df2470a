use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;

use crate::TreeError;
use crate::node::{Content, FileContent, Kind, Metadata, Node, Time};

/// An inode of one tree; the root is [`Tree::ROOT`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NodeId(u32);

impl NodeId {
    /// Its place in the arena: below [`Tree::node_count`].
    #[must_use]
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

/// A layer of one tree.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LayerId(u32);

impl LayerId {
    /// Its place among the tree's.
    pub(crate) fn index(self) -> usize {
        self.0 as usize
    }
}

/// A package of one tree.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PackageId(u32);

impl PackageId {
    /// Its place among the tree's.
    pub(crate) fn index(self) -> usize {
        self.0 as usize
    }
}

/// Where contents lie: a file (an uncompressed archive) or a directory that was scanned.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Layer {
    /// On the host.
    pub path: PathBuf,
}

/// A filesystem as data.
///
/// Several directory entries may name one inode (hard links). An inode that no entry names any more stays in the arena and is never visited.
#[derive(Debug, Clone)]
pub struct Tree {
    nodes: Vec<Node>,
    layers: Vec<Layer>,
    packages: Vec<Arc<str>>,
    /// Directories that nobody described: they are there because something is in them.
    implied: BTreeSet<NodeId>,
}

/// One step of a [`Walk`].
#[derive(Debug, Clone)]
pub struct Entry {
    /// Absolute: `/`, `/usr`, `/usr/bin`.
    pub path: Vec<u8>,
    /// The inode.
    pub id: NodeId,
}

impl Default for Tree {
    fn default() -> Self {
        Self::new(Metadata::root(0o755, Time::default()))
    }
}

impl Tree {
    /// The root directory.
    pub const ROOT: NodeId = NodeId(0);

    /// A tree of one empty directory.
    #[must_use]
    pub fn new(root: Metadata) -> Self {
        Self {
            nodes: vec![Node { metadata: root, kind: Kind::directory(), package: None }],
            layers: Vec::new(),
            packages: Vec::new(),
            implied: BTreeSet::new(),
        }
    }

    /// The inode.
    #[must_use]
    pub fn node(&self, id: NodeId) -> &Node {
        &self.nodes[id.0 as usize]
    }

    /// The inode, to change. Entries of a directory are changed through [`Tree::insert`] and [`Tree::remove_entry`].
    pub fn node_mut(&mut self, id: NodeId) -> &mut Node {
        self.implied.remove(&id);
        self.inode_mut(id)
    }

    /// The inode, to change without saying that somebody described it.
    pub(crate) fn inode_mut(&mut self, id: NodeId) -> &mut Node {
        &mut self.nodes[id.0 as usize]
    }

    /// Every inode of the arena, the unreachable ones among them.
    pub(crate) fn nodes_mut(&mut self) -> impl Iterator<Item = &mut Node> {
        self.nodes.iter_mut()
    }

    /// How many inodes the arena holds, the unreachable ones among them.
    #[must_use]
    pub fn node_count(&self) -> usize {
        self.nodes.len()
    }

    /// Adds a layer that contents can point into.
    ///
    /// # Panics
    /// With more than 2³² layers.
    pub fn add_layer(&mut self, layer: Layer) -> LayerId {
        self.layers.push(layer);
        LayerId(u32::try_from(self.layers.len() - 1).expect("fewer than 2^32 layers"))
    }

    /// The layer.
    #[must_use]
    pub fn layer(&self, id: LayerId) -> &Layer {
        &self.layers[id.0 as usize]
    }

    /// All layers, by id.
    #[must_use]
    pub fn layers(&self) -> &[Layer] {
        &self.layers
    }

    /// The id of a package's name; the same name gives the same id.
    ///
    /// # Panics
    /// With more than 2³² packages.
    pub fn add_package(&mut self, name: &str) -> PackageId {
        let position = self.packages.iter().position(|known| &**known == name).unwrap_or_else(|| {
            self.packages.push(name.into());
            self.packages.len() - 1
        });
        PackageId(u32::try_from(position).expect("fewer than 2^32 packages"))
    }

    /// The package's name.
    #[must_use]
    pub fn package(&self, id: PackageId) -> &str {
        &self.packages[id.0 as usize]
    }

    /// All packages' names, by id.
    pub(crate) fn packages(&self) -> impl Iterator<Item = &str> {
        self.packages.iter().map(|name| &**name)
    }

    /// Puts an inode into the arena; an entry must name it to be seen.
    ///
    /// # Panics
    /// With more than 2³² inodes.
    pub fn add_node(&mut self, node: Node) -> NodeId {
        self.nodes.push(node);
        NodeId(u32::try_from(self.nodes.len() - 1).expect("fewer than 2^32 inodes"))
    }

    /// Makes `name` in `parent` mean `child`; gives what it meant before. Several names for one file are hard links.
    ///
    /// # Errors
    /// When the name can't be one, or the parent is not a directory.
    pub fn insert(&mut self, parent: NodeId, name: &[u8], child: NodeId) -> Result<Option<NodeId>, TreeError> {
        if name.is_empty() || name == b"." || name == b".." || name.iter().any(|byte| matches!(byte, b'/' | 0)) || name.len() > 255 {
            return Err(TreeError::Name { name: name.escape_ascii().to_string() });
        }
        Ok(self.entries_mut(parent, name)?.insert(name.into(), child))
    }

    /// Forgets `name` in `parent`; gives what it meant.
    ///
    /// # Errors
    /// When the parent is not a directory.
    pub fn remove_entry(&mut self, parent: NodeId, name: &[u8]) -> Result<Option<NodeId>, TreeError> {
        Ok(self.entries_mut(parent, name)?.remove(name))
    }

    fn entries_mut(&mut self, parent: NodeId, name: &[u8]) -> Result<&mut std::collections::BTreeMap<Box<[u8]>, NodeId>, TreeError> {
        match &mut self.nodes[parent.0 as usize].kind {
            Kind::Directory(entries) => Ok(entries),
            _ => Err(TreeError::NotADirectory { path: format!("the parent of {}", name.escape_ascii()) }),
        }
    }

    /// What `name` in `parent` means; nothing when the parent is no directory.
    #[must_use]
    pub fn child(&self, parent: NodeId, name: &[u8]) -> Option<NodeId> {
        match &self.node(parent).kind {
            Kind::Directory(entries) => entries.get(name).copied(),
            _ => None,
        }
    }

    /// What a path means, links resolved *inside* the tree but for the last component, as lstat(2).
    ///
    /// # Errors
    /// [`TreeError::NotFound`], [`TreeError::NotADirectory`] and [`TreeError::LinkLoop`].
    pub fn lookup(&self, path: &[u8]) -> Result<NodeId, TreeError> {
        self.follow(path, false)
    }

    /// What a path means with every link resolved inside the tree, as stat(2) after chroot(2): `..` of the root is the root, absolute
    /// links start at the root.
    ///
    /// # Errors
    /// [`TreeError::NotFound`], [`TreeError::NotADirectory`] and [`TreeError::LinkLoop`].
    pub fn resolve(&self, path: &[u8]) -> Result<NodeId, TreeError> {
        self.follow(path, true)
    }

    /// Whether a directory was made by [`Tree::make_directory`], or is the root of an archive that has no entry for it, and was not described since.
    #[must_use]
    pub fn is_implied(&self, id: NodeId) -> bool {
        self.implied.contains(&id)
    }

    /// Says that nobody described the directory.
    pub(crate) fn imply(&mut self, id: NodeId) {
        self.implied.insert(id);
    }

    /// The entries of a directory; none of anything else.
    pub(crate) fn entries(&self, id: NodeId) -> impl DoubleEndedIterator<Item = (&[u8], NodeId)> {
        let entries = match &self.node(id).kind {
            Kind::Directory(entries) => Some(entries),
            _ => None,
        };
        entries.into_iter().flatten().map(|(name, id)| (&**name, *id))
    }

    fn follow(&self, path: &[u8], last: bool) -> Result<NodeId, TreeError> {
        let shown = || path.escape_ascii().to_string();
        let mut pending: Vec<Box<[u8]>> = components(path).rev().map(Into::into).collect();
        let mut way = vec![Self::ROOT];
        let mut links = 0;
        while let Some(name) = pending.pop() {
            if &*name == b".." {
                if way.len() > 1 {
                    way.pop();
                }
                continue;
            }
            let here = way.last().copied().unwrap_or(Self::ROOT);
            let Kind::Directory(entries) = &self.node(here).kind else {
                return Err(TreeError::NotADirectory { path: shown() });
            };
            let id = entries.get(&name).copied().ok_or_else(|| TreeError::NotFound { path: shown() })?;
            match &self.node(id).kind {
                Kind::Symlink(target) if last || !pending.is_empty() => {
                    links += 1;
                    if links > 40 {
                        return Err(TreeError::LinkLoop { path: shown() });
                    }
                    if target.first() == Some(&b'/') {
                        way.truncate(1);
                    }
                    pending.extend(components(target).rev().map(Into::into));
                }
                _ => way.push(id),
            }
        }
        Ok(way.last().copied().unwrap_or(Self::ROOT))
    }

    /// The directory a path means, made with root's `0755` where it is missing; links resolve inside the tree.
    ///
    /// # Errors
    /// When something on the way is not a directory, or a link leads nowhere.
    pub fn make_directory(&mut self, path: &[u8], mtime: Time) -> Result<NodeId, TreeError> {
        let mut so_far = Vec::new();
        let mut here = Self::ROOT;
        for name in components(path) {
            so_far.push(b'/');
            so_far.extend_from_slice(name);
            if let Some(id) = self.child(here, name)
                && matches!(self.node(id).kind, Kind::Directory(_))
            {
                here = id;
                continue;
            }
            here = match self.resolve(&so_far) {
                Ok(id) => id,
                Err(TreeError::NotFound { path }) => {
                    if self.child(here, name).is_some() || name == b".." {
                        return Err(TreeError::NotFound { path });
                    }
                    let node = Node { metadata: Metadata::root(0o755, mtime), kind: Kind::directory(), package: None };
                    let id = self.add_node(node);
                    self.insert(here, name, id)?;
                    self.imply(id);
                    id
                }
                Err(error) => return Err(error),
            };
            if !matches!(self.node(here).kind, Kind::Directory(_)) {
                return Err(TreeError::NotADirectory { path: so_far.escape_ascii().to_string() });
            }
        }
        Ok(here)
    }

    /// Puts a node at a path, replacing a file or link there (never writing through a link); parents are made as by [`Tree::make_directory`].
    ///
    /// # Errors
    /// When a directory is there, or something on the way is not one.
    pub fn place(&mut self, path: &[u8], node: Node) -> Result<NodeId, TreeError> {
        let shown = || path.escape_ascii().to_string();
        let split = path.iter().rposition(|byte| *byte == b'/').ok_or_else(|| TreeError::Name { name: shown() })?;
        let parent = self.make_directory(&path[..split], node.metadata.mtime)?;
        let name = &path[split + 1..];
        if let Some(old) = self.child(parent, name)
            && matches!(self.node(old).kind, Kind::Directory(_))
        {
            return Err(TreeError::IsADirectory { path: shown() });
        }
        let id = self.add_node(node);
        self.insert(parent, name, id)?;
        Ok(id)
    }

    /// Every entry, a directory before what is in it, names in byte order; the root first.
    #[must_use]
    pub fn walk(&self) -> Walk<'_> {
        Walk { tree: self, stack: vec![Entry { path: b"/".to_vec(), id: Self::ROOT }] }
    }

    /// The file's content.
    #[must_use]
    pub fn file(&self, id: NodeId) -> Option<&FileContent> {
        match &self.node(id).kind {
            Kind::File(content) => Some(content),
            _ => None,
        }
    }

    /// Bytes at hand, or none when the content lies in a layer.
    #[must_use]
    pub fn inline(&self, id: NodeId) -> Option<&Arc<[u8]>> {
        match &self.file(id)?.content {
            Content::Inline(bytes) => Some(bytes),
            _ => None,
        }
    }
}

fn components(path: &[u8]) -> impl DoubleEndedIterator<Item = &[u8]> {
    path.split(|byte| *byte == b'/').filter(|name| !name.is_empty() && *name != b".")
}

/// The entries of a tree in order; see [`Tree::walk`].
#[derive(Debug)]
pub struct Walk<'a> {
    tree: &'a Tree,
    stack: Vec<Entry>,
}

impl Iterator for Walk<'_> {
    type Item = Entry;

    fn next(&mut self) -> Option<Entry> {
        let entry = self.stack.pop()?;
        if let Kind::Directory(entries) = &self.tree.node(entry.id).kind {
            let prefix: &[u8] = if entry.path == b"/" { b"" } else { &entry.path };
            self.stack.extend(entries.iter().rev().map(|(name, id)| Entry { path: [prefix, b"/", name].concat(), id: *id }));
        }
        Some(entry)
    }
}
