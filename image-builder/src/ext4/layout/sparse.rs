use std::collections::BTreeMap;
use std::io::Read;
use std::os::fd::AsFd;

use rayon::prelude::*;
use rootfs_tree::{Bytes, Content, FileContent, NodeId, Section, Sources, Tree, TreeError};
use rustix::fs::SeekFrom;
use rustix::io::Errno;

use super::census::{Census, path_of};
use crate::ext4::options::Holes;

/// Files from this length on are asked for holes.
const LEAST_REPORTED: u64 = 64 << 10;

/// Blocks that are looked at at once.
const LOOK_BLOCKS: usize = 64;

/// File blocks that hold data.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Stretch {
    pub(crate) start: u32,
    pub(crate) length: u32,
}

/// Files with holes, and what is between them.
#[derive(Debug, Default)]
pub(crate) struct Sparse {
    stretches: BTreeMap<NodeId, Vec<Stretch>>,
}

impl Sparse {
    /// Looks for whole blocks that need not be stored. The only look at contents before a layout.
    pub(crate) fn find(tree: &Tree, census: &Census, holes: Holes, block_size: u32) -> Result<Self, TreeError> {
        let is_candidate = |id: &NodeId| tree.file(*id).is_some_and(|file| is_worth_a_look(file, holes));
        let candidates: Vec<NodeId> = census.inodes().filter_map(|(_, counted)| counted.node).filter(is_candidate).collect();
        let sources = Sources::of(tree);
        let look = |buffer: &mut Vec<u8>, id: &NodeId| -> Result<Option<(NodeId, Vec<Stretch>)>, TreeError> {
            let Some(file) = tree.file(*id) else { return Ok(None) };
            let bytes = sources.find(*id, file)?;
            let stretches = match (holes, bytes) {
                (Holes::Reported, Bytes::Section(section)) => reported(&section, block_size)?,
                (Holes::Zeros, bytes) => not_zero(bytes, file.length, block_size, buffer)
                    .map_err(|source| TreeError::Io { action: format!("read `{}`", path_of(tree, *id)), source })?,
                _ => return Ok(None),
            };
            let blocks: u64 = stretches.iter().map(|stretch| u64::from(stretch.length)).sum();
            Ok((blocks < file.length.div_ceil(block_size.into())).then_some((*id, stretches)))
        };
        let found: Vec<_> =
            candidates.par_iter().map_init(|| vec![0; block_size as usize * LOOK_BLOCKS], look).collect::<Result<_, _>>()?;
        Ok(Self { stretches: found.into_iter().flatten().collect() })
    }

    /// The blocks of a file to store, in ascending order.
    pub(crate) fn stretches(&self, id: NodeId, length: u64, block_size: u32) -> impl Iterator<Item = Stretch> + '_ {
        let known = self.stretches.get(&id);
        let whole = Stretch { start: 0, length: blocks(length, block_size) };
        let only = (known.is_none() && whole.length > 0).then_some(whole);
        known.into_iter().flatten().copied().chain(only)
    }

    /// How many blocks of a file to store.
    pub(crate) fn blocks(&self, id: NodeId, length: u64, block_size: u32) -> u64 {
        self.stretches(id, length, block_size).map(|stretch| u64::from(stretch.length)).sum()
    }
}

fn is_worth_a_look(file: &FileContent, holes: Holes) -> bool {
    match holes {
        // To open each small file would take longer than to copy its zeros.
        Holes::Reported => file.length >= LEAST_REPORTED && matches!(file.content, Content::Path { .. }),
        Holes::Zeros => file.length > 0 && !file.dense,
        Holes::Never => false,
    }
}

/// Lengths are checked to fit before.
fn blocks(length: u64, block_size: u32) -> u32 {
    u32::try_from(length.div_ceil(block_size.into())).unwrap_or(u32::MAX)
}

fn reported(section: &Section, block_size: u32) -> Result<Vec<Stretch>, TreeError> {
    let mut stretches = Vec::new();
    let mut at = 0;
    while at < section.length {
        let data = match rustix::fs::seek(section.as_fd(), SeekFrom::Data(at)) {
            // Nothing but a hole up to the end.
            Err(Errno::NXIO) => break,
            Ok(data) => data,
            // Where the filesystem can't tell there is none.
            Err(_) => at,
        };
        let hole = rustix::fs::seek(section.as_fd(), SeekFrom::Hole(data)).unwrap_or(section.length).min(section.length);
        if hole <= data {
            break;
        }
        push(&mut stretches, Stretch { start: blocks(data + 1, block_size) - 1, length: 0 }, blocks(hole, block_size));
        at = hole;
    }
    Ok(stretches)
}

fn not_zero(mut bytes: Bytes<'_>, length: u64, block_size: u32, buffer: &mut [u8]) -> std::io::Result<Vec<Stretch>> {
    let mut stretches = Vec::new();
    let zeros = vec![0; block_size as usize];
    let mut done = 0;
    while done < length {
        let wanted = usize::try_from(length - done).unwrap_or(usize::MAX).min(buffer.len());
        bytes.read_exact(&mut buffer[..wanted])?;
        let first = blocks(done, block_size);
        for (block, content) in (first..).zip(buffer[..wanted].chunks(block_size as usize)) {
            if *content != zeros[..content.len()] {
                push(&mut stretches, Stretch { start: block, length: 0 }, block + 1);
            }
        }
        done += wanted as u64;
    }
    Ok(stretches)
}

/// Adds what begins at `new` and ends before block `end`; what touches the last stretch makes it longer.
fn push(stretches: &mut Vec<Stretch>, new: Stretch, end: u32) {
    match stretches.last_mut() {
        Some(last) if last.start + last.length >= new.start => last.length = end - last.start,
        _ => stretches.push(Stretch { start: new.start, length: end - new.start }),
    }
}
