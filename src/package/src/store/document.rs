use std::path::PathBuf;

use rootfs_tree::Digest;
use sha2::{Digest as _, Sha256};

use super::temporary::read_if_there;
use super::{Store, StoreError};

impl Store {
    /// Keeps what a URL gave, for a build without a network.
    pub(crate) fn keep_document(&self, url: &str, bytes: &[u8]) -> Result<(), StoreError> {
        self.write(&self.document_path(url), bytes)
    }

    /// What a URL gave the last time. Not verified: documents are signed.
    pub(crate) fn document(&self, url: &str) -> Result<Option<Vec<u8>>, StoreError> {
        let path = self.document_path(url);
        read_if_there(&path).map_err(|source| StoreError::reading(&path, source))
    }

    /// Keeps what a program has said, for people; the last of a name stays. Tells where it is.
    pub(crate) fn keep_log(&self, name: &str, text: &[u8]) -> Result<PathBuf, StoreError> {
        let plain = |letter: char| if letter.is_ascii_alphanumeric() || "+-._".contains(letter) { letter } else { '_' };
        let path = self.root().join("logs").join(format!("{}.log", name.chars().map(plain).collect::<String>()));
        self.write(&path, text).map(|()| path)
    }

    fn document_path(&self, url: &str) -> PathBuf {
        self.root().join("documents").join(Digest(Sha256::digest(url).into()).to_string())
    }
}
