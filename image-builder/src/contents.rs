//! Contents of a tree's files, a stretch at a time.

use std::io;
use std::os::fd::AsFd;

use fs_err::os::unix::fs::FileExt;
use rootfs_tree::{Bytes, NodeId, Section, Sources, Tree, TreeError};
use rustix::fs::SeekFrom;
use rustix::io::Errno;

use crate::census::path_of;
use crate::sink::SinkError;

/// Why a content does not get into an image. Paths are the tree's, with unprintable bytes escaped.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "the fields are what the message says of them")]
pub enum ContentError {
    /// It can't be found.
    #[error(transparent)]
    Tree(#[from] TreeError),
    /// It can't be read, or not be written.
    #[error("can't write `{path}`")]
    Content {
        path: String,
        #[source]
        source: SinkError,
    },
}

/// The contents of a tree; shared by threads.
#[derive(Debug)]
pub(crate) struct Contents<'a> {
    pub(crate) tree: &'a Tree,
    pub(crate) sources: Sources<'a>,
    /// From so many bytes on it is worth asking whether there is a hole.
    pub(crate) least_hole: usize,
}

impl<'a> Contents<'a> {
    pub(crate) fn of(tree: &'a Tree, least_hole: usize) -> Self {
        Self { tree, sources: Sources::of(tree), least_hole }
    }

    /// Bytes of a file from `start` to `end`, or to its own end when that is before; none of what is no file.
    pub(crate) fn read<'b>(&'b self, buffer: &'b mut Vec<u8>, id: NodeId, start: u64, end: u64) -> Result<&'b [u8], ContentError> {
        let Some(file) = self.tree.file(id) else { return Ok(&[]) };
        let failed = |error| ContentError::Content { path: path_of(self.tree, id), source: SinkError::Read(error) };
        let length = usize::try_from(end.min(file.length).saturating_sub(start)).unwrap_or(usize::MAX);
        match self.sources.find(id, file)? {
            Bytes::Inline(bytes) => {
                let at = usize::try_from(start).unwrap_or(usize::MAX);
                bytes.get(at..at.saturating_add(length)).ok_or_else(|| failed(io::ErrorKind::UnexpectedEof.into()))
            }
            Bytes::Section(section) => {
                if buffer.len() < length {
                    buffer.resize(length, 0);
                }
                let buffer = &mut buffer[..length];
                if length >= self.least_hole && is_hole(&section, start, length) {
                    buffer.fill(0);
                } else {
                    let file = section.file().map_err(failed)?;
                    file.read_exact_at(buffer, section.offset + start).map_err(failed)?;
                }
                Ok(buffer)
            }
        }
    }
}

/// Whether a filesystem says that there is nothing: so much less is to be read.
fn is_hole(section: &Section, start: u64, length: usize) -> bool {
    let from = section.offset + start;
    match rustix::fs::seek(section.as_fd(), SeekFrom::Data(from)) {
        Ok(data) => data >= from + length as u64,
        // A hole up to the end of the file, where that is not too early.
        Err(Errno::NXIO) => section.file().and_then(|file| file.metadata()).is_ok_and(|file| file.len() >= from + length as u64),
        Err(_) => false,
    }
}

pub(crate) fn is_zero(block: &[u8]) -> bool {
    const ZEROS: [u8; 4096] = [0; 4096];
    block.chunks(ZEROS.len()).all(|stretch| stretch == &ZEROS[..stretch.len()])
}
