//! Where a tree comes from: a directory, an archive, an image.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use rootfs_image::{Progress, ReadError, ReadImage};
use rootfs_tree::{Tree, TreeError};

use crate::failure::{Exit, Failure};
use crate::record;

/// The tree of anything that has one, on the host. What must be unpacked goes into `spool`, which must stay as long as the tree is used.
///
/// # Errors
/// When it can't be read, or there is no tree in it.
pub(crate) fn read(path: &Path, hash: bool, spool: &Path, interrupted: &Arc<AtomicBool>) -> Result<Tree, Failure> {
    if fs_err::metadata(path).map_err(|error| Failure::of(&error))?.is_dir() {
        return record::scan(path, hash).map_err(|error| unreadable(&error));
    }
    let mut tree = read_file(path, spool, interrupted)?;
    if hash {
        tree.hash_contents().map_err(|error| unreadable(&error))?;
    }
    Ok(tree)
}

/// The same of what is no directory.
///
/// # Errors
/// As [`read`].
pub(crate) fn read_file(path: &Path, spool: &Path, interrupted: &Arc<AtomicBool>) -> Result<Tree, Failure> {
    match ReadImage::of(path, spool, &Watch(interrupted)) {
        Ok(image) => Ok(image.tree),
        Err(ReadError::Cancelled) => Err(Failure::new("interrupted").exit(Exit::Interrupted)),
        Err(ReadError::Tree(error)) => Err(unreadable(&error)),
        Err(error) => {
            let hint = error.hint().map(str::to_owned);
            Err(Failure::new(format!("can't read the image `{}`", path.display())).because(&error).hint(hint))
        }
    }
}

/// Ends reading when the user wants it.
struct Watch<'a>(&'a AtomicBool);

impl Progress for Watch<'_> {
    fn cancelled(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

fn unreadable(error: &TreeError) -> Failure {
    let mut source = std::error::Error::source(error);
    let mut denied = false;
    while let Some(cause) = source {
        denied |= cause.downcast_ref::<std::io::Error>().is_some_and(|cause| cause.kind() == std::io::ErrorKind::PermissionDenied);
        source = cause.source();
    }
    let hint = denied.then(|| "a root filesystem has files that only root may read: run it with sudo".to_owned());
    Failure::of(error).hint(hint)
}
