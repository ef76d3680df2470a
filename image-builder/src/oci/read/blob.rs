use serde::de::DeserializeOwned;

use super::ContainerError;
use super::digest::{BlobDigest, Hasher};
use super::parts::{Part, Parts};
use crate::progress::Progress;
use crate::source::ImageSource as _;

/// Bytes that are hashed at once.
const PIECE: usize = 1 << 20;

impl Parts {
    /// A document's bytes, of which there may be so many.
    pub(super) fn read(&self, name: &str, limit: u64) -> Result<Vec<u8>, ContainerError> {
        let part = self.open(name)?;
        if part.length > limit {
            return Err(ContainerError::TooMuch { what: "bytes of a document", limit });
        }
        let mut bytes = vec![0; usize::try_from(part.length).unwrap_or(0)];
        part.source().read_exact_at(0, &mut bytes).map_err(|source| ContainerError::Read { name: part.name, source })?;
        Ok(bytes)
    }

    /// A document that is known by its digest.
    pub(super) fn read_verified(&self, name: &str, digest: &BlobDigest, limit: u64) -> Result<Vec<u8>, ContainerError> {
        let bytes = self.read(name, limit)?;
        let mut hasher = digest.hasher();
        hasher.update(&bytes);
        digest.check(&format!("`{name}`"), hasher)?;
        Ok(bytes)
    }
}

/// Reads a document's fields.
pub(super) fn parse<T: DeserializeOwned>(name: &str, bytes: &[u8]) -> Result<T, ContainerError> {
    serde_json::from_slice(bytes).map_err(|error| ContainerError::Document { name: name.to_owned(), reason: error.to_string() })
}

impl Part {
    /// Hashes all of it.
    pub(super) fn check(&self, digest: &BlobDigest, progress: &dyn Progress) -> Result<(), ContainerError> {
        let mut hasher = digest.hasher();
        self.hash(&mut hasher, progress)?;
        digest.check(&format!("`{}`", self.name), hasher)
    }

    fn hash(&self, hasher: &mut Hasher, progress: &dyn Progress) -> Result<(), ContainerError> {
        let source = self.source();
        let mut buffer = vec![0; PIECE];
        let mut offset = 0;
        while offset < self.length {
            if progress.cancelled() {
                return Err(ContainerError::Cancelled);
            }
            let count = usize::try_from(self.length - offset).unwrap_or(PIECE).min(PIECE);
            let read = source.read_exact_at(offset, &mut buffer[..count]);
            read.map_err(|source| ContainerError::Read { name: self.name.clone(), source })?;
            hasher.update(&buffer[..count]);
            offset += count as u64;
        }
        Ok(())
    }
}
