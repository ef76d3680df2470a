use std::fs::Permissions;
use std::io::{self, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use fs_err as fs;
use tempfile::NamedTempFile;

use super::{Store, StoreError};

/// What everybody may read, as far as the umask allows.
const MODE: u32 = 0o644;

/// Removes what dead builds left. What can't be removed stays: nothing depends on it.
pub(super) fn clear(root: &Path) {
    let Ok(entries) = fs::read_dir(root.join("tmp")) else { return };
    for entry in entries.flatten() {
        let _still_there = fs::remove_file(entry.path());
    }
}

impl Store {
    /// A file without a lasting name; it goes with the value unless [`Store::keep`] names it.
    pub(super) fn temporary(&self) -> Result<NamedTempFile, StoreError> {
        let directory = self.root().join("tmp");
        tempfile::Builder::new()
            .permissions(Permissions::from_mode(MODE))
            .tempfile_in(&directory)
            .map_err(|source| StoreError::writing(&directory, 0, source))
    }

    /// Gives the file its name, in place of what has it.
    pub(super) fn keep(&self, file: NamedTempFile, path: &Path) -> Result<(), StoreError> {
        make_parent(path)?;
        file.persist(path).map(drop).map_err(|error| StoreError::writing(path, 0, error.error))
    }

    /// Puts bytes under a name, whole or not at all.
    pub(super) fn write(&self, path: &Path, bytes: &[u8]) -> Result<(), StoreError> {
        let mut file = self.temporary()?;
        file.write_all(bytes).map_err(|source| StoreError::writing(path, bytes.len() as u64, source))?;
        self.keep(file, path)
    }
}

pub(super) fn make_parent(path: &Path) -> Result<(), StoreError> {
    let parent = path.parent().unwrap_or(path);
    fs::create_dir_all(parent).map_err(|source| StoreError::writing(parent, 0, source))
}

/// What a path holds; none when nothing is there.
pub(super) fn read_if_there(path: &Path) -> io::Result<Option<Vec<u8>>> {
    match fs::read(path) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}
