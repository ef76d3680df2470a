//! A squashfs's files as a tree.

use std::collections::BTreeMap;

use rayon::prelude::*;
use rootfs_tree::{FileContent, Kind, Metadata, Node, NodeId, Time, Tree};

use super::blocks::{Block, Buffers};
use super::directory::Named;
use super::inode::{Inode, Inodes, Limits, Listing};
use super::metadata::Cursor;
use super::xattr::XattrSets;
use super::{SquashfsReadError, SquashfsReader};
use crate::read::{Contents, Piece, ReadError};
use crate::squashfs::format::{BLOCK_UNCOMPRESSED, NO_XATTR, kind};

/// Blocks that are unpacked together.
const BATCH: usize = 1024;
/// Inodes that a byte of their table may hold: no compressor gets numbers that count up to less than that.
const INODES_PER_BYTE: u64 = 4;

/// Puts all that can be reached from the root into a tree.
pub(super) fn read(reader: &SquashfsReader<'_>, tree: &mut Tree, contents: &mut Contents<'_>) -> Result<(), ReadError> {
    let packed = reader.layout.inodes.end - reader.layout.inodes.start;
    if u64::from(reader.info.inodes) > packed.saturating_mul(INODES_PER_BYTE).saturating_add(BATCH as u64) {
        return Err(SquashfsReadError::Superblock { field: "number of inodes", value: reader.info.inodes.into() }.into());
    }
    let mut files = Files { reader, fragments: reader.fragments()?, known: BTreeMap::new(), blocks: Vec::new(), ends: Vec::new() };
    let (nodes, listings) = read_inodes(reader, &mut files, tree, contents)?;
    files.unpack_blocks(contents)?;
    files.unpack_ends(contents)?;
    name_all(reader, tree, nodes, &listings)
}

/// An inode that has a node.
#[derive(Debug, Clone, Copy)]
struct Known {
    id: NodeId,
    reference: u64,
    kind: u16,
    is_named: bool,
}

/// By number.
type Nodes = BTreeMap<u32, Known>;

fn read_inodes<'a>(
    reader: &'a SquashfsReader<'a>,
    files: &mut Files<'a>,
    tree: &mut Tree,
    contents: &mut Contents<'_>,
) -> Result<(Nodes, Vec<(Listing, NodeId)>), ReadError> {
    let owners = owners(reader)?;
    let mut xattrs = reader.xattr_sets()?;
    let lengths = vec![reader.info.block_size; files.fragments.len()];
    let limits = Limits { fragments: &lengths, xattr_sets: xattrs.as_ref().map_or(0, XattrSets::count) };
    let cursor = Cursor::new(reader, "table of inodes", reader.layout.inodes.clone());
    let mut inodes = Inodes { reader, cursor, limits, blocks: Vec::new() };
    let (mut nodes, mut listings) = (Nodes::new(), Vec::new());
    while let Some(reference) = inodes.cursor.reference()? {
        contents.check_cancelled()?;
        let inode = inodes.next()?;
        let blocks = std::mem::take(&mut inodes.blocks);
        let content = if inode.kind == kind::REGULAR { Some(files.content(&inode, blocks, contents)?) } else { None };
        let node = Node { metadata: metadata(&inode, &owners, xattrs.as_mut(), contents)?, kind: kind_of(&inode, content), package: None };
        let id = if reference == reader.layout.root_inode {
            *tree.node_mut(Tree::ROOT) = node;
            Tree::ROOT
        } else {
            tree.add_node(node)
        };
        let known = Known { id, reference, kind: inode.kind, is_named: false };
        if nodes.insert(inode.number, known).is_some() {
            return Err(SquashfsReadError::Inode { number: inode.number, field: "number", value: inode.number.into() }.into());
        }
        listings.extend(inode.directory.map(|listing| (listing, id)));
    }
    Ok((nodes, listings))
}

/// Users and groups.
fn owners(reader: &SquashfsReader<'_>) -> Result<Vec<u32>, SquashfsReadError> {
    let mut cursor = reader.indexed("table of users and groups", reader.layout.ids, 0, u64::from(reader.info.ids) * 4)?;
    let mut owners = Vec::new();
    for _ in 0..reader.info.ids {
        let mut id = [0; 4];
        cursor.read(&mut id)?;
        owners.push(u32::from_le_bytes(id));
    }
    Ok(owners)
}

fn metadata(inode: &Inode, owners: &[u32], xattrs: Option<&mut XattrSets<'_>>, contents: &mut Contents<'_>) -> Result<Metadata, ReadError> {
    let owner = |place: u16| owners.get(usize::from(place)).copied().unwrap_or_default();
    let xattrs = match xattrs.filter(|_| inode.xattr != NO_XATTR) {
        Some(sets) => sets.get(inode.xattr)?,
        None => BTreeMap::new(),
    };
    contents.count_attributes(xattrs.iter().map(|(name, value)| name.len() + value.len()).sum())?;
    Ok(Metadata {
        mode: inode.mode,
        uid: owner(inode.owner.0),
        gid: owner(inode.owner.1),
        mtime: Time::from_seconds(inode.mtime.into()),
        xattrs: (!xattrs.is_empty()).then(|| Box::new(xattrs)),
    })
}

fn kind_of(inode: &Inode, content: Option<FileContent>) -> Kind {
    let (major, minor) = (inode.device >> 8 & 0xFFF, inode.device & 0xFF | inode.device >> 12 & 0xF_FF00);
    match (inode.kind, content) {
        (kind::REGULAR, Some(content)) => Kind::File(content),
        (kind::SYMLINK, _) => Kind::Symlink(inode.target.as_slice().into()),
        (kind::BLOCK_DEVICE, _) => Kind::BlockDevice { major, minor },
        (kind::CHAR_DEVICE, _) => Kind::CharDevice { major, minor },
        (kind::FIFO, _) => Kind::Fifo,
        (kind::SOCKET, _) => Kind::Socket,
        _ => Kind::directory(),
    }
}

/// Gives all nodes their names. A directory gets one at most, and the root none, so that there are no circles.
fn name_all(reader: &SquashfsReader<'_>, tree: &mut Tree, mut nodes: Nodes, listings: &[(Listing, NodeId)]) -> Result<(), ReadError> {
    let root = nodes.values().any(|known| known.id == Tree::ROOT && known.kind == kind::DIRECTORY);
    if !root {
        return Err(SquashfsReadError::Superblock { field: "root", value: reader.layout.root_inode }.into());
    }
    let (mut cursor, mut left) = reader.directories()?;
    for (listing, directory) in listings {
        let wrong = |reason| SquashfsReadError::Directory { number: listing.number, reason };
        left = left.checked_sub(listing.length.into()).ok_or_else(|| wrong("its listing overlaps others"))?;
        let mut names = Vec::new();
        listing.verify(&mut cursor, |name, Named { number, reference, kind }| {
            let known = nodes.get_mut(&number).filter(|known| known.reference == reference && known.kind == kind);
            let known = known.ok_or_else(|| wrong("an entry leads to no inode"))?;
            if kind == kind::DIRECTORY && (known.is_named || known.id == Tree::ROOT) {
                return Err(wrong("an entry is of a directory that has another name too"));
            }
            known.is_named = true;
            names.push((Box::<[u8]>::from(name), known.id));
            Ok(())
        })?;
        for (name, id) in names {
            tree.insert(*directory, &name, id)?;
        }
    }
    Ok(())
}

/// Contents on their way into a tree.
struct Files<'a> {
    reader: &'a SquashfsReader<'a>,
    fragments: Vec<Block>,
    /// Where contents are that were seen: several files may have one.
    known: BTreeMap<Key, u64>,
    /// Blocks that are not unpacked yet, with their places in the spool.
    blocks: Vec<(Block, u64)>,
    /// Ends of files.
    ends: Vec<End>,
}

/// What tells contents from others: length, first block, place in a fragment, and a sum of the blocks' sizes.
type Key = (u64, u64, Option<(u32, u32)>, u32);

/// The end of a file in a fragment, and in the spool.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct End {
    fragment: u32,
    offset: u32,
    length: u32,
    to: u64,
}

impl Files<'_> {
    /// The content of a file, which is unpacked later.
    fn content(&mut self, inode: &Inode, blocks: Vec<(Block, u64)>, contents: &mut Contents<'_>) -> Result<FileContent, ReadError> {
        let (length, (start, fragment)) = (inode.length, inode.place);
        if length == 0 {
            return Ok(FileContent { length, content: rootfs_tree::Content::Inline([].into()), sha256: None, dense: false });
        }
        let is_plain = fragment.is_none() && blocks.iter().all(|(block, _)| block.size == block.length | BLOCK_UNCOMPRESSED);
        if is_plain && blocks.iter().map(|(block, _)| u64::from(block.length)).sum::<u64>() == length {
            return contents.pieces(length, &[Piece { at: 0, from: start, length }]);
        }
        let sum = blocks
            .iter()
            .fold(0, |sum, (block, at)| crc32c::crc32c_append(crc32c::crc32c_append(sum, &block.size.to_le_bytes()), &at.to_le_bytes()));
        let key = (length, start, fragment, sum);
        if let Some(place) = self.known.get(&key) {
            return Ok(contents.spooled(length, *place));
        }
        let place = contents.room(length)?;
        self.known.insert(key, place);
        self.blocks.extend(blocks.into_iter().map(|(block, at)| (block, place + at)));
        if let Some((fragment, offset)) = fragment {
            let end = length % u64::from(self.reader.info.block_size);
            let length_of_end = u32::try_from(end).unwrap_or(u32::MAX);
            self.ends.push(End { fragment, offset, length: length_of_end, to: place + (length - end) });
        }
        if self.blocks.len() >= BATCH {
            self.unpack_blocks(contents)?;
        }
        Ok(contents.spooled(length, place))
    }

    fn unpack_blocks(&mut self, contents: &Contents<'_>) -> Result<(), ReadError> {
        let reader = self.reader;
        std::mem::take(&mut self.blocks).par_iter().try_for_each_init(Buffers::default, |buffers, (block, to)| {
            contents.check_cancelled()?;
            let bytes = reader.unpack(*block, buffers)?;
            if bytes.len() != block.length as usize {
                return Err(SquashfsReadError::Packed { what: "block", offset: block.start }.into());
            }
            contents.data(*to, bytes)
        })
    }

    /// Unpacks each fragment that has ends once.
    fn unpack_ends(&mut self, contents: &Contents<'_>) -> Result<(), ReadError> {
        self.ends.par_sort_unstable();
        let groups: Vec<&[End]> = self.ends.chunk_by(|one, next| one.fragment == next.fragment).collect();
        groups.par_iter().try_for_each_init(Buffers::default, |buffers, ends| {
            contents.check_cancelled()?;
            let fragment = ends.first().and_then(|end| self.fragments.get(end.fragment as usize));
            let Some(fragment) = fragment else { return Ok(()) };
            let bytes = self.reader.unpack(*fragment, buffers)?;
            ends.iter().try_for_each(|end| {
                let start = end.offset as usize;
                let part = start.checked_add(end.length as usize).and_then(|end| bytes.get(start..end));
                contents.data(end.to, part.ok_or(SquashfsReadError::Packed { what: "fragment", offset: fragment.start })?)
            })
        })
    }
}
