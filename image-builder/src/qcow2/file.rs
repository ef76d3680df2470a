use std::os::fd::BorrowedFd;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use super::format::CLUSTER;
use super::layout::tables;
use super::pack;
use crate::image_file::ImageFile;
use crate::progress::Progress;
use crate::sink::{Sink, SinkError};

/// How clusters are stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Qcow2Compression {
    /// As they are.
    #[default]
    None,
    /// Each by itself with Zstandard, where that makes it smaller; QEMU 5.1 and later read that.
    Zstd {
        /// 1 to 22.
        level: u32,
    },
}

/// A disk as a qcow2 that gets its name when it is complete, as an [`ImageFile`]. What is zeros, or was never written, takes no room in it.
#[derive(Debug)]
pub struct Qcow2File {
    file: ImageFile,
    compression: Qcow2Compression,
    written: Mutex<Clusters>,
}

impl Qcow2File {
    /// Begins an image; `path` need not exist.
    ///
    /// # Errors
    /// As [`ImageFile::create`].
    pub fn create(path: &Path, compression: Qcow2Compression) -> Result<Self, SinkError> {
        Ok(Self { file: ImageFile::create(path)?, compression, written: Mutex::default() })
    }

    /// Moves or compresses the clusters of a disk of so many bytes, writes the tables, and gives the file its name. Tells the bytes
    /// of the file.
    ///
    /// # Errors
    /// When the disk is full, the name can't be given, or the watcher wants no more.
    pub fn finish(self, length: u64, progress: &dyn Progress) -> Result<u64, SinkError> {
        let Self { file, compression, written } = self;
        let clusters = written.into_inner().unwrap_or_else(PoisonError::into_inner).numbers();
        let (data, is_zstd) = match compression {
            Qcow2Compression::None => (pack::move_together(&file, &clusters, progress)?, false),
            Qcow2Compression::Zstd { level } => (pack::compress(&file, &clusters, level, progress)?, true),
        };
        let (parts, end) = tables(&data, length.next_multiple_of(512), is_zstd);
        for (offset, bytes) in parts {
            file.data(offset, &bytes)?;
        }
        file.finish(end)?;
        Ok(end)
    }

    fn note(&self, offset: u64, length: u64) {
        if length > 0 {
            let mut written = self.written.lock().unwrap_or_else(PoisonError::into_inner);
            written.add(offset / CLUSTER, (offset + length - 1) / CLUSTER);
        }
    }
}

/// While it is written, each cluster is behind the header at its place in the disk.
impl Sink for Qcow2File {
    fn data(&self, offset: u64, bytes: &[u8]) -> Result<(), SinkError> {
        if bytes.iter().all(|byte| *byte == 0) {
            return Ok(());
        }
        self.note(offset, bytes.len() as u64);
        self.file.data(CLUSTER + offset, bytes)
    }

    fn read_back(&self, offset: u64, buffer: &mut [u8]) -> Result<(), SinkError> {
        self.file.read_back(CLUSTER + offset, buffer)
    }

    fn copy(&self, offset: u64, from: BorrowedFd<'_>, at: u64, length: u64) -> Result<(), SinkError> {
        self.note(offset, length);
        self.file.copy(CLUSTER + offset, from, at, length)
    }
}

/// Numbers of clusters, a bit for each up to the largest.
#[derive(Debug, Default)]
struct Clusters(Vec<u64>);

impl Clusters {
    fn add(&mut self, first: u64, last: u64) {
        for number in first..=last {
            let Ok(word) = usize::try_from(number / 64) else { return };
            if word >= self.0.len() {
                self.0.resize(word + 1, 0);
            }
            self.0[word] |= 1 << (number % 64);
        }
    }

    /// In ascending order.
    fn numbers(&self) -> Vec<u64> {
        let of_word = |(index, word): (u64, &u64)| {
            let word = *word;
            (0..64).filter(move |bit| word >> bit & 1 == 1).map(move |bit| index * 64 + bit)
        };
        (0..).zip(&self.0).flat_map(of_word).collect()
    }
}
