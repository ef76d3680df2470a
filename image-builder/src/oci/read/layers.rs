use std::cell::Cell;
use std::collections::BTreeMap;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use rootfs_tree::{Overlay, Tree};

use super::ContainerError;
use super::digest::{BlobDigest, Hasher};
use super::open::{ContainerImage, ContainerLayer};
use super::parts::{Part, Parts};
use crate::inspect::{Flow, Packing};
use crate::progress::Progress;
use crate::read::{ReadError, UnpackLimit, unpack};
use crate::source::ImageSource as _;

/// Inodes of all layers together; a layer may be there many times.
const INODES_MOST: usize = 1 << 24;
/// Bytes by which a packing is known.
const START: u64 = 8;

/// See [`super::Containers::read`].
pub(super) fn read(parts: &Parts, image: &ContainerImage, spool: &Path, progress: &dyn Progress) -> Result<Tree, ReadError> {
    let mut found = Vec::new();
    for layer in &image.layers {
        found.push((layer, find(parts, layer)?));
    }
    let length = found.iter().fold(0_u64, |sum, (_, part)| sum.saturating_add(part.length));
    let mut reader = Reader { spool, progress, limit: UnpackLimit::of(length), plain: BTreeMap::new() };
    let mut tree = Tree::default();
    for (layer, part) in found {
        let Plain { path, start, length } = reader.plain(layer, &part)?;
        lay(&mut tree, &Tree::from_tar_within(&path, start, length, spool)?)?;
    }
    Ok(tree)
}

/// See [`super::Containers::verify`].
pub(super) fn verify(parts: &Parts, layer: &ContainerLayer, progress: &dyn Progress) -> Result<(), ContainerError> {
    let part = find(parts, layer)?;
    if let Some(digest) = &layer.digest {
        part.check(digest, progress)?;
    }
    let Some(packing) = packing(&part)? else { return part.check(&layer.diff_id, progress) };
    let unreadable = |source| ContainerError::Read { name: part.name.clone(), source };
    let (failure, source) = (Cell::new(None), part.source());
    let mut plain = packing.unpack(Flow::new(&source, 0, &failure)).map_err(unreadable)?;
    let (mut hasher, mut buffer) = (layer.diff_id.hasher(), vec![0; 1 << 18]);
    loop {
        if progress.cancelled() {
            return Err(ContainerError::Cancelled);
        }
        match plain.read(&mut buffer) {
            Ok(0) => return layer.diff_id.check(&unpacked(&part), hasher),
            Ok(count) => hasher.update(&buffer[..count]),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(unreadable(error)),
        }
    }
}

/// What a layer's plain tar is called.
fn unpacked(part: &Part) -> String {
    format!("what `{}` unpacks to", part.name)
}

/// A layer, as long as it is said to be, and packed in a way that can be read.
fn find(parts: &Parts, layer: &ContainerLayer) -> Result<Part, ContainerError> {
    if layer.media_type.as_deref().is_some_and(|kind| kind.ends_with("+encrypted")) {
        return Err(ContainerError::Layer { digest: layer.name.clone(), reason: "it is encrypted".to_owned() });
    }
    let part = parts.open(&layer.part)?;
    match layer.size {
        Some(expected) if expected != part.length => Err(ContainerError::Length { name: part.name, expected, found: part.length }),
        _ => Ok(part),
    }
}

/// Lays a layer over those below it. The root is as the last one says that tells of it.
fn lay(tree: &mut Tree, layer: &Tree) -> Result<(), ReadError> {
    if tree.node_count().saturating_add(layer.node_count()) > INODES_MOST {
        return Err(ReadError::Container(ContainerError::TooMuch { what: "files in all layers", limit: INODES_MOST as u64 }));
    }
    tree.overlay(layer, Overlay::Layer)?;
    if !layer.is_implied(Tree::ROOT) {
        tree.node_mut(Tree::ROOT).metadata = layer.node(Tree::ROOT).metadata.clone();
    }
    Ok(())
}

/// A plain tar in a file of the host's.
#[derive(Debug, Clone)]
struct Plain {
    path: PathBuf,
    start: u64,
    length: u64,
}

struct Reader<'a> {
    spool: &'a Path,
    progress: &'a dyn Progress,
    limit: UnpackLimit,
    /// What was verified, by what it unpacks to.
    plain: BTreeMap<BlobDigest, Plain>,
}

impl Reader<'_> {
    /// The layer's tar, unpacked where it must be, and verified.
    fn plain(&mut self, layer: &ContainerLayer, part: &Part) -> Result<Plain, ReadError> {
        if let Some(digest) = &layer.digest {
            part.check(digest, self.progress)?;
        }
        if let Some(known) = self.plain.get(&layer.diff_id) {
            return Ok(known.clone());
        }
        let plain = match packing(part)? {
            None => {
                if layer.digest.as_ref() != Some(&layer.diff_id) {
                    part.check(&layer.diff_id, self.progress)?;
                }
                Plain { path: part.path.clone(), start: part.start, length: part.length }
            }
            Some(packing) => self.unpack(layer, part, packing)?,
        };
        self.plain.insert(layer.diff_id.clone(), plain.clone());
        Ok(plain)
    }

    fn unpack(&mut self, layer: &ContainerLayer, part: &Part, packing: Packing) -> Result<Plain, ReadError> {
        let mut hasher: Hasher = layer.diff_id.hasher();
        let path = unpack(&part.source(), packing, (self.spool, &mut self.limit), self.progress, |bytes| hasher.update(bytes))?;
        layer.diff_id.check(&unpacked(part), hasher)?;
        Ok(Plain { path, start: 0, length: u64::MAX })
    }
}

/// How a layer is packed: by how it begins, whatever its type says.
fn packing(part: &Part) -> Result<Option<Packing>, ContainerError> {
    let mut start = vec![0; usize::try_from(part.length.min(START)).unwrap_or(0)];
    part.source().read_exact_at(0, &mut start).map_err(|source| ContainerError::Read { name: part.name.clone(), source })?;
    Ok(Packing::of(&start))
}
