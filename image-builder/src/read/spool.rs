use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use fs_err::os::unix::fs::FileExt;
use fs_err::{File, OpenOptions};
use rootfs_tree::{Content, FileContent, LayerId};

use super::ReadError;
use crate::progress::Progress;
use crate::source::ImageSource;

/// How many times its own length an image may unpack to, and what any image may, in bytes. A block of zeros that isn't left out is compressed to a
/// thousandth at best by what real images have most of.
const RATIO: u64 = 1024;
/// See [`RATIO`].
const ALWAYS: u64 = 1 << 30;
/// What all extended attributes of a tree may take in memory, in bytes: those of some million files with a label each.
const ATTRIBUTES_MOST: u64 = 256 << 20;
/// What contents begin at a multiple of, so that they can be cloned.
const ALIGNMENT: u64 = 4096;
/// Longest file of Linux.
const LONGEST: u64 = i64::MAX.unsigned_abs();
/// Bytes that are copied at once.
const PIECE: u64 = 1 << 20;

/// A sparse file for contents that can't be read where they are.
#[derive(Debug)]
pub(crate) struct Spool {
    file: File,
    path: PathBuf,
    length: u64,
    written: AtomicU64,
    limit: u64,
    turn: Mutex<()>,
}

impl Spool {
    /// For an image of so many bytes.
    pub(super) fn create(directory: &Path, image: u64) -> Result<Self, ReadError> {
        let (file, path) = create_new(directory, "contents")?;
        Ok(Self { file, path, length: 0, written: AtomicU64::new(0), limit: Self::limit(image), turn: Mutex::default() })
    }

    /// Most that an image of so many bytes may unpack to.
    pub(super) fn limit(image: u64) -> u64 {
        image.saturating_mul(RATIO).saturating_add(ALWAYS)
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    fn room(&mut self, length: u64) -> Result<u64, ReadError> {
        let start = self.length.next_multiple_of(ALIGNMENT);
        let end = start.checked_add(length).filter(|end| *end <= LONGEST);
        self.length = end.ok_or(ReadError::TooMuch { what: "contents with their holes", limit: LONGEST })?;
        Ok(start)
    }

    fn data(&self, offset: u64, bytes: &[u8]) -> Result<(), ReadError> {
        let written = self.written.fetch_add(bytes.len() as u64, Ordering::Relaxed);
        if written > self.limit {
            return Err(ReadError::TooMuch { what: "contents", limit: self.limit });
        }
        // The kernel lets one thread at a time write to a file; who waits here sleeps.
        let _turn = self.turn.lock().unwrap_or_else(PoisonError::into_inner);
        self.file.write_all_at(bytes, offset).map_err(ReadError::Spool)
    }

    fn finish(self) -> Result<(), ReadError> {
        self.file.set_len(self.length).map_err(ReadError::Spool)
    }
}

/// A new file; those of several images in one directory get numbers.
pub(super) fn create_new(directory: &Path, name: &str) -> Result<(File, PathBuf), ReadError> {
    fs_err::create_dir_all(directory).map_err(ReadError::Spool)?;
    for number in 0_u32.. {
        let path = directory.join(format!("{number}.{name}"));
        match OpenOptions::new().read(true).write(true).create_new(true).open(&path) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            result => return Ok((result.map_err(ReadError::Spool)?, path)),
        }
    }
    Err(ReadError::Spool(io::ErrorKind::AlreadyExists.into()))
}

/// A piece of a content that lies in the image as it is.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Piece {
    /// Where it is in the content.
    pub(crate) at: u64,
    /// Where it is in the filesystem.
    pub(crate) from: u64,
    /// Bytes.
    pub(crate) length: u64,
}

/// What a filesystem's reader hands contents to.
pub(crate) struct Contents<'a> {
    source: &'a dyn ImageSource,
    /// Where the filesystem begins in a layer, if it lies in one as it is.
    place: Option<(LayerId, u64)>,
    spool: Spool,
    layer: LayerId,
    progress: &'a dyn Progress,
    /// Bytes of all attributes so far.
    attributes: u64,
}

impl std::fmt::Debug for Contents<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Contents").field("place", &self.place).field("spool", &self.spool).finish_non_exhaustive()
    }
}

impl<'a> Contents<'a> {
    /// `layer` is the spool's.
    pub(super) fn new(
        source: &'a dyn ImageSource,
        place: Option<(LayerId, u64)>,
        spool: Spool,
        layer: LayerId,
        progress: &'a dyn Progress,
    ) -> Self {
        Self { source, place, spool, layer, progress, attributes: 0 }
    }

    /// A content of pieces in ascending order, with zeros between them and behind the last. It is copied only when it is not in one piece.
    pub(crate) fn pieces(&mut self, length: u64, pieces: &[Piece]) -> Result<FileContent, ReadError> {
        self.check_cancelled()?;
        if let (Some((layer, base)), [Piece { at: 0, from, length: there }]) = (self.place, pieces)
            && *there >= length
        {
            return Ok(content(length, Content::At { layer, offset: base + from }));
        }
        let start = self.room(length)?;
        for piece in pieces {
            let end = piece.at.saturating_add(piece.length).min(length);
            let mut at = piece.at;
            while at < end {
                let count = (end - at).min(PIECE);
                let mut buffer = vec![0; usize::try_from(count).unwrap_or(0)];
                self.source
                    .read_exact_at(piece.from + (at - piece.at), &mut buffer)
                    .map_err(|source| ReadError::Inspect(crate::inspect::InspectError::Read { offset: piece.from, source }))?;
                self.data(start + at, &buffer)?;
                self.check_cancelled()?;
                at += count;
            }
        }
        Ok(self.spooled(length, start))
    }

    /// Takes room for a content in the spool; where it begins. What isn't written is zeros.
    pub(crate) fn room(&mut self, length: u64) -> Result<u64, ReadError> {
        self.spool.room(length)
    }

    /// Writes to the spool.
    pub(crate) fn data(&self, offset: u64, bytes: &[u8]) -> Result<(), ReadError> {
        self.spool.data(offset, bytes)
    }

    /// A content in the spool.
    pub(crate) fn spooled(&self, length: u64, start: u64) -> FileContent {
        content(length, Content::At { layer: self.layer, offset: start })
    }

    /// Counts attributes: many inodes may share one place in the image, and none in a tree does.
    pub(crate) fn count_attributes(&mut self, bytes: usize) -> Result<(), ReadError> {
        self.attributes = self.attributes.saturating_add(bytes as u64);
        if self.attributes <= ATTRIBUTES_MOST {
            Ok(())
        } else {
            Err(ReadError::TooMuch { what: "extended attributes", limit: ATTRIBUTES_MOST })
        }
    }

    /// # Errors
    /// When the user wants to end.
    pub(crate) fn check_cancelled(&self) -> Result<(), ReadError> {
        if self.progress.cancelled() { Err(ReadError::Cancelled) } else { Ok(()) }
    }

    pub(super) fn finish(self) -> Result<(), ReadError> {
        self.spool.finish()
    }
}

fn content(length: u64, content: Content) -> FileContent {
    FileContent { length, content, sha256: None, dense: false }
}
