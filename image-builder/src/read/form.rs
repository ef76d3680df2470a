use super::ReadError;
use crate::inspect::{ArchiveForm, Content, DiskFacts, Kind, Packing};
use crate::source::ImageSource;

/// What an image is, as far as it takes to read it.
#[derive(Debug)]
pub(super) enum Form {
    /// Tables, with filesystems in partitions.
    Disk(Box<DiskFacts>),
    /// A filesystem alone.
    Filesystem(Filesystem),
    /// The kernel's archives.
    Cpio,
    /// A tar.
    Tar,
    /// Any of them, compressed.
    Packed(Packing),
}

/// A filesystem that can be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Filesystem {
    /// ext2, ext3, ext4.
    Ext,
    Squashfs,
    Erofs,
}

impl Filesystem {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Ext => "ext4",
            Self::Squashfs => "squashfs",
            Self::Erofs => "erofs",
        }
    }

    /// What a partition holds, if it can be read.
    pub(super) fn of(content: &Content) -> Option<Self> {
        match content {
            Content::Ext(_) => Some(Self::Ext),
            Content::Squashfs(_) => Some(Self::Squashfs),
            Content::Erofs(_) => Some(Self::Erofs),
            _ => None,
        }
    }
}

impl Form {
    /// By what an image begins with; archives are not read to their end.
    pub(super) fn of(source: &dyn ImageSource) -> Result<Self, ReadError> {
        let found = match Kind::of(source)? {
            Kind::Archive(Some(packing), _) => return Ok(Self::Packed(packing)),
            Kind::Archive(None, ArchiveForm::Cpio) => return Ok(Self::Cpio),
            Kind::Archive(None, _) => return Ok(Self::Tar),
            Kind::Content(Content::Disk(disk)) => return Ok(Self::Disk(disk)),
            Kind::Content(content) => match Filesystem::of(&content) {
                Some(filesystem) => return Ok(Self::Filesystem(filesystem)),
                None => content.name(),
            },
        };
        Err(ReadError::NoTree { found })
    }

    /// The filesystem that is all of a stretch.
    pub(super) fn of_filesystem(source: &dyn ImageSource) -> Result<Filesystem, ReadError> {
        match Self::of(source)? {
            Self::Filesystem(filesystem) => Ok(filesystem),
            _ => Err(ReadError::NoRoot),
        }
    }
}
