use std::io::{self, BufWriter, Read};
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::Path;

use fs_err as fs;
use rayon::prelude::*;
use rootfs_tree::Digest;
use sha2::{Digest as _, Sha256};

use super::blob::sharded;
use super::temporary::read_if_there;
use super::{Store, StoreError};
use crate::deb::{DebContent, DebEntry, DebError, DebFault, DebKind, DebLayer, decode_index, encode_index, read_deb};

const BUFFER: usize = 256 << 10;

/// What an index says of its layer's file, for the file to be believed without being read.
const IDENTITY: usize = 16 + 6 * 8;

impl Store {
    /// A package of the store with its payload unpacked: at once when it has been before, else from the blob. Safe and meant to be called for many
    /// packages in parallel.
    ///
    /// # Errors
    /// When the package is missing, damaged (it is removed then) or unsound, or the store can't be written.
    pub fn deb(&self, sha256: &Digest) -> Result<DebLayer, DebError> {
        if let Some(layer) = self.kept_layer(sha256) {
            return Ok(layer);
        }
        let package = self.verify(sha256)?;
        self.unpack(sha256, &package)
    }

    /// Whether [`Fetcher`](crate::fetch::Fetcher) has nothing to do: the blob is there, and it or the layer made of it is sound. Such a blob need not
    /// be hashed again, since nobody will read it.
    pub(crate) fn holds(&self, sha256: &Digest, size: u64) -> bool {
        self.has_size(sha256, Some(size)) && (self.is_verified(sha256) || self.kept_layer(sha256).is_some() || self.verify(sha256).is_ok())
    }

    fn unpack(&self, sha256: &Digest, package: &Path) -> Result<DebLayer, DebError> {
        let read_error = |source| StoreError::reading(package, source);
        let input = fs::File::open(package).map_err(read_error)?;
        let size = input.metadata().map_err(read_error)?.len();
        let data = self.layer_path(sha256, ".data.tar");
        let mut file = self.temporary()?;
        let content = read_deb(input, size, &mut BufWriter::with_capacity(BUFFER, &mut file)).map_err(|fault| match fault {
            DebFault::Write(source) => StoreError::writing(&data, 0, source).into(),
            source => DebError::Unsound { package: package.to_owned(), source },
        })?;
        self.keep(file, &data)?;
        self.write_index(sha256, &content)?;
        Ok(layer(content, &data))
    }

    /// The layer, if its index is whole and its file is what the index says.
    pub(super) fn kept_layer(&self, sha256: &Digest) -> Option<DebLayer> {
        let index = read_if_there(&self.layer_path(sha256, ".index")).ok()??;
        let (sealed, seal) = index.split_last_chunk::<32>()?;
        if Sha256::digest(sealed)[..] != seal[..] {
            return None;
        }
        let (identity, content) = sealed.split_first_chunk::<IDENTITY>()?;
        let content = decode_index(content)?;
        let data = self.layer_path(sha256, ".data.tar");
        let file = fs::File::open(&data).ok()?;
        if self.file_identity(&file).ok()? != *identity {
            check_contents(&file, &content.entries).then_some(())?;
            // Only spares the next build the hashing.
            let _kept = self.write_index(sha256, &content);
        }
        Some(layer(content, &data))
    }

    fn write_index(&self, sha256: &Digest, content: &DebContent) -> Result<(), StoreError> {
        let data = self.layer_path(sha256, ".data.tar");
        let file = fs::File::open(&data).map_err(|source| StoreError::reading(&data, source))?;
        let identity = self.file_identity(&file).map_err(|source| StoreError::reading(&data, source))?;
        let mut index = [&identity[..], &encode_index(content)].concat();
        index.extend_from_slice(&Sha256::digest(&index));
        self.write(&self.layer_path(sha256, ".index"), &index)
    }

    /// The boot of the machine, and the file's length, inode and times. A file that has them all is the one that was written.
    fn file_identity(&self, file: &fs::File) -> io::Result<[u8; IDENTITY]> {
        let metadata = file.metadata()?;
        let mut identity = [0; IDENTITY];
        identity[..16].copy_from_slice(&self.shared.boot);
        let words = [
            metadata.len(),
            metadata.ino(),
            metadata.mtime().cast_unsigned(),
            metadata.mtime_nsec().cast_unsigned(),
            metadata.ctime().cast_unsigned(),
            metadata.ctime_nsec().cast_unsigned(),
        ];
        for (slot, word) in identity[16..].chunks_exact_mut(8).zip(words) {
            slot.copy_from_slice(&word.to_le_bytes());
        }
        Ok(identity)
    }

    fn layer_path(&self, sha256: &Digest, suffix: &str) -> std::path::PathBuf {
        sharded(&self.root().join("layers"), sha256, suffix)
    }
}

fn layer(content: DebContent, data: &Path) -> DebLayer {
    DebLayer { control: content.control, data: data.to_owned(), entries: content.entries }
}

/// Changes when the machine starts anew; where the kernel doesn't tell, always the same.
pub(super) fn boot() -> [u8; 16] {
    let id = fs::read("/proc/sys/kernel/random/boot_id").unwrap_or_default();
    let mut boot = [0; 16];
    boot.copy_from_slice(&Sha256::digest(id)[..16]);
    boot
}

/// Whether every file of the layer has its hash.
fn check_contents(file: &fs::File, entries: &[DebEntry]) -> bool {
    entries.par_iter().all(|entry| match entry.kind {
        DebKind::File { offset, length, sha256, .. } => hash_range(file, offset, length).is_ok_and(|found| found == sha256),
        _ => true,
    })
}

fn hash_range(file: &fs::File, offset: u64, length: u64) -> io::Result<Digest> {
    let mut sha256 = Sha256::new();
    let mut input = Range { file, offset, left: length };
    let mut buffer = vec![0; usize::try_from(length).unwrap_or(BUFFER).clamp(1, BUFFER)];
    loop {
        let read = input.read(&mut buffer)?;
        if read == 0 {
            break;
        }
        sha256.update(&buffer[..read]);
    }
    if input.left > 0 { Err(io::ErrorKind::UnexpectedEof.into()) } else { Ok(Digest(sha256.finalize().into())) }
}

struct Range<'a> {
    file: &'a fs::File,
    offset: u64,
    left: u64,
}

impl Read for Range<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let length = usize::try_from(self.left).unwrap_or(usize::MAX).min(buffer.len());
        let read = self.file.file().read_at(&mut buffer[..length], self.offset)?;
        self.offset += read as u64;
        self.left -= read as u64;
        Ok(read)
    }
}
