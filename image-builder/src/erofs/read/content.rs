use std::io;

use super::decompress::Buffers;
use super::extents::{Extent, Place};
use super::{ErofsInode, ErofsReadError, ErofsReader};

/// The content of a file, a directory or a link. As a reader it goes from its beginning to its end.
#[derive(Debug)]
pub struct ErofsContent<'a> {
    reader: &'a ErofsReader<'a>,
    nid: u64,
    size: u64,
    extents: Vec<Extent>,
    /// Where ends of files are, when this has one there.
    packed: Option<Box<ErofsContent<'a>>>,
    /// Which extent is unpacked in the buffers.
    unpacked: Option<usize>,
    buffers: Buffers,
    at: u64,
}

impl ErofsReader<'_> {
    /// What an inode has in it: nothing for what is neither file, directory nor link.
    ///
    /// # Errors
    /// When it can't be true where it is.
    pub fn content<'b>(&'b self, inode: &ErofsInode) -> Result<ErofsContent<'b>, ErofsReadError> {
        let damaged = |reason| ErofsReadError::Content { nid: inode.nid, reason };
        let extents = self.extents(inode)?;
        let mut content = ErofsContent {
            reader: self,
            nid: inode.nid,
            size: if extents.is_empty() { 0 } else { inode.size },
            extents,
            packed: None,
            unpacked: None,
            buffers: Buffers::default(),
            at: 0,
        };
        let is_fragment = |extent: &&Extent| matches!(extent.place, Place::Fragment(_));
        if let Some(Extent { place: Place::Fragment(offset), length, .. }) = content.extents.iter().find(is_fragment) {
            let (Some(packed), true) = (self.geometry.packed, self.geometry.packed != Some(inode.nid)) else {
                return Err(damaged("its end is in a file that is not there"));
            };
            let packed = self.content(&self.inode(packed)?)?;
            if offset.checked_add(*length).is_none_or(|end| end > packed.size) {
                return Err(damaged("its end is not in the file of ends"));
            }
            content.packed = Some(Box::new(packed));
        }
        Ok(content)
    }
}

impl ErofsContent<'_> {
    /// Stretches with their places.
    pub(super) fn extents(&self) -> &[Extent] {
        &self.extents
    }

    /// Fills a buffer from a byte on; all of it must be there.
    ///
    /// # Errors
    /// When the content ends before, can't be read or can't be unpacked.
    pub fn read_at(&mut self, at: u64, buffer: &mut [u8]) -> Result<(), ErofsReadError> {
        let mut done = 0;
        while done < buffer.len() {
            let count = self.read_some(at + done as u64, &mut buffer[done..])?;
            if count == 0 {
                return Err(ErofsReadError::Content { nid: self.nid, reason: "it is too short" });
            }
            done += count;
        }
        Ok(())
    }

    /// Reads within one extent; nothing at the end.
    fn read_some(&mut self, at: u64, buffer: &mut [u8]) -> Result<usize, ErofsReadError> {
        let index = self.extents.partition_point(|extent| extent.start + extent.length <= at);
        let Some(extent) = self.extents.get(index).copied() else { return Ok(0) };
        let within = at - extent.start;
        let count = usize::try_from(extent.length - within).unwrap_or(usize::MAX).min(buffer.len());
        let buffer = &mut buffer[..count];
        match extent.place {
            Place::Zeros => buffer.fill(0),
            Place::At(offset) => self.reader.read(offset + within, buffer)?,
            Place::Turned { block, by } => {
                let size = self.reader.geometry.block_size();
                let bytes = self.reader.read_vec(block, size)?;
                for (place, byte) in (within..).zip(buffer.iter_mut()) {
                    *byte = bytes[usize::try_from((by + place) % size).unwrap_or(0)];
                }
            }
            Place::Fragment(offset) => match &mut self.packed {
                Some(packed) => packed.read_at(offset + within, buffer)?,
                None => return Ok(0),
            },
            Place::Packed(cluster) => {
                if self.unpacked != Some(index) {
                    self.unpacked = None;
                    self.reader.unpack(&cluster, &mut self.buffers)?;
                    self.unpacked = Some(index);
                }
                let from = usize::try_from(within).unwrap_or(usize::MAX);
                buffer.copy_from_slice(&self.buffers.unpacked[from..from + count]);
            }
        }
        Ok(count)
    }
}

impl io::Read for ErofsContent<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.read_some(self.at, buffer).map_err(io::Error::other)?;
        self.at += count as u64;
        Ok(count)
    }
}
