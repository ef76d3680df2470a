//! An image that is looked at as long as the user wants it.

use std::io;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use rootfs_image::{FileSource, ImageSource};

use crate::failure::{Exit, Failure};

/// An image that can't be read any more once the user wants to end.
#[derive(Debug)]
pub(crate) struct Watched {
    source: FileSource,
    interrupted: Arc<AtomicBool>,
}

impl Watched {
    /// Opens what can be read at any place.
    ///
    /// # Errors
    /// When it can't be opened.
    pub(crate) fn open(path: &Path, interrupted: Arc<AtomicBool>) -> io::Result<Self> {
        Ok(Self { source: FileSource::open(path)?, interrupted })
    }

    /// What is to be told of a look at it that failed.
    pub(crate) fn failed(&self, path: &Path, error: &dyn std::error::Error) -> Failure {
        if self.interrupted.load(Ordering::Relaxed) {
            return Failure::new("interrupted").exit(Exit::Interrupted);
        }
        Failure::new(format!("can't look at `{}`", path.display())).because(error)
    }
}

impl ImageSource for Watched {
    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        if self.interrupted.load(Ordering::Relaxed) {
            return Err(io::Error::other("interrupted"));
        }
        self.source.read_at(offset, buffer)
    }

    fn length(&self) -> u64 {
        self.source.length()
    }
}
