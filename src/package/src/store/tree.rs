use std::collections::{BTreeMap, HashMap};
use std::io::{BufWriter, Read};
use std::path::Path;

use fs_err as fs;
use rayon::prelude::*;
use rootfs_tree::{Content, Digest, Kind, Layer, NodeId, Tree, TreeError};
use sha2::{Digest as _, Sha256};

use super::layer::LayerFiles;
use super::result::Stage;
use super::{Store, StoreError};
use crate::inputs::Inputs;

/// A tree that packages were installed into, as the build found it that did so.
#[derive(Debug)]
pub(crate) struct KeptTree {
    /// With hashes; contents lie in the store.
    pub(crate) tree: Tree,
    /// The newest time in any package, in seconds since 1970.
    pub(crate) newest: i64,
}

/// Why a tree could not be kept.
#[derive(Debug, thiserror::Error)]
pub(crate) enum KeepError {
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A content of the tree.
    #[error(transparent)]
    Tree(#[from] TreeError),
}

/// Where a content lies in the file of those that no package has.
type Place = (Digest, u64);

impl Store {
    /// The tree that was kept of these inputs; none when there is none, or one of its contents is missing or damaged. `packages` are those it was
    /// installed from.
    pub(crate) fn kept_tree(&self, inputs: &Inputs, packages: &[Digest]) -> Option<KeptTree> {
        let result = self.result(Stage::Install, inputs)?;
        let (newest, places, text) = decode(&result)?;
        let layers = packages.par_iter().map(|package| self.kept_files(package)).collect::<Option<Vec<_>>>()?;
        let mut tree = Tree::read_text(&mut &*text, Path::new("a kept tree")).ok()?;
        let data = self.result_path(Stage::Install, &inputs.key(), ".data");
        let own = fs::read(&data).ok()?;
        let files = files(&tree);
        let lengths: HashMap<Digest, u64> = files.iter().map(|(_, sha256, length)| (*sha256, *length)).collect();
        places.par_iter().all(|(sha256, offset)| holds(&own, *offset, *lengths.get(sha256).unwrap_or(&0), sha256)).then_some(())?;
        let mut found = locate(&mut tree, &layers);
        let own = tree.add_layer(Layer { path: data });
        found.extend(places.into_iter().map(|(sha256, offset)| (sha256, Content::At { layer: own, offset })));
        for (id, sha256, length) in files {
            let content = if length == 0 { Content::Inline([].into()) } else { found.get(&sha256)?.clone() };
            if let Kind::File(file) = &mut tree.node_mut(id).kind {
                file.content = content;
            }
        }
        Some(KeptTree { tree, newest })
    }

    /// Keeps a tree with hashes. `in_packages` knows the contents that its packages have, which are not kept twice.
    pub(crate) fn keep_tree(
        &self,
        inputs: &Inputs,
        tree: &Tree,
        newest: i64,
        in_packages: &dyn Fn(&Digest) -> bool,
    ) -> Result<(), KeepError> {
        let path = self.result_path(Stage::Install, &inputs.key(), ".data");
        let failed = |source| StoreError::writing(&path, 0, source);
        let mut data = BufWriter::with_capacity(1 << 20, self.temporary()?);
        let mut places = BTreeMap::new();
        let mut offset = 0;
        for (id, sha256, length) in files(tree) {
            if length == 0 || in_packages(&sha256) || places.contains_key(&sha256) {
                continue;
            }
            let copied = std::io::copy(&mut Hashing::of(tree.open(id)?, sha256), &mut data).map_err(failed)?;
            places.insert(sha256, offset);
            offset += copied;
        }
        let mut text = Vec::new();
        tree.write_text(&mut text)?;
        self.keep(data.into_inner().map_err(|error| failed(error.into_error()))?, &path)?;
        Ok(self.keep_result(Stage::Install, inputs, &encode(newest, places, &text))?)
    }
}

/// Every regular file's inode, once for each of its names.
fn files(tree: &Tree) -> Vec<(NodeId, Digest, u64)> {
    let file = |id| tree.file(id).and_then(|file| Some((id, file.sha256?, file.length)));
    tree.walk().filter_map(|entry| file(entry.id)).collect()
}

/// Where the packages have their contents.
fn locate(tree: &mut Tree, layers: &[LayerFiles]) -> HashMap<Digest, Content> {
    let mut found = HashMap::new();
    for layer in layers {
        let id = tree.add_layer(Layer { path: layer.data.clone() });
        found.extend(layer.files.iter().map(|file| (file.sha256, Content::At { layer: id, offset: file.offset })));
    }
    found
}

fn holds(bytes: &[u8], offset: u64, length: u64, sha256: &Digest) -> bool {
    let range = usize::try_from(offset).ok().zip(offset.checked_add(length).and_then(|end| usize::try_from(end).ok()));
    range.and_then(|(start, end)| bytes.get(start..end)).is_some_and(|content| Sha256::digest(content)[..] == sha256.0)
}

fn encode(newest: i64, places: BTreeMap<Digest, u64>, text: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(16 + 40 * places.len() + text.len());
    bytes.extend_from_slice(&newest.to_le_bytes());
    bytes.extend_from_slice(&(places.len() as u64).to_le_bytes());
    for (sha256, offset) in places {
        bytes.extend_from_slice(&sha256.0);
        bytes.extend_from_slice(&offset.to_le_bytes());
    }
    bytes.extend_from_slice(text);
    bytes
}

fn decode(bytes: &[u8]) -> Option<(i64, Vec<Place>, &[u8])> {
    let (newest, bytes) = bytes.split_first_chunk()?;
    let (count, mut bytes) = bytes.split_first_chunk()?;
    let mut places = Vec::new();
    for _ in 0..u64::from_le_bytes(*count) {
        let (sha256, rest) = bytes.split_first_chunk()?;
        let (offset, rest) = rest.split_first_chunk()?;
        places.push((Digest(*sha256), u64::from_le_bytes(*offset)));
        bytes = rest;
    }
    Some((i64::from_le_bytes(*newest), places, bytes))
}

/// A content that must have its hash at its end: what changes while it is kept is not kept.
struct Hashing<R> {
    input: R,
    hash: Sha256,
    expected: Digest,
}

impl<R> Hashing<R> {
    fn of(input: R, expected: Digest) -> Self {
        Self { input, hash: Sha256::new(), expected }
    }
}

impl<R: Read> Read for Hashing<R> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let count = self.input.read(buffer)?;
        self.hash.update(&buffer[..count]);
        if count == 0 && self.hash.clone().finalize()[..] != self.expected.0 {
            return Err(std::io::Error::other("the content changed while it was read"));
        }
        Ok(count)
    }
}
