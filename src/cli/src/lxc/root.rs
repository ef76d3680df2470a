use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use rootfs_image::{SquashfsEntry, SquashfsReadError, SquashfsReader};

use super::LxcError;
use crate::record::has_owners_beside;
use crate::target::record_path;
use crate::watched::Watched;

/// Links that lead on, as the kernel follows them: `MAXSYMLINKS`.
const LINKS_MAX: usize = 40;

/// Names that a way through a tree may have: half of the kernel's `PATH_MAX`.
const NAMES_MAX: usize = 2048;

/// What becomes the root of a container.
pub(crate) enum Root {
    /// A directory, by its real path.
    Directory(PathBuf),
    /// A squashfs, by its real path.
    Squashfs(PathBuf, Watched),
}

/// What stands under a path whose directories are no links.
enum Found {
    Directory,
    File,
    Link(Vec<u8>),
    Other,
}

impl Root {
    /// What the user has named.
    ///
    /// # Errors
    /// When it is neither a directory nor a squashfs.
    pub(crate) fn open(path: &Path, interrupted: Arc<AtomicBool>) -> Result<Self, LxcError> {
        let path = fs_err::canonicalize(path)?;
        let kind = fs_err::metadata(&path)?.file_type();
        if kind.is_dir() {
            return Ok(Self::Directory(path));
        }
        if !kind.is_file() {
            return Err(LxcError::Form { path });
        }
        let image = Watched::open(&path, interrupted)?;
        match SquashfsReader::open(&image) {
            Err(SquashfsReadError::Magic) => Err(LxcError::Form { path }),
            Err(source) => Err(LxcError::Squashfs { path, source }),
            Ok(_) => Ok(Self::Squashfs(path, image)),
        }
    }

    /// Where it is.
    pub(crate) fn path(&self) -> &Path {
        match self {
            Self::Directory(path) | Self::Squashfs(path, _) => path,
        }
    }

    /// Whether a container of this user can have it as its root and see the owners that it is to see.
    ///
    /// # Errors
    /// When not, with the reason.
    pub(crate) fn check_owner(&self, caller: u32) -> Result<(), LxcError> {
        match self {
            Self::Squashfs(path, _) if caller != 0 => Err(LxcError::Mount { path: path.clone() }),
            Self::Squashfs(..) => Ok(()),
            Self::Directory(path) => {
                let owner = fs_err::metadata(path)?.uid();
                if has_owners_beside(&record_path(path)) {
                    Err(LxcError::OwnersBeside { path: path.clone() })
                } else if owner != caller {
                    Err(LxcError::Owner { path: path.clone(), owner, caller })
                } else {
                    Ok(())
                }
            }
        }
    }

    /// Where a path leads with all links resolved inside, when that is a regular file.
    ///
    /// # Errors
    /// When what lies on the way can't be read, or links lead in a circle.
    pub(crate) fn file(&self, path: &str) -> Result<Option<Vec<u8>>, LxcError> {
        Ok(self.resolve(path)?.and_then(|(path, found)| matches!(found, Found::File).then_some(path)))
    }

    /// Whether a path leads to a directory.
    ///
    /// # Errors
    /// As [`Root::file`].
    pub(crate) fn has_directory(&self, path: &str) -> Result<bool, LxcError> {
        Ok(self.resolve(path)?.is_some_and(|(_, found)| matches!(found, Found::Directory)))
    }

    /// As `Tree::resolve` does it: `..` of the root is the root, absolute links start at the root.
    fn resolve(&self, path: &str) -> Result<Option<(Vec<u8>, Found)>, LxcError> {
        let circle = || LxcError::LinkLoop { path: self.path().to_owned(), name: path.to_owned() };
        let names = |path: &[u8]| path.split(|byte| *byte == b'/').rev().map(<[u8]>::to_vec).collect::<Vec<_>>();
        let mut pending = names(path.as_bytes());
        let (mut links, mut steps) = (0, 0);
        let mut way: Vec<Vec<u8>> = Vec::new();
        let mut found = Found::Directory;
        while let Some(name) = pending.pop() {
            if !matches!(found, Found::Directory) {
                return Ok(None);
            }
            match &*name {
                b"" | b"." => continue,
                b".." => {
                    way.pop();
                    continue;
                }
                _ => {}
            }
            steps += 1;
            if steps > NAMES_MAX {
                return Err(circle());
            }
            way.push(name);
            let Some(next) = self.look(&way.join(&b'/'))? else { return Ok(None) };
            found = next;
            if let Found::Link(target) = &found {
                links += 1;
                if links > LINKS_MAX {
                    return Err(circle());
                }
                way.pop();
                if target.starts_with(b"/") {
                    way.clear();
                }
                pending.extend(names(target));
                found = Found::Directory;
            }
        }
        Ok(Some((way.join(&b'/'), found)))
    }

    /// What stands under a path whose directories are no links; none when nothing does.
    fn look(&self, path: &[u8]) -> Result<Option<Found>, LxcError> {
        match self {
            Self::Directory(root) => look_in_directory(&root.join(std::ffi::OsStr::from_bytes(path))),
            Self::Squashfs(root, image) => {
                let entry = SquashfsReader::open(image).and_then(|reader| reader.lookup(path));
                let entry = entry.map_err(|source| LxcError::Squashfs { path: root.clone(), source })?;
                Ok(entry.map(|entry| match entry {
                    SquashfsEntry::Directory => Found::Directory,
                    SquashfsEntry::File => Found::File,
                    SquashfsEntry::Symlink { target } => Found::Link(target),
                    SquashfsEntry::Other => Found::Other,
                }))
            }
        }
    }
}

fn look_in_directory(path: &Path) -> Result<Option<Found>, LxcError> {
    let kind = match fs_err::symlink_metadata(path) {
        Ok(metadata) => metadata.file_type(),
        Err(error) if matches!(error.kind(), std::io::ErrorKind::NotFound | std::io::ErrorKind::NotADirectory) => return Ok(None),
        Err(error) => return Err(error.into()),
    };
    Ok(Some(if kind.is_symlink() {
        Found::Link(fs_err::read_link(path)?.as_os_str().as_bytes().to_vec())
    } else if kind.is_dir() {
        Found::Directory
    } else if kind.is_file() {
        Found::File
    } else {
        Found::Other
    }))
}

#[cfg(test)]
mod tests;
