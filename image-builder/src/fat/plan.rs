use std::collections::{BTreeMap, BTreeSet};

use rootfs_tree::{Kind as NodeKind, NodeId, Tree};
use sha2::{Digest as _, Sha256};

use super::error::FatError;
use super::geometry::{ENTRY, Geometry, Kind, SECTOR};
use super::name::{ShortNames, defect, entry_count, exact, folded};
use super::options::EspOptions;
use crate::limits::InodeError;

/// The most bytes of a directory: entries that 16 bits can count, in whole sectors.
const DIRECTORY_LIMIT: u64 = 65_520 * ENTRY;
/// The most bytes of a file.
const FILE_LIMIT: u64 = 0xFFFF_FFFF;

/// A FAT filesystem in which everything has its place, ready to be written.
///
/// It belongs to the tree it was planned from, which must not change before it is written.
#[derive(Debug)]
pub struct FatLayout {
    pub(super) geometry: Geometry,
    /// The root directory first.
    pub(super) nodes: Vec<Planned>,
    pub(super) label: [u8; 11],
    pub(super) volume_id: u32,
    /// Clusters in use.
    pub(super) used: u64,
}

/// A directory or a file.
#[derive(Debug)]
pub(super) struct Planned {
    pub(super) id: NodeId,
    pub(super) path: String,
    pub(super) what: What,
    /// Clusters one behind the other, from this one on.
    pub(super) first: u64,
    pub(super) count: u64,
}

#[derive(Debug)]
pub(super) enum What {
    /// With the index of the one that it is in, if it isn't the root.
    Directory { children: Vec<Child>, parent: Option<usize> },
    /// Of so many bytes.
    File(u64),
}

#[derive(Debug)]
pub(super) struct Child {
    pub(super) name: String,
    pub(super) short: [u8; 11],
    pub(super) node: usize,
}

impl FatLayout {
    /// Gives everything its place. No content is read.
    ///
    /// # Errors
    /// When the tree doesn't fit the size, or has something that no FAT can hold.
    pub fn plan(options: &EspOptions) -> Result<Self, FatError> {
        let label = label(options.label.as_deref().unwrap_or("ESP"))?;
        let mut nodes = find_nodes(&options.tree)?;
        let root_entries = nodes[0].bytes() / ENTRY;
        let demand = |per_cluster: u64, with_root: bool| {
            let counted = if with_root { &nodes[..] } else { &nodes[1..] };
            counted.iter().map(|node| node.bytes().div_ceil(per_cluster * SECTOR)).sum()
        };
        let geometry = Geometry::find(options.size, root_entries, &demand)?;
        let mut next = 2;
        for (index, node) in nodes.iter_mut().enumerate() {
            if index == 0 && geometry.kind != Kind::Fat32 {
                continue;
            }
            node.count = node.bytes().div_ceil(geometry.sectors_per_cluster * SECTOR);
            // What is empty has none.
            node.first = if node.count > 0 { next } else { 0 };
            next += node.count;
        }
        let volume_id = options.volume_id.unwrap_or_else(|| derive_volume_id(&options.tree, &nodes, label));
        Ok(Self { geometry, nodes, label, volume_id, used: next - 2 })
    }

    /// Bytes of the filesystem.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.geometry.sectors * SECTOR
    }

    /// Bytes that are free.
    #[must_use]
    pub fn free(&self) -> u64 {
        (self.geometry.clusters - self.used) * self.geometry.sectors_per_cluster * SECTOR
    }

    /// The volume's identity; as text `1234-ABCD`.
    #[must_use]
    pub fn volume_id(&self) -> u32 {
        self.volume_id
    }
}

impl Planned {
    /// Of its entries, or its content.
    pub(super) fn bytes(&self) -> u64 {
        match &self.what {
            What::File(length) => *length,
            What::Directory { children, parent } => {
                // The label in the root, `.` and `..` elsewhere.
                let own = if parent.is_none() { 1 } else { 2 };
                (own + children.iter().map(|child| entry_count(&child.name)).sum::<u64>()) * ENTRY
            }
        }
    }
}

/// All directories and files, each directory before what is in it.
fn find_nodes(tree: &Tree) -> Result<Vec<Planned>, FatError> {
    let mut seen = BTreeSet::from([Tree::ROOT]);
    let mut nodes = vec![plan_node(tree, Tree::ROOT, String::new(), None)?];
    let mut index = 0;
    while index < nodes.len() {
        if let NodeKind::Directory(entries) = &tree.node(nodes[index].id).kind {
            let children = find_children(&nodes[index].path, entries, nodes.len())?;
            for (child, id) in children.iter().zip(entries.values()) {
                let path = format!("{}/{}", nodes[index].path, child.name);
                let node = plan_node(tree, *id, path, Some(index))?;
                if matches!(node.what, What::Directory { .. }) && !seen.insert(*id) {
                    return Err(InodeError::DirectoryLinked { path: node.path }.into());
                }
                nodes.push(node);
            }
            if let What::Directory { children: planned, .. } = &mut nodes[index].what {
                *planned = children;
            }
            let (bytes, limit) = (nodes[index].bytes(), DIRECTORY_LIMIT);
            if bytes > limit {
                return Err(FatError::DirectoryTooLarge { path: nodes.swap_remove(index).path, bytes, limit });
            }
        }
        index += 1;
    }
    Ok(nodes)
}

fn plan_node(tree: &Tree, id: NodeId, path: String, parent: Option<usize>) -> Result<Planned, FatError> {
    let what = match &tree.node(id).kind {
        NodeKind::Directory(_) => What::Directory { children: Vec::new(), parent },
        NodeKind::File(file) if file.length > FILE_LIMIT => {
            return Err(FatError::FileTooLarge { path, length: file.length, limit: FILE_LIMIT });
        }
        NodeKind::File(file) => What::File(file.length),
        _ => return Err(FatError::Kind { path }),
    };
    Ok(Planned { id, path, what, first: 0, count: 0 })
}

/// Names their entries; the nodes get numbers from `next` on.
fn find_children(directory: &str, entries: &BTreeMap<Box<[u8]>, NodeId>, next: usize) -> Result<Vec<Child>, FatError> {
    let mut names: BTreeMap<String, &str> = BTreeMap::new();
    for name in entries.keys() {
        if let Some(why) = defect(name) {
            return Err(FatError::Name { path: format!("{directory}/{}", name.escape_ascii()), why });
        }
        let name = str::from_utf8(name).unwrap_or_default();
        if let Some(other) = names.insert(folded(name), name) {
            return Err(FatError::SameName { path: format!("{directory}/{name}"), other: format!("{directory}/{other}") });
        }
    }
    let mut shorts = ShortNames::new(names.values().filter_map(|name| exact(name)));
    let children = entries.keys().zip(next..).map(|(name, node)| {
        let name = str::from_utf8(name).unwrap_or_default().to_owned();
        let short = exact(&name).unwrap_or_else(|| shorts.give(&name));
        Child { name, short, node }
    });
    Ok(children.collect())
}

fn label(text: &str) -> Result<[u8; 11], FatError> {
    let good = |byte: u8| byte.is_ascii_uppercase() || byte.is_ascii_digit() || b" _-".contains(&byte);
    let mut label = [b' '; 11];
    if text.is_empty() || text.len() > label.len() || !text.bytes().all(good) || text.starts_with(' ') {
        return Err(FatError::Label { label: text.escape_default().to_string() });
    }
    label[..text.len()].copy_from_slice(text.as_bytes());
    Ok(label)
}

fn derive_volume_id(tree: &Tree, nodes: &[Planned], label: [u8; 11]) -> u32 {
    let mut hasher = Sha256::new().chain_update(b"rootfs-image fat 1\n").chain_update(label);
    for node in nodes {
        let time = tree.node(node.id).metadata.mtime;
        hasher.update((node.path.len() as u64).to_le_bytes());
        hasher.update(&node.path);
        hasher.update(node.bytes().to_le_bytes());
        hasher.update(time.seconds.to_le_bytes());
        hasher.update(time.nanoseconds.to_le_bytes());
    }
    let digest: [u8; 32] = hasher.finalize().into();
    u32::from_le_bytes([digest[0], digest[1], digest[2], digest[3]])
}
