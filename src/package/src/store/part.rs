use std::io::{Read, Seek, SeekFrom, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use fs_err as fs;
use rootfs_tree::Digest;
use rustix::fs::{FlockOperation, flock};
use sha2::{Digest as _, Sha256};
use tempfile::NamedTempFile;

use super::{Store, StoreError};

const BUFFER: usize = 128 << 10;

/// What has come so far of a download. It is hashed while it grows.
#[derive(Debug)]
pub(crate) struct Part {
    sha256: Digest,
    size: u64,
    length: u64,
    hasher: Sha256,
    file: PartFile,
    /// Whether bytes of an earlier process wait to be hashed.
    unread: bool,
    /// The most there has been; what comes a second time is no progress.
    reported: u64,
    validator: Option<(String, String)>,
}

/// Where the bytes are.
#[derive(Debug)]
enum PartFile {
    /// Kept for the next time; locked, so that one process at a time writes it.
    Kept(fs::File),
    /// Another build fetches the same: this one fetches for itself.
    Own(NamedTempFile),
}

impl Store {
    /// Goes on with what an earlier process left of a download, or begins it.
    pub(crate) fn part(&self, sha256: &Digest, size: u64) -> Result<Part, StoreError> {
        let path = self.part_path(sha256);
        let file = match open_locked(&path).map_err(|source| StoreError::writing(&path, size, source))? {
            Some(file) => PartFile::Kept(file),
            None => PartFile::Own(self.temporary()?),
        };
        let mut part = Part {
            sha256: *sha256,
            size,
            length: 0,
            hasher: Sha256::new(),
            file,
            unread: true,
            reported: 0,
            validator: read_validator(&path),
        };
        if part.file_mut().metadata().map_err(|source| StoreError::reading(&path, source))?.len() > size {
            part.clear()?;
        }
        Ok(part)
    }

    /// Makes a part that was checked a blob.
    pub(crate) fn complete(&self, part: Part) -> Result<(), StoreError> {
        let (path, blob) = (self.part_path(&part.sha256), self.blob(&part.sha256));
        match part.file {
            PartFile::Own(file) => self.keep(file, &blob)?,
            PartFile::Kept(_locked) => {
                super::temporary::make_parent(&blob)?;
                fs::rename(&path, &blob).map_err(|source| StoreError::writing(&blob, part.size, source))?;
                let _was_there = fs::remove_file(validator_path(&path));
            }
        }
        self.set_verified(part.sha256, true);
        Ok(())
    }

    fn part_path(&self, sha256: &Digest) -> PathBuf {
        self.root().join("parts").join(format!("{sha256}.part"))
    }
}

impl Part {
    pub(crate) fn sha256(&self) -> Digest {
        self.sha256
    }

    /// In bytes, of the whole.
    pub(crate) fn size(&self) -> u64 {
        self.size
    }

    /// In bytes, of what is here and hashed.
    pub(crate) fn length(&self) -> u64 {
        self.length
    }

    /// Hashes what an earlier process left, the first time it is called; `passed` is told of it piece by piece, and ends the reading by an error.
    /// What can't be read is dropped.
    pub(crate) fn read_back<E: From<StoreError>>(&mut self, passed: impl Fn(u64) -> Result<(), E>) -> Result<(), E> {
        if !std::mem::take(&mut self.unread) {
            return Ok(());
        }
        let mut buffer = vec![0; BUFFER];
        loop {
            let Ok(read) = self.file_mut().read(&mut buffer) else {
                return Ok(self.clear()?);
            };
            if read == 0 {
                return Ok(());
            }
            passed(self.hashed(&buffer[..read]))?;
        }
    }

    /// Adds bytes, and tells how many of them are progress. There must be room for them below the size.
    pub(crate) fn append(&mut self, bytes: &[u8]) -> Result<u64, StoreError> {
        let size = self.size;
        if let Err(source) = self.file_mut().write_all(bytes) {
            return Err(StoreError::writing(&self.path(), size, source));
        }
        Ok(self.hashed(bytes))
    }

    /// Begins anew.
    pub(crate) fn clear(&mut self) -> Result<(), StoreError> {
        (self.length, self.hasher, self.unread) = (0, Sha256::new(), false);
        let file = self.file_mut();
        let cleared = file.set_len(0).and_then(|()| file.seek(SeekFrom::Start(0)));
        cleared.map(drop).map_err(|source| StoreError::writing(&self.path(), 0, source))
    }

    /// Whether it has the right hash; what it has, if not.
    pub(crate) fn check(&self) -> Result<(), Digest> {
        let found = Digest(self.hasher.clone().finalize().into());
        if found == self.sha256 { Ok(()) } else { Err(found) }
    }

    /// The ETag or date that came with what is here, when it came from this URL.
    pub(crate) fn validator(&self, url: &str) -> Option<String> {
        self.validator.as_ref().filter(|(from, _)| from == url).map(|(_, validator)| validator.clone())
    }

    /// Remembers where the bytes come from. That it may be lost only costs a fresh start.
    pub(crate) fn set_validator(&mut self, url: &str, validator: Option<String>) {
        self.validator = validator.map(|validator| (url.to_owned(), validator));
        let PartFile::Kept(file) = &self.file else { return };
        let path = validator_path(file.path());
        let _kept = match &self.validator {
            Some((url, validator)) => fs::write(path, format!("{url}\n{validator}\n")),
            None => fs::remove_file(path),
        };
    }

    fn hashed(&mut self, bytes: &[u8]) -> u64 {
        self.hasher.update(bytes);
        self.length += bytes.len() as u64;
        let fresh = self.length.saturating_sub(self.reported);
        self.reported += fresh;
        fresh
    }

    fn file_mut(&mut self) -> &mut std::fs::File {
        match &mut self.file {
            PartFile::Kept(file) => file.file_mut(),
            PartFile::Own(file) => file.as_file_mut(),
        }
    }

    fn path(&self) -> PathBuf {
        match &self.file {
            PartFile::Kept(file) => file.path().to_owned(),
            PartFile::Own(file) => file.path().to_owned(),
        }
    }
}

/// Opens or makes the file, unless another process has it.
fn open_locked(path: &Path) -> std::io::Result<Option<fs::File>> {
    loop {
        let mut options = fs::OpenOptions::new();
        options.options_mut().mode(0o644);
        let file = options.read(true).write(true).create(true).truncate(false).open(path)?;
        if flock(&file, FlockOperation::NonBlockingLockExclusive).is_err() {
            return Ok(None);
        }
        // Whoever had the lock may have made it a blob, which nobody may write.
        let inode = file.metadata()?.ino();
        if fs::metadata(path).is_ok_and(|metadata| metadata.ino() == inode) {
            return Ok(Some(file));
        }
    }
}

fn validator_path(part: &Path) -> PathBuf {
    part.with_extension("from")
}

fn read_validator(part: &Path) -> Option<(String, String)> {
    let text = fs::read_to_string(validator_path(part)).ok()?;
    let (url, validator) = text.split_once('\n')?;
    Some((url.to_owned(), validator.strip_suffix('\n')?.to_owned()))
}
