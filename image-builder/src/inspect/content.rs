use super::archive::{self, ArchiveFacts, ArchiveForm};
use super::packed::Packing;
use super::{DiskFacts, ExtFacts, FatFacts, InspectError, VerityFacts, magic};
use crate::erofs::{ErofsInfo, ErofsReadError, ErofsReader};
use crate::qcow2::{Qcow2Error, Qcow2Facts, Qcow2Image};
use crate::source::ImageSource;
use crate::squashfs::{SquashfsInfo, SquashfsReadError, SquashfsReader};

/// What an image is found to be.
#[derive(Debug)]
pub struct Inspection {
    /// Bytes.
    pub size: u64,
    /// What is in it.
    pub content: Content,
}

/// What is in an image or a partition.
#[derive(Debug)]
pub enum Content {
    /// A disk with tables.
    Disk(Box<DiskFacts>),
    /// ext2, ext3 or ext4.
    Ext(Box<ExtFacts>),
    /// squashfs, or why its superblock can't be one.
    Squashfs(Box<Result<SquashfsInfo, SquashfsReadError>>),
    /// erofs, or why its superblock can't be one.
    Erofs(Box<Result<ErofsInfo, ErofsReadError>>),
    /// FAT.
    Fat(Box<FatFacts>),
    /// Hashes of dm-verity, with a superblock.
    Verity(Box<VerityFacts>),
    /// Archives or compressed streams, one behind another.
    Archives(Vec<ArchiveFacts>),
    /// QEMU's image with what is on the disk in it, or why it can't be read.
    Qcow2(Box<Result<Qcow2Content, Qcow2Error>>),
    /// What is known by its first bytes only.
    Named(&'static str),
    /// Anything else.
    Unknown,
}

/// A qcow2.
#[derive(Debug)]
pub struct Qcow2Content {
    /// What its header says.
    pub facts: Qcow2Facts,
    /// What is on the disk. Another qcow2 there is not looked into.
    pub disk: Inspection,
}

/// What an image is, by a look that doesn't read archives to their end.
#[derive(Debug)]
pub(crate) enum Kind {
    /// All but archives.
    Content(Content),
    /// An archive, or a compressed stream of anything.
    Archive(Option<Packing>, ArchiveForm),
}

impl Kind {
    /// As [`Inspection::of`].
    pub(crate) fn of(source: &dyn ImageSource) -> Result<Self, InspectError> {
        if let Some(disk) = DiskFacts::read(source)? {
            return Ok(Self::Content(Content::Disk(Box::new(disk))));
        }
        let content = Content::of_partition(source)?;
        if let Content::Unknown = content
            && let Some((packing, form)) = archive::form_at(source, 0)?
        {
            return Ok(Self::Archive(packing, form));
        }
        Ok(Self::Content(content))
    }
}

impl Inspection {
    /// Looks at an image. Archives and compressed streams are read to their end, of others only what describes them.
    ///
    /// # Errors
    /// When the image can't be read; what is wrong with it is no error.
    pub fn of(source: &dyn ImageSource) -> Result<Self, InspectError> {
        let content = match Qcow2Image::open(source) {
            Err(Qcow2Error::Magic) => return Self::of_disk(source),
            Err(Qcow2Error::Read(source)) => return Err(InspectError::Read { offset: 0, source }),
            Err(error) => Err(error),
            Ok(image) => match Self::of_disk(&image) {
                Ok(disk) => Ok(Qcow2Content { facts: image.facts().clone(), disk }),
                Err(InspectError::Read { source, .. }) => Err(Qcow2Error::Read(source)),
            },
        };
        Ok(Self { size: source.length(), content: Content::Qcow2(Box::new(content)) })
    }

    /// Of what is no qcow2.
    pub(super) fn of_disk(source: &dyn ImageSource) -> Result<Self, InspectError> {
        let size = source.length();
        if let Some(disk) = DiskFacts::read(source)? {
            return Ok(Self { size, content: Content::Disk(Box::new(disk)) });
        }
        let content = Content::of_partition(source)?;
        if let Content::Unknown = content {
            if let Some(archives) = archive::read_all(source)? {
                return Ok(Self { size, content: Content::Archives(archives) });
            }
            if let Some(disk) = DiskFacts::read_doubtful(source)? {
                return Ok(Self { size, content: Content::Disk(Box::new(disk)) });
            }
        }
        Ok(Self { size, content })
    }
}

impl Content {
    /// By what a filesystem begins with.
    pub(super) fn of_partition(source: &dyn ImageSource) -> Result<Self, InspectError> {
        match SquashfsReader::open(source).map(|reader| reader.info().clone()) {
            Err(SquashfsReadError::Magic) => {}
            Err(SquashfsReadError::Read(source)) => return Err(InspectError::Read { offset: 0, source }),
            found => return Ok(Self::Squashfs(Box::new(found))),
        }
        match ErofsReader::open(source).map(|reader| reader.info().clone()) {
            Err(ErofsReadError::Magic) => {}
            Err(ErofsReadError::Read(source)) => return Err(InspectError::Read { offset: 0, source }),
            found => return Ok(Self::Erofs(Box::new(found))),
        }
        if let Some(facts) = ExtFacts::read(source)? {
            return Ok(Self::Ext(Box::new(facts)));
        }
        if let Some(facts) = VerityFacts::read(source)? {
            return Ok(Self::Verity(Box::new(facts)));
        }
        if let Some(facts) = FatFacts::read(source)? {
            return Ok(Self::Fat(Box::new(facts)));
        }
        Ok(magic::name(source)?.map_or(Self::Unknown, Self::Named))
    }

    /// A word for it.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Disk(_) => "disk",
            Self::Ext(facts) => facts.kind,
            Self::Squashfs(_) => "squashfs",
            Self::Erofs(_) => "erofs",
            Self::Fat(_) => "fat",
            Self::Verity(_) => "verity",
            Self::Archives(_) => "archive",
            Self::Qcow2(_) => "qcow2",
            Self::Named(name) => name,
            Self::Unknown => "unknown",
        }
    }
}
