use std::io;
use std::os::fd::BorrowedFd;

use rustix::io::Errno;

use crate::progress::{Progress, Quiet};

/// Bytes that [`Sink::copy`] moves through memory at once.
const COPY_BUFFER: u64 = 1 << 20;

/// Where the bytes of an image go.
///
/// Every byte is written at most once, by several threads at once, each at ascending offsets. What is never written must read as zeros.
pub trait Sink: Sync {
    /// Puts bytes at an offset.
    ///
    /// # Errors
    /// When they can't be written.
    fn data(&self, offset: u64, bytes: &[u8]) -> Result<(), SinkError>;

    /// Says that a stretch will stay zeros. A sparse file has nothing to do.
    ///
    /// # Errors
    /// When the sink has to write them and can't.
    fn zeros(&self, offset: u64, length: u64) -> Result<(), SinkError> {
        let _ = (offset, length);
        Ok(())
    }

    /// Fills the buffer with what was written at an offset, and zeros where nothing was. Needed where an image is hashed while it is written.
    ///
    /// # Errors
    /// When it can't be read, or the sink is one that can't: [`SinkError::NotReadable`].
    fn read_back(&self, offset: u64, buffer: &mut [u8]) -> Result<(), SinkError> {
        let _ = (offset, buffer);
        Err(SinkError::NotReadable)
    }

    /// Puts `length` bytes of a file, from its byte `at` on, at an offset.
    ///
    /// # Errors
    /// When they can't be read or written, or the file ends before.
    fn copy(&self, offset: u64, from: BorrowedFd<'_>, at: u64, length: u64) -> Result<(), SinkError> {
        let mut buffer = vec![0; usize::try_from(length.min(COPY_BUFFER)).unwrap_or(0)];
        let mut done = 0;
        while done < length {
            let wanted = usize::try_from(length - done).unwrap_or(usize::MAX).min(buffer.len());
            read_exact(from, &mut buffer[..wanted], at + done)?;
            self.data(offset + done, &buffer[..wanted])?;
            done += wanted as u64;
        }
        Ok(())
    }
}

/// Fills the buffer from a file's byte `at` on.
pub(crate) fn read_exact(from: BorrowedFd<'_>, buffer: &mut [u8], at: u64) -> Result<(), SinkError> {
    let mut filled = 0;
    while filled < buffer.len() {
        match rustix::io::pread(from, &mut buffer[filled..], at + filled as u64) {
            Ok(0) => return Err(SinkError::Read(io::ErrorKind::UnexpectedEof.into())),
            Ok(count) => filled += count,
            Err(Errno::INTR) => {}
            Err(errno) => return Err(SinkError::Read(errno.into())),
        }
    }
    Ok(())
}

/// Why bytes did not get into an image.
#[derive(Debug, thiserror::Error)]
pub enum SinkError {
    /// The image can't be written.
    #[error("can't write the image")]
    Write(#[source] io::Error),
    /// A content can't be read.
    #[error("can't read a content")]
    Read(#[source] io::Error),
    /// The image can't be read back.
    #[error("can't read back what was written to the image")]
    ReadBack(#[source] io::Error),
    /// The image goes where nothing can be read back from.
    #[error("hashes of the image can't be made where it can't be read back")]
    NotReadable,
    /// Another process is writing the same image.
    #[error("another process is writing `{path}`")]
    Busy {
        /// The file both write before it gets its name.
        path: std::path::PathBuf,
    },
    /// [`Progress::cancelled`] said so.
    #[error("the image was cancelled")]
    Cancelled,
}

/// A stretch of a sink that one filesystem fills, and who watches.
#[derive(Clone, Copy)]
pub struct Image<'a> {
    sink: &'a dyn Sink,
    progress: &'a dyn Progress,
    base: u64,
}

impl std::fmt::Debug for Image<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Image").field("base", &self.base).finish_non_exhaustive()
    }
}

impl<'a> Image<'a> {
    /// All of the sink, watched by nobody.
    #[must_use]
    pub fn new(sink: &'a dyn Sink) -> Self {
        Self { sink, progress: &Quiet, base: 0 }
    }

    /// The same, watched.
    #[must_use]
    pub fn with_progress(self, progress: &'a dyn Progress) -> Self {
        Self { progress, ..self }
    }

    /// What begins at `offset` of this one: a partition.
    #[must_use]
    pub fn from(self, offset: u64) -> Self {
        Self { base: self.base + offset, ..self }
    }

    /// The same into another sink, from its start on, with the same watcher.
    pub(crate) fn through(self, sink: &'a dyn Sink) -> Self {
        Self { sink, base: 0, ..self }
    }

    /// Where it begins in the sink.
    pub(crate) fn base(&self) -> u64 {
        self.base
    }

    pub(crate) fn data(&self, offset: u64, bytes: &[u8]) -> Result<(), SinkError> {
        self.sink.data(self.base + offset, bytes)
    }

    pub(crate) fn zeros(&self, offset: u64, length: u64) -> Result<(), SinkError> {
        self.sink.zeros(self.base + offset, length)
    }

    pub(crate) fn read_back(&self, offset: u64, buffer: &mut [u8]) -> Result<(), SinkError> {
        self.sink.read_back(self.base + offset, buffer)
    }

    pub(crate) fn copy(&self, offset: u64, from: BorrowedFd<'_>, at: u64, length: u64) -> Result<(), SinkError> {
        self.sink.copy(self.base + offset, from, at, length)
    }

    pub(crate) fn advance(&self, bytes: u64) {
        self.progress.advance(bytes);
    }

    pub(crate) fn check_cancelled(&self) -> Result<(), SinkError> {
        if self.progress.cancelled() { Err(SinkError::Cancelled) } else { Ok(()) }
    }
}
