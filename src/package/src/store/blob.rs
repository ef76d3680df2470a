use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use fs_err as fs;
use rootfs_tree::Digest;
use sha2::{Digest as _, Sha256};

use super::{Store, StoreError};

const BUFFER: usize = 128 << 10;

impl Store {
    /// Where the file of this hash lies, or would lie.
    #[must_use]
    pub fn blob(&self, sha256: &Digest) -> PathBuf {
        sharded(&self.root().join("blobs"), sha256, "")
    }

    /// Whether the file of this hash is there and sound: the first time a process asks, it is hashed. A damaged one is removed.
    #[must_use]
    pub fn contains(&self, sha256: &Digest, size: Option<u64>) -> bool {
        self.has_size(sha256, size) && self.verify(sha256).is_ok()
    }

    /// The path of the file of this hash, which is hashed the first time a process asks.
    ///
    /// # Errors
    /// [`StoreError::Missing`], and [`StoreError::Damaged`] when the file had other bytes; it is removed then.
    pub fn verify(&self, sha256: &Digest) -> Result<PathBuf, StoreError> {
        let path = self.blob(sha256);
        let file = match fs::File::open(&path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                self.set_verified(*sha256, false);
                return Err(StoreError::Missing { sha256: *sha256 });
            }
            Err(source) => return Err(StoreError::reading(&path, source)),
        };
        if !self.is_verified(sha256) {
            let (found, _) = hash(file, io::sink()).map_err(|source| StoreError::reading(&path, source))?;
            if found != *sha256 {
                fs::remove_file(&path).map_err(|source| StoreError::writing(&path, 0, source))?;
                return Err(StoreError::Damaged { path, found });
            }
            self.set_verified(found, true);
        }
        Ok(path)
    }

    /// Copies a file into the store; tells its hash and length.
    ///
    /// # Errors
    /// When it can't be read, or the store not be written.
    pub fn insert_file(&self, path: &Path) -> Result<(Digest, u64), StoreError> {
        let input = fs::File::open(path).map_err(|source| StoreError::reading(path, source))?;
        let mut file = self.temporary()?;
        let needed = input.metadata().map_or(0, |metadata| metadata.len());
        // Of the two only the store can be full; a source that can't be read is named by fs_err.
        let (sha256, length) = hash(input, &mut file).map_err(|source| StoreError::writing(&self.root().join("tmp"), needed, source))?;
        self.keep(file, &self.blob(&sha256))?;
        self.set_verified(sha256, true);
        Ok((sha256, length))
    }

    /// Puts bytes into the store; tells their hash.
    ///
    /// # Errors
    /// When the store can't be written.
    pub fn insert_bytes(&self, bytes: &[u8]) -> Result<Digest, StoreError> {
        let sha256 = Digest(Sha256::digest(bytes).into());
        self.write(&self.blob(&sha256), bytes)?;
        self.set_verified(sha256, true);
        Ok(sha256)
    }

    /// Whether a file of this hash and size is there; it may be damaged.
    pub(super) fn has_size(&self, sha256: &Digest, size: Option<u64>) -> bool {
        fs::metadata(self.blob(sha256)).is_ok_and(|metadata| metadata.is_file() && size.is_none_or(|size| size == metadata.len()))
    }
}

/// `DIRECTORY/ab/abcd…SUFFIX`.
pub(super) fn sharded(directory: &Path, sha256: &Digest, suffix: &str) -> PathBuf {
    let name = sha256.to_string();
    directory.join(&name[..2]).join(name + suffix)
}

/// Copies everything; tells the hash and the length.
fn hash(mut input: impl Read, mut output: impl Write) -> io::Result<(Digest, u64)> {
    let mut sha256 = Sha256::new();
    let mut length = 0;
    let mut buffer = vec![0; BUFFER];
    loop {
        let read = input.read(&mut buffer)?;
        if read == 0 {
            return Ok((Digest(sha256.finalize().into()), length));
        }
        sha256.update(&buffer[..read]);
        output.write_all(&buffer[..read])?;
        length += read as u64;
    }
}
