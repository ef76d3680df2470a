//! Where a tree comes from: a directory, an archive, an image.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use rootfs_image::{Progress, ReadError, ReadImage};
use rootfs_tree::{Tree, TreeError};

use crate::failure::{Exit, Failure};
use crate::record;

/// What has a tree on the host.
#[derive(Debug, Clone, Copy)]
pub(crate) struct TreeSource<'a> {
    pub(crate) path: &'a Path,
    /// Of a disk with several, by its number.
    pub(crate) partition: Option<u32>,
}

/// The tree of anything that has one. What must be unpacked goes into `spool`, which must stay as long as the tree is used.
///
/// # Errors
/// When it can't be read, or there is no tree in it.
pub(crate) fn read(source: TreeSource<'_>, hash: bool, spool: &Path, interrupted: &Arc<AtomicBool>) -> Result<Tree, Failure> {
    if fs_err::metadata(source.path).map_err(|error| Failure::of(&error))?.is_dir() {
        source.refuse_partition()?;
        return record::scan(source.path, hash).map_err(|error| unreadable(&error));
    }
    let mut tree = read_file(source, spool, interrupted)?;
    if hash {
        tree.hash_contents().map_err(|error| unreadable(&error))?;
    }
    Ok(tree)
}

impl TreeSource<'_> {
    /// A directory has none.
    ///
    /// # Errors
    /// When one was asked for.
    pub(crate) fn refuse_partition(&self) -> Result<(), Failure> {
        match self.partition {
            None => Ok(()),
            Some(number) => {
                let complaint = format!("--partition {number} is for disk images, and `{}` is a directory", self.path.display());
                Err(Failure::new(complaint).exit(Exit::Usage))
            }
        }
    }
}

/// The same of what is no directory.
///
/// # Errors
/// As [`read`].
pub(crate) fn read_file(source: TreeSource<'_>, spool: &Path, interrupted: &Arc<AtomicBool>) -> Result<Tree, Failure> {
    let path = source.path;
    match ReadImage::of_partition(path, source.partition, spool, &Watch(interrupted)) {
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
