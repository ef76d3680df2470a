use std::io;
use std::path::{Path, PathBuf};

use rootfs_tree::{Content, NodeId, Tree};

use super::ContainerError;
use crate::source::{FileSource, ImageSource, Stretch};

/// Where the documents and layers of images lie.
#[derive(Debug)]
pub(super) enum Parts {
    /// A directory of the host's.
    Directory(PathBuf),
    /// A tar, of which links lead nowhere but to its own members.
    Archive(Box<Tree>),
}

/// One of them: a stretch of a file.
#[derive(Debug)]
pub(super) struct Part {
    /// As it is referred to.
    pub(super) name: String,
    /// On the host.
    pub(super) path: PathBuf,
    /// In bytes.
    pub(super) start: u64,
    /// In bytes.
    pub(super) length: u64,
    file: FileSource,
}

impl Parts {
    /// Whether there is a file of this name.
    pub(super) fn has(&self, name: &str) -> bool {
        match self {
            Self::Directory(directory) => directory.join(name).is_file(),
            Self::Archive(tree) => member(tree, name).is_some(),
        }
    }

    /// The tree of an archive; an empty one of a directory.
    pub(super) fn into_tree(self) -> Tree {
        match self {
            Self::Directory(_) => Tree::default(),
            Self::Archive(tree) => *tree,
        }
    }

    /// Opens a part, of which the caller knows that its name doesn't lead out of a directory.
    pub(super) fn open(&self, name: &str) -> Result<Part, ContainerError> {
        let missing = || ContainerError::Missing { name: name.to_owned() };
        let (path, stretch) = match self {
            Self::Directory(directory) => (directory.join(name), None),
            Self::Archive(tree) => {
                let file = member(tree, name).and_then(|id| tree.file(id)).ok_or_else(missing)?;
                let Content::At { layer, offset } = file.content else { return Err(missing()) };
                (tree.layer(layer).path.clone(), Some((offset, file.length)))
            }
        };
        let file = match open_file(&path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Err(missing()),
            Err(source) => return Err(ContainerError::Read { name: name.to_owned(), source }),
        };
        let (start, length) = stretch.unwrap_or((0, file.length()));
        Ok(Part { name: name.to_owned(), path, start, length, file })
    }
}

/// A file, and nothing that would never end or is not there to be read.
fn open_file(path: &Path) -> io::Result<FileSource> {
    if !fs_err::metadata(path)?.is_file() {
        return Err(io::Error::other("it is no regular file"));
    }
    FileSource::open(path)
}

/// A regular file of an archive, links followed inside it.
fn member(tree: &Tree, name: &str) -> Option<NodeId> {
    tree.resolve(name.as_bytes()).ok().filter(|id| tree.file(*id).is_some())
}

impl Part {
    /// What is in it.
    pub(super) fn source(&self) -> Stretch<'_> {
        Stretch::of(&self.file, self.start, self.length)
    }
}
