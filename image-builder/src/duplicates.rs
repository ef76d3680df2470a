//! Contents that are the same.

use std::collections::BTreeMap;
use std::io::{self, Read};

use rayon::prelude::*;
use rootfs_tree::{Bytes, Digest, FileContent, Tree};
use sha2::{Digest as _, Sha256};

use crate::census::{Census, path_of};
use crate::contents::{ContentError, Contents};
use crate::sink::SinkError;

/// Bytes that files of the same length are told apart by first: of most, no more has to be read.
const START: u64 = 4096;

/// Files whose content is that of a file before them.
#[derive(Debug)]
pub(crate) struct Duplicates {
    /// By number of the later one: that of the first.
    first: BTreeMap<u32, u32>,
    bytes: u64,
}

impl Duplicates {
    /// Finds them. What has a length of its own is not read; of the rest, what nobody has hashed yet is, and where another begins with the same bytes all of it.
    pub(crate) fn of(tree: &Tree, census: &Census, contents: &Contents<'_>) -> Result<Self, ContentError> {
        let file = |number| tree.file(census.inode(number).node);
        let mut by_length: Vec<(u64, u32)> = (1..=census.last()).filter_map(|number| Some((file(number)?.length, number))).collect();
        by_length.retain(|(length, _)| *length > 0);
        by_length.sort_unstable();
        // What all of a content hashes to says nothing of its start.
        let is_hashed = |(_, number): &(u64, u32)| file(*number).is_some_and(|file| file.sha256.is_some());
        let groups = by_length.chunk_by(|one, other| one.0 == other.0).filter(|group| group.len() > 1);
        let (hashed, unknown): (Vec<_>, Vec<_>) = groups.partition(|group| group.iter().any(is_hashed));
        let start = |buffer: &mut Vec<u8>, (length, number): &(u64, u32)| -> Result<(u64, u32, u32), ContentError> {
            Ok((*length, crc32c::crc32c(contents.read(buffer, census.inode(*number).node, 0, START)?), *number))
        };
        let mut starts: Vec<(u64, u32, u32)> =
            unknown.concat().par_iter().map_init(Vec::new, start).collect::<Result<_, ContentError>>()?;
        starts.sort_unstable();
        let alike = starts.chunk_by(|one, other| (one.0, one.1) == (other.0, other.1)).filter(|group| group.len() > 1).flatten();
        let alike = alike.map(|(_, _, number)| *number);
        let candidates: Vec<u32> = hashed.concat().into_iter().map(|(_, number)| number).chain(alike).collect();
        let hash = |buffer: &mut Vec<u8>, number: &u32| -> Result<(Digest, u32), ContentError> {
            let id = census.inode(*number).node;
            let Some(file) = tree.file(id) else { return Ok((Digest([0; 32]), *number)) };
            let digest = match file.sha256 {
                Some(digest) => digest,
                None => hash(contents.sources.find(id, file)?, file, buffer)
                    .map_err(|error| ContentError::Content { path: path_of(tree, id), source: SinkError::Read(error) })?,
            };
            Ok((digest, *number))
        };
        let mut hashes: Vec<(Digest, u32)> =
            candidates.par_iter().map_init(|| vec![0; 1 << 17], hash).collect::<Result<_, ContentError>>()?;
        hashes.sort_unstable();
        let groups = hashes.chunk_by(|one, other| one.0 == other.0);
        let first: BTreeMap<u32, u32> = groups.flat_map(|group| group[1..].iter().map(|(_, later)| (*later, group[0].1))).collect();
        let bytes = first.keys().filter_map(|later| file(*later)).map(|file| file.length).sum();
        Ok(Self { first, bytes })
    }

    /// The file that has the same content, when one is before this.
    pub(crate) fn first(&self, number: u32) -> Option<u32> {
        self.first.get(&number).copied()
    }

    /// What need not be stored, in bytes.
    pub(crate) fn bytes(&self) -> u64 {
        self.bytes
    }

    /// How many there are.
    pub(crate) fn count(&self) -> usize {
        self.first.len()
    }
}

/// Hashes all of a content, which must be as long as the tree says.
fn hash(mut bytes: Bytes<'_>, file: &FileContent, buffer: &mut [u8]) -> io::Result<Digest> {
    let mut hasher = Sha256::new();
    let mut left = file.length;
    while left > 0 {
        let wanted = usize::try_from(left).unwrap_or(usize::MAX).min(buffer.len());
        bytes.read_exact(&mut buffer[..wanted])?;
        hasher.update(&buffer[..wanted]);
        left -= wanted as u64;
    }
    Ok(Digest(hasher.finalize().into()))
}
