use std::io;
use std::ops::Range;
use std::os::fd::AsFd;

use fs_err::os::unix::fs::FileExt;
use rayon::prelude::*;
use rootfs_tree::{Bytes, NodeId};

use super::Writer;
use crate::batch::Batch;
use crate::contents::ContentError;
use crate::ext4::Ext4Error;
use crate::ext4::layout::{Extent, path_of};
use crate::sink::SinkError;

/// Bytes, and inodes, that one thread takes at once.
const JOB_BYTES: u64 = 8 << 20;
const JOB_INODES: u32 = 512;
/// From here on the kernel copies; less is gathered so that many files are one write.
const COPY_AT_LEAST: usize = 256 << 10;

/// Contents that follow each other in the image.
#[derive(Debug, Clone)]
struct Job {
    inodes: Range<u32>,
    /// Which extents of them, when it is one inode and not all of it.
    extents: Option<Range<usize>>,
}

impl Writer<'_> {
    /// Copies all contents.
    pub(super) fn write_contents(&self) -> Result<(), Ext4Error> {
        self.jobs().into_par_iter().try_for_each(|job| {
            let mut batch = self.batch();
            for inode in job.inodes.clone() {
                let Some(id) = self.layout.census.inode(inode).node.filter(|id| self.tree.file(*id).is_some()) else { continue };
                let extents = self.layout.fit.allocation.extents(inode);
                let extents = job.extents.clone().map_or(extents, |range| &extents[range]);
                self.write_content(&mut batch, id, extents)?;
            }
            Ok(batch.flush()?)
        })
    }

    fn jobs(&self) -> Vec<Job> {
        let mut jobs = Vec::new();
        let mut first = 1;
        let mut bytes = 0;
        let end = self.layout.census.last_inode() + 1;
        for inode in 1..end {
            let is_file = self.layout.census.inode(inode).node.is_some_and(|id| self.tree.file(id).is_some());
            let extents = if is_file { self.layout.fit.allocation.extents(inode) } else { &[] };
            let own: u64 = extents.iter().map(|extent| self.offset(extent.length.into())).sum();
            if own >= JOB_BYTES {
                jobs.push(Job { inodes: first..inode, extents: None });
                jobs.extend(self.split(extents).map(|range| Job { inodes: inode..inode + 1, extents: Some(range) }));
                (first, bytes) = (inode + 1, 0);
                continue;
            }
            bytes += own;
            if bytes >= JOB_BYTES || inode - first >= JOB_INODES {
                jobs.push(Job { inodes: first..inode + 1, extents: None });
                (first, bytes) = (inode + 1, 0);
            }
        }
        jobs.push(Job { inodes: first..end, extents: None });
        jobs
    }

    /// Extents of a large file in stretches for one thread.
    fn split<'b>(&'b self, extents: &'b [Extent]) -> impl Iterator<Item = Range<usize>> + 'b {
        let mut start = 0;
        std::iter::from_fn(move || {
            let mut bytes = 0;
            let count = extents[start..].iter().take_while(|extent| {
                let before = bytes;
                bytes += self.offset(extent.length.into());
                before < JOB_BYTES
            });
            let range = start..start + count.count();
            start = range.end;
            (!range.is_empty()).then_some(range)
        })
    }

    fn write_content(&self, batch: &mut Batch<'_>, id: NodeId, extents: &[Extent]) -> Result<(), Ext4Error> {
        let Some(file) = self.tree.file(id).filter(|_| !extents.is_empty()) else { return Ok(()) };
        self.image.check_cancelled()?;
        let bytes = self.sources.find(id, file).map_err(ContentError::Tree)?;
        for extent in extents {
            let start = self.offset(extent.logical.into());
            let length = self.offset(extent.length.into()).min(file.length.saturating_sub(start));
            self.write_piece(batch, &bytes, start..start + length, self.offset(extent.physical))
                .map_err(|source| ContentError::Content { path: path_of(self.tree, id), source })?;
            self.image.advance(length);
        }
        Ok(())
    }

    fn write_piece(&self, batch: &mut Batch<'_>, bytes: &Bytes<'_>, piece: Range<u64>, offset: u64) -> Result<(), SinkError> {
        let length = usize::try_from(piece.end - piece.start).unwrap_or(usize::MAX);
        let block_size = self.block_size() as usize;
        match bytes {
            Bytes::Inline(bytes) => {
                let at = usize::try_from(piece.start).unwrap_or(usize::MAX);
                let content =
                    bytes.get(at..at.saturating_add(length)).ok_or_else(|| SinkError::Read(io::ErrorKind::UnexpectedEof.into()))?;
                if length < COPY_AT_LEAST {
                    batch.room(offset, length, block_size)?.copy_from_slice(content);
                    return Ok(());
                }
                batch.flush()?;
                self.image.data(offset, content)
            }
            Bytes::Section(section) if length >= COPY_AT_LEAST => {
                batch.flush()?;
                self.image.copy(offset, section.as_fd(), section.offset + piece.start, length as u64)
            }
            Bytes::Section(section) => {
                let room = batch.room(offset, length, block_size)?;
                let file = section.file().map_err(SinkError::Read)?;
                file.read_exact_at(room, section.offset + piece.start).map_err(SinkError::Read)
            }
        }
    }
}
