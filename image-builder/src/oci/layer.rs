use std::io::{self, BufWriter, Write};
use std::path::Path;

use fs_err::File;
use rootfs_tree::Tree;
use sha2::{Digest as _, Sha256};

use super::OciError;
use crate::progress::Progress;
use crate::stream::{Compression, Encoder};

/// A layer in a file.
#[derive(Debug)]
pub(super) struct Layer {
    /// Of the plain tar.
    pub(super) diff_id: String,
    /// Of the file.
    pub(super) digest: String,
    pub(super) size: u64,
}

/// What begins the names of marks in a layer.
const MARK: &[u8] = b".wh.";

/// Writes the tree as a layer into a new file. A name that would be a mark there, of something that is gone, can't be in one.
pub(super) fn write(tree: &Tree, path: &Path, compression: Compression, progress: &dyn Progress) -> Result<Layer, OciError> {
    if let Some(entry) = tree.walk().find(|entry| entry.path.rsplit(|byte| *byte == b'/').next().is_some_and(|name| name.starts_with(MARK)))
    {
        return Err(OciError::Mark { path: entry.path.escape_ascii().to_string() });
    }
    let file = Summed::new(BufWriter::with_capacity(1 << 20, File::create(path)?), progress);
    let mut plain = Summed::new(Encoder::new(file, compression)?, progress);
    tree.write_tar(&mut plain)?;
    let (diff_id, _) = plain.sum();
    let mut file = plain.out.finish()?;
    file.flush()?;
    let (digest, size) = file.sum();
    Ok(Layer { diff_id, digest, size })
}

/// The name of bytes.
pub(super) fn digest_of(bytes: &[u8]) -> String {
    name(Sha256::digest(bytes).into())
}

fn name(sum: [u8; 32]) -> String {
    format!("sha256:{}", rootfs_tree::Digest(sum))
}

/// Counts and hashes what goes through it, and ends when the watcher wants no more.
struct Summed<'a, W> {
    out: W,
    hasher: Sha256,
    length: u64,
    progress: &'a dyn Progress,
}

impl<'a, W> Summed<'a, W> {
    fn new(out: W, progress: &'a dyn Progress) -> Self {
        Self { out, hasher: Sha256::new(), length: 0, progress }
    }

    fn sum(&self) -> (String, u64) {
        (name(self.hasher.clone().finalize().into()), self.length)
    }
}

impl<W: Write> Write for Summed<'_, W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.progress.cancelled() {
            return Err(io::Error::other("interrupted"));
        }
        let count = self.out.write(bytes)?;
        self.hasher.update(&bytes[..count]);
        self.length += count as u64;
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}
