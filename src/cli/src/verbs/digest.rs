use std::path::Path;

use rootfs_tree::{Tree, TreeError};

use super::print;
use crate::args::DigestArgs;
use crate::environment::Environment;
use crate::failure::{Exit, Failure};
use crate::privilege::become_owner;
use crate::record;

pub(super) fn run(args: &DigestArgs, environment: &Environment) -> Result<Exit, Failure> {
    become_owner(&args.root, environment)?;
    let is_directory = fs_err::metadata(&args.root).map_err(|error| Failure::of(&error))?.is_dir();
    let digest = if is_directory { digest_of_directory(&args.root) } else { digest_of_tar(&args.root) };
    print(&format!("{}\n", digest?))?;
    Ok(Exit::Done)
}

fn digest_of_directory(path: &Path) -> Result<rootfs_tree::Digest, Failure> {
    let tree = record::scan(path, true).map_err(|error| unreadable(&error))?;
    tree.digest().map_err(|error| unreadable(&error))
}

fn digest_of_tar(path: &Path) -> Result<rootfs_tree::Digest, Failure> {
    let spool = tempfile::tempdir().map_err(|error| Failure::of(&error))?;
    let mut tree = Tree::from_tar(path, spool.path()).map_err(|error| unreadable(&error))?;
    tree.hash_contents().map_err(|error| unreadable(&error))?;
    tree.digest().map_err(|error| unreadable(&error))
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
