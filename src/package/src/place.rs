//! A root that is being built: a tree in memory until something needs it on disk, then a directory.

use rootfs_plugin::BuildError;
use rootfs_tree::{Metadata, Time, Tree};

use crate::engine::build_error;
use crate::root::Root;

/// No file that a distribution reads in a build is longer.
const LARGEST: u64 = 256 << 20;

/// Where the root is.
pub(crate) enum Place<'a> {
    /// Nowhere but here; what is changed is as old as the time says.
    Memory(&'a mut Tree, Time),
    /// In a directory.
    Disk(&'a Root),
}

impl Place<'_> {
    /// The content of a file; none when nothing is there.
    pub(crate) fn read(&self, path: &[u8]) -> Result<Option<Vec<u8>>, BuildError> {
        match self {
            Self::Memory(tree, _) => match tree.resolve(path) {
                Ok(id) => tree.read(id, LARGEST).map(Some).map_err(|error| build_error(&error)),
                Err(_) => Ok(None),
            },
            Self::Disk(root) => root.read(path).map_err(|error| build_error(&error)),
        }
    }

    /// The names in a directory, sorted by bytes; none when there is no such directory.
    pub(crate) fn list(&self, path: &[u8]) -> Result<Vec<String>, BuildError> {
        let names = match self {
            Self::Memory(tree, _) => tree.list(path),
            Self::Disk(root) => root.list(path).map_err(|error| build_error(&error))?,
        };
        Ok(names.into_iter().map(|name| String::from_utf8_lossy(&name).into_owned()).collect())
    }

    pub(crate) fn write(&mut self, path: &[u8], content: &[u8], mode: u32) -> Result<(), BuildError> {
        match self {
            Self::Memory(tree, time) => {
                let metadata = Metadata::root(u16::try_from(mode & 0o7777).unwrap_or(0o644), *time);
                tree.write(path, content.to_vec(), metadata).map(drop).map_err(|error| build_error(&error))
            }
            Self::Disk(root) => root.write(path, content, mode).map_err(|error| build_error(&error)),
        }
    }

    pub(crate) fn remove(&mut self, path: &[u8]) -> Result<(), BuildError> {
        match self {
            Self::Memory(tree, time) => tree.remove(path, *time).map(drop).map_err(|error| build_error(&error)),
            Self::Disk(root) => root.remove(path).map_err(|error| build_error(&error)),
        }
    }

    pub(crate) fn symlink(&mut self, target: &[u8], path: &[u8]) -> Result<(), BuildError> {
        match self {
            Self::Memory(tree, time) => tree.symlink(target, path, *time).map(drop).map_err(|error| build_error(&error)),
            Self::Disk(root) => root.symlink(target, path).map_err(|error| build_error(&error)),
        }
    }
}
