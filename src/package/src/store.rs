//! What builds share: packages, indexes and payloads by their SHA-256, under one directory.
//!
//! ```text
//! blobs/ab/abcd…            a file as it was fetched, by its own hash
//! layers/ab/abcd….data.tar  the payload of the package of that hash, uncompressed
//! layers/ab/abcd….index     what the package holds, and when its layer may be believed
//! documents/…               the last copy of each signed index, by URL
//! parts/abcd….part          what has come so far of a download
//! locks/abcd…               the lock that a plan and its indexes led to, by the hash of both
//! trees/abcd…               the tree that packages were installed into, by the hash of all it depends on
//! trees/abcd….data          its contents that no package has
//! made/abcd…                what a distribution's own programs made for an image, by the hash of all it depends on
//! logs/…                    what a compiler said that failed, by the package's name
//! tmp/                      what nobody has given a name yet
//! lock                      held shared by every build
//! ```
//!
//! Files appear under their names complete, by rename, so that builds can share a store without waiting for each other.
//!
//! # What is believed
//! A blob: once this process has computed its hash, while it came or when it is first asked for. A layer's index: when the SHA-256 at its end
//! is right. A layer: when its length, inode, mtime and ctime are still those in its index, and the machine hasn't been started anew since (a crash can
//! leave a file of the right length without its bytes); else every file in it is hashed again, which is still far cheaper than unpacking. What doesn't
//! hold is removed and made anew. A lock or a tree: when the SHA-256 at its end is right, and every content has its hash. All this is against accidents: whoever may write to the store can make it lie.

mod blob;
mod document;
mod error;
mod layer;
mod part;
mod result;
mod temporary;
mod tree;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use fs_err as fs;
use rootfs_tree::Digest;
use rustix::fs::{FlockOperation, flock};

pub use error::StoreError;
pub(crate) use layer::{LayerFile, Unpacked};
pub(crate) use part::Part;
pub(crate) use result::Stage;
pub(crate) use tree::KeptTree;

/// A content-addressed directory. Clones are the same store.
#[derive(Debug, Clone)]
pub struct Store {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    root: PathBuf,
    /// Hashes that this process has checked.
    verified: Mutex<BTreeSet<Digest>>,
    /// Which start of the machine this is.
    boot: [u8; 16],
    /// Held as long as the store is open.
    _lock: fs::File,
}

impl Store {
    /// Opens the store in a directory, which is made if it is missing.
    ///
    /// # Errors
    /// When the directory can't be made or written.
    pub fn open(root: &Path) -> Result<Self, StoreError> {
        for name in ["blobs", "layers", "documents", "parts", "locks", "trees", "made", "tmp"] {
            let path = root.join(name);
            fs::create_dir_all(&path).map_err(|source| StoreError::writing(&path, 0, source))?;
        }
        let path = root.join("lock");
        let lock = fs::File::options().create(true).append(true).open(&path);
        let lock = lock.map_err(|source| StoreError::writing(&path, 0, source))?;
        // Alone: what lies in `tmp` is a dead build's. A file system without locks loses the cleaning only.
        if flock(&lock, FlockOperation::NonBlockingLockExclusive).is_ok() {
            temporary::clear(root);
            result::trim(root);
        }
        // Waits for one that cleans at this moment, which is soon done; without this lock the next one would clean what is ours.
        let _shared = flock(&lock, FlockOperation::LockShared);
        let shared = Shared { root: root.to_owned(), verified: Mutex::default(), boot: layer::boot(), _lock: lock };
        Ok(Self { shared: Arc::new(shared) })
    }

    /// Its directory.
    #[must_use]
    pub fn root(&self) -> &Path {
        &self.shared.root
    }

    fn is_verified(&self, sha256: &Digest) -> bool {
        self.shared.verified.lock().is_ok_and(|verified| verified.contains(sha256))
    }

    fn set_verified(&self, sha256: Digest, is: bool) {
        if let Ok(mut verified) = self.shared.verified.lock() {
            if is {
                verified.insert(sha256);
            } else {
                verified.remove(&sha256);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_store_that_is_opened_while_another_cleans_is_held_all_the_same() {
        let directory = tempfile::tempdir().unwrap();
        let lock = || fs::File::options().create(true).append(true).open(directory.path().join("lock")).unwrap();
        let cleaning = lock();
        flock(&cleaning, FlockOperation::NonBlockingLockExclusive).unwrap();
        let cleaner = std::thread::spawn(move || {
            std::thread::sleep(Duration::from_millis(50));
            drop(cleaning);
        });
        let store = Store::open(directory.path()).unwrap();
        cleaner.join().unwrap();
        assert!(flock(lock(), FlockOperation::NonBlockingLockExclusive).is_err(), "nobody holds it");
        drop(store);
        flock(lock(), FlockOperation::NonBlockingLockExclusive).unwrap();
    }
}
