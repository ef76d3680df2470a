//! The whole filesystem as a tree.

use std::collections::BTreeMap;

use rayon::prelude::*;
use rootfs_tree::{Content, FileContent, Kind, Metadata, Node, NodeId, Tree};

use super::decompress::Buffers;
use super::extents::{Extent, Packed, Place};
use super::{ErofsInode, ErofsKind, ErofsReadError, ErofsReader};
use crate::read::{Contents, Piece, ReadError};

/// Compressed clusters that are unpacked together.
const BATCH: usize = 4096;
/// Bytes that are copied at once.
const COPY: u64 = 1 << 20;

impl ErofsReader<'_> {
    /// Puts all there is into a tree whose root has nothing in it.
    pub(crate) fn read_tree(&self, tree: &mut Tree, contents: &mut Contents<'_>) -> Result<(), ReadError> {
        let mut files = Files { reader: self, clusters: Vec::new(), ends: Vec::new() };
        let mut walk = Walk { reader: self, nodes: BTreeMap::new(), left: self.geometry.end };
        let root = self.inode(self.root())?;
        if root.kind != ErofsKind::Directory {
            return Err(ErofsReadError::Superblock { field: "root", value: root.nid }.into());
        }
        tree.node_mut(Tree::ROOT).metadata = walk.metadata(&root, contents)?;
        walk.nodes.insert(root.nid, (Tree::ROOT, ErofsKind::Directory));
        let mut pending = vec![(root, Tree::ROOT)];
        while let Some((directory, id)) = pending.pop() {
            walk.spend(&directory, directory.size)?;
            let mut names = Vec::new();
            self.read_directory(&directory, |entry| {
                names.push(entry);
                Ok(())
            })?;
            for entry in names.into_iter().filter(|entry| !matches!(&*entry.name, b"." | b"..")) {
                let wrong = |reason| ErofsReadError::Directory { nid: directory.nid, reason };
                let (child, kind) = match walk.nodes.get(&entry.nid) {
                    Some((_, ErofsKind::Directory)) => return Err(wrong("an entry is of a directory that has another name too").into()),
                    Some(known) => *known,
                    None => {
                        let inode = self.inode(entry.nid)?;
                        let kind = walk.kind(&inode, &mut files, contents)?;
                        let child = tree.add_node(Node { metadata: walk.metadata(&inode, contents)?, kind, package: None });
                        walk.nodes.insert(entry.nid, (child, inode.kind));
                        let known = (child, inode.kind);
                        if inode.kind == ErofsKind::Directory {
                            pending.push((inode, child));
                        }
                        known
                    }
                };
                if !entry.is_of(kind) {
                    return Err(wrong("a name is that of something else").into());
                }
                tree.insert(id, &entry.name, child)?;
            }
        }
        files.finish(contents)
    }
}

struct Walk<'a> {
    reader: &'a ErofsReader<'a>,
    nodes: BTreeMap<u64, (NodeId, ErofsKind)>,
    /// Bytes of directories, attributes and places that may still be read: none of them is in two inodes.
    left: u64,
}

impl Walk<'_> {
    fn spend(&mut self, inode: &ErofsInode, bytes: u64) -> Result<(), ErofsReadError> {
        let shared = ErofsReadError::Content { nid: inode.nid, reason: "what belongs to it belongs to others too" };
        self.left = self.left.checked_sub(bytes).ok_or(shared)?;
        Ok(())
    }

    fn metadata(&mut self, inode: &ErofsInode, contents: &mut Contents<'_>) -> Result<Metadata, ReadError> {
        self.spend(inode, inode.xattrs.1)?;
        let xattrs = self.reader.xattrs(inode)?;
        contents.count_attributes(xattrs.iter().map(|(name, value)| name.len() + value.len()).sum())?;
        let xattrs = (!xattrs.is_empty()).then(|| Box::new(xattrs));
        Ok(Metadata { mode: inode.mode & 0o7777, uid: inode.uid, gid: inode.gid, mtime: inode.mtime, xattrs })
    }

    fn kind(&mut self, inode: &ErofsInode, files: &mut Files<'_>, contents: &mut Contents<'_>) -> Result<Kind, ReadError> {
        Ok(match inode.kind {
            ErofsKind::Directory => Kind::directory(),
            ErofsKind::Symlink => {
                self.spend(inode, inode.size)?;
                Kind::Symlink(self.reader.target(inode)?.into())
            }
            ErofsKind::CharDevice { major, minor } => Kind::CharDevice { major, minor },
            ErofsKind::BlockDevice { major, minor } => Kind::BlockDevice { major, minor },
            ErofsKind::Fifo => Kind::Fifo,
            ErofsKind::Socket => Kind::Socket,
            ErofsKind::File => {
                contents.check_cancelled()?;
                let extents = self.reader.extents(inode)?;
                // Each has two bytes in the image at least.
                self.spend(inode, extents.len() as u64 * 2)?;
                Kind::File(files.content(inode, &extents, contents)?)
            }
        })
    }
}

/// Contents on their way into a tree.
struct Files<'a> {
    reader: &'a ErofsReader<'a>,
    /// Clusters that are not unpacked yet: which, how much of it, and where that goes in the spool.
    clusters: Vec<(Packed, u64, u64)>,
    /// Ends of files in the inode that has them: where there, how long, and where in the spool.
    ends: Vec<(u64, u64, u64)>,
}

impl Files<'_> {
    /// The content of a file, some of which is unpacked later.
    fn content(&mut self, inode: &ErofsInode, extents: &[Extent], contents: &mut Contents<'_>) -> Result<FileContent, ReadError> {
        let length = inode.size;
        if length == 0 {
            return Ok(FileContent { length, content: Content::Inline([].into()), sha256: None, dense: false });
        }
        if let Some(pieces) = plain(extents) {
            return contents.pieces(length, &pieces);
        }
        let start = contents.room(length)?;
        for extent in extents {
            let to = start + extent.start;
            match extent.place {
                Place::Zeros => {}
                Place::At(offset) => self.copy(offset, extent.length, to, contents)?,
                Place::Turned { block, by } => {
                    let mut bytes = self.reader.read_vec(block, self.reader.geometry.block_size())?;
                    let by = usize::try_from(by).unwrap_or(0).min(bytes.len());
                    bytes.rotate_left(by);
                    let part = usize::try_from(extent.length).ok().and_then(|length| bytes.get(..length));
                    contents.data(to, part.ok_or(ErofsReadError::Packed { offset: block })?)?;
                }
                Place::Packed(cluster) => self.clusters.push((cluster, extent.length, to)),
                Place::Fragment(offset) => self.ends.push((offset, extent.length, to)),
            }
        }
        if self.clusters.len() >= BATCH {
            self.unpack(contents)?;
        }
        Ok(contents.spooled(length, start))
    }

    fn copy(&self, from: u64, length: u64, to: u64, contents: &Contents<'_>) -> Result<(), ReadError> {
        let mut done = 0;
        while done < length {
            let count = (length - done).min(COPY);
            contents.data(to + done, &self.reader.read_vec(from + done, count)?)?;
            done += count;
        }
        Ok(())
    }

    fn unpack(&mut self, contents: &Contents<'_>) -> Result<(), ReadError> {
        let reader = self.reader;
        std::mem::take(&mut self.clusters).par_iter().try_for_each_init(Buffers::default, |buffers, (cluster, length, to)| {
            contents.check_cancelled()?;
            reader.unpack(cluster, buffers)?;
            let part = usize::try_from(*length).ok().and_then(|length| buffers.unpacked.get(..length));
            contents.data(*to, part.ok_or(ErofsReadError::Packed { offset: cluster.offset })?)
        })
    }

    /// Unpacks what is left. Ends of files are read in the order of their places, so that each cluster is unpacked once.
    fn finish(&mut self, contents: &mut Contents<'_>) -> Result<(), ReadError> {
        self.unpack(contents)?;
        if self.ends.is_empty() {
            return Ok(());
        }
        let nowhere = ErofsReadError::Superblock { field: "file of ends", value: 0 };
        let packed = self.reader.inode(self.reader.geometry.packed.ok_or(nowhere)?)?;
        let mut packed = self.reader.content(&packed)?;
        self.ends.sort_unstable();
        for (offset, length, to) in &self.ends {
            contents.check_cancelled()?;
            let mut done = 0;
            while done < *length {
                let count = (*length - done).min(COPY);
                let mut bytes = vec![0; usize::try_from(count).unwrap_or(0)];
                packed.read_at(offset.saturating_add(done), &mut bytes)?;
                contents.data(to + done, &bytes)?;
                done += count;
            }
        }
        Ok(())
    }
}

/// What lies in the image as it is, if that is all of a content; none when anything else is in it.
fn plain(extents: &[Extent]) -> Option<Vec<Piece>> {
    let mut pieces: Vec<Piece> = Vec::new();
    for extent in extents {
        let from = match extent.place {
            Place::Zeros => continue,
            Place::At(from) => from,
            Place::Turned { .. } | Place::Packed(_) | Place::Fragment(_) => return None,
        };
        match pieces.last_mut() {
            Some(last) if last.at + last.length == extent.start && last.from + last.length == from => last.length += extent.length,
            _ => pieces.push(Piece { at: extent.start, from, length: extent.length }),
        }
    }
    Some(pieces)
}
