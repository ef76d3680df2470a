use rootfs_tree::Kind;
use zerocopy::IntoBytes;

use super::SquashfsError;
use super::compress::Codec;
use super::format::{DirIndex, LISTING_EXTRA, METADATA_SIZE};
use super::inode::{Inodes, Listed};
use super::listing::{Entry, Landmark, Listing, type_of};
use super::metadata::{Metadata, Place};
use crate::census::path_of;

/// Longest listing: the kernel's readdir counts in an `int`.
const LISTING_MAX: u64 = 0x7FFF_FFFF - LISTING_EXTRA as u64;

/// The tables of inodes and of directories, which refer to each other.
///
/// Inodes that are no directories come first, and refer to nothing. Then those that are, the deepest first: a listing has the places of inodes before it,
/// and the inode of a directory the place of its listing. So whole stretches are compressed by all threads at once.
#[derive(Debug)]
pub(super) struct TreeTables<'a> {
    pub(super) inodes: Metadata<'a>,
    pub(super) directories: Metadata<'a>,
    /// Of inodes, by number less one.
    positions: Vec<u64>,
}

/// A directory whose listing is in its table.
struct Made<'a> {
    number: u32,
    position: u64,
    length: u32,
    landmarks: Vec<Landmark<'a>>,
}

impl<'a> TreeTables<'a> {
    /// Makes both.
    pub(super) fn of(inodes: &Inodes<'_>, codec: &'a Codec) -> Result<Self, SquashfsError> {
        let mut tables = Self {
            inodes: Metadata::new(codec, "table of inodes"),
            directories: Metadata::new(codec, "table of directories"),
            positions: vec![0; inodes.census.last() as usize],
        };
        for (number, inode) in inodes.census.inodes() {
            if !matches!(inodes.tree.node(inode.node).kind, Kind::Directory(_)) {
                tables.positions[number as usize - 1] = tables.inodes.push(&inodes.encode(number))?;
            }
        }
        inodes.census.levels().iter().rev().try_for_each(|level| tables.push_level(inodes, level))?;
        tables.inodes.finish()?;
        tables.directories.finish()?;
        Ok(tables)
    }

    fn push_level(&mut self, inodes: &Inodes<'_>, level: &[u32]) -> Result<(), SquashfsError> {
        self.inodes.compress()?;
        let made: Vec<Made<'_>> = level.iter().map(|number| self.push_listing(inodes, *number)).collect::<Result<_, _>>()?;
        self.directories.compress()?;
        for directory in made {
            let bytes = inodes.encode_directory(directory.number, &self.listed(&directory)?);
            self.positions[directory.number as usize - 1] = self.inodes.push(&bytes)?;
        }
        Ok(())
    }

    fn push_listing<'b>(&mut self, inodes: &Inodes<'b>, number: u32) -> Result<Made<'b>, SquashfsError> {
        let id = inodes.census.inode(number).node;
        let Kind::Directory(children) = &inodes.tree.node(id).kind else {
            return Ok(Made { number, position: 0, length: 0, landmarks: Vec::new() });
        };
        let mut entries = Vec::with_capacity(children.len());
        for (name, child) in children {
            let number = inodes.census.number(*child);
            let inode = self.inodes.place(self.positions[number as usize - 1])?;
            entries.push(Entry { name, number, inode, entry_type: type_of(inodes.tree, *child) });
        }
        let Listing { bytes, mut landmarks } = Listing::of(self.directories.position(), entries.into_iter());
        let length = u32::try_from(bytes.len()).ok().filter(|_| bytes.len() as u64 <= LISTING_MAX);
        let length = length.ok_or_else(|| SquashfsError::DirectoryTooLarge { path: path_of(inodes.tree, id), limit: LISTING_MAX })?;
        // One that is no longer than a block is searched as fast without.
        landmarks.truncate(if bytes.len() > METADATA_SIZE { u16::MAX.into() } else { 0 });
        Ok(Made { number, position: self.directories.push(&bytes)?, length, landmarks })
    }

    fn listed(&self, made: &Made<'_>) -> Result<Listed, SquashfsError> {
        let mut index = Vec::new();
        for landmark in &made.landmarks {
            let head = DirIndex {
                index: u32::try_from(landmark.at).unwrap_or(u32::MAX).into(),
                start_block: self.directories.place(made.position + landmark.at as u64)?.block.into(),
                size: u32::try_from(landmark.name.len() - 1).unwrap_or(u32::MAX).into(),
            };
            index.extend_from_slice(head.as_bytes());
            index.extend_from_slice(landmark.name);
        }
        let index_count = u16::try_from(made.landmarks.len()).unwrap_or(u16::MAX);
        // An empty listing is nowhere.
        let place = if made.length == 0 { Place { block: 0, offset: 0 } } else { self.directories.place(made.position)? };
        Ok(Listed { place, length: made.length, index, index_count })
    }

    /// Where an inode is, once all are compressed.
    pub(super) fn reference(&self, number: u32) -> Result<u64, SquashfsError> {
        Ok(self.inodes.place(self.positions[number as usize - 1])?.reference())
    }

    /// Where each inode is, by number: what the export table says.
    pub(super) fn references(&self) -> Result<Vec<u8>, SquashfsError> {
        let mut references = Vec::with_capacity(self.positions.len() * size_of::<u64>());
        for position in &self.positions {
            references.extend_from_slice(&self.inodes.place(*position)?.reference().to_le_bytes());
        }
        Ok(references)
    }
}
