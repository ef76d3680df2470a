//! Images back into trees, of whoever made them: filesystems, archives, and disks with one of these in a partition.
//!
//! An image is hostile: memory is bounded by what it has of metadata, every directory is read once, and no more is unpacked than an image of its length can
//! reasonably hold. A content that lies in one piece in a raw image is not copied: the tree points to it. All others are unpacked into one sparse file in a
//! directory that the caller names, and which must stay as long as the tree is in use.
//!
//! [`form`] has a variant for each format. A filesystem's own module reads it, as `read_tree` of its image and a [`Contents`].

mod cpio;
mod error;
mod form;
mod packed;
mod partition;
mod spool;

use std::path::Path;

use rootfs_tree::{Layer, Tree};

pub use error::ReadError;
pub(crate) use packed::{UnpackLimit, unpack};
pub(crate) use spool::{Contents, Piece};

use crate::erofs::ErofsReader;
use crate::ext4::Ext4Image;
use crate::oci::{ContainerChoice, ContainerError, ContainerForm, Containers};
use crate::progress::Progress;
use crate::qcow2::{Qcow2Error, Qcow2Image};
use crate::source::{FileSource, ImageSource, Stretch};
use crate::squashfs::SquashfsReader;
use form::{Filesystem, Form};
use spool::Spool;

/// An image as a tree.
#[derive(Debug)]
pub struct ReadImage {
    /// What is in it. Contents are not hashed.
    pub tree: Tree,
    /// `ext4`, `squashfs`, `erofs`, `tar`, `cpio`, `oci`, `oci-archive`, `docker-archive`.
    pub form: &'static str,
    /// The number of the partition it is in; none where there is no table.
    pub partition: Option<u32>,
}

impl ReadImage {
    /// The form of a tar.
    pub(crate) const TAR: &str = "tar";

    /// Reads the tree of an image: a filesystem, a disk with a root partition, or an archive; any of them may be compressed with gzip, xz, zstd,
    /// bzip2 or lz4, and disks may be qcow2. A directory is read as an OCI layout; of it, as of an archive with containers' images, `choice` says which is meant.
    /// What has to be unpacked goes into `spool`, a directory that is made if it is missing.
    ///
    /// # Errors
    /// When there is no tree in it, it is damaged, or the spool can't be written.
    pub fn of(path: &Path, choice: &ContainerChoice, spool: &Path, progress: &dyn Progress) -> Result<Self, ReadError> {
        match Containers::find(path, choice.form, spool, progress)? {
            Ok(containers) => {
                let image = containers.choose(choice)?;
                Ok(Self { tree: containers.read(&image, spool, progress)?, form: containers.form().name(), partition: None })
            }
            Err(_) if choice.form.is_some() => Err(ContainerError::NoArchive.into()),
            Err(image) => Ok(image),
        }
    }

    /// Whether it is the image of a container, of which there may be several for several machines.
    #[must_use]
    pub fn is_of_container(&self) -> bool {
        ContainerForm::ALL.iter().any(|form| form.name() == self.form)
    }

    /// The same of a disk's partition that is named by its number, from 1 on as Linux has it, instead of the one that is the root.
    ///
    /// # Errors
    /// As [`Self::of`]; and when it has no such partition.
    pub fn of_partition(path: &Path, number: u32, spool: &Path, progress: &dyn Progress) -> Result<Self, ReadError> {
        Self::of_file(path, Some(number), spool, progress)
    }

    /// Of what is no layout; images of containers in an archive are not looked for.
    pub(crate) fn of_file(path: &Path, partition: Option<u32>, spool: &Path, progress: &dyn Progress) -> Result<Self, ReadError> {
        let reading = Reading { partition, spool, progress };
        let source = FileSource::open(path).map_err(ReadError::Open)?;
        match Qcow2Image::open(&source) {
            Err(Qcow2Error::Magic) => {}
            // Nothing in it lies in the file as it is.
            image => return reading.disk(None, &image?),
        }
        match Form::of(&source)? {
            Form::Packed(packing) => {
                let plain = unpack(&source, packing, (spool, &mut UnpackLimit::of(source.length())), progress, |_| {})?;
                let source = FileSource::open(&plain).map_err(ReadError::Open)?;
                reading.plain(&plain, &source)
            }
            _ => reading.plain(path, &source),
        }
    }
}

/// How an image is read.
struct Reading<'a> {
    /// The one that is wanted.
    partition: Option<u32>,
    spool: &'a Path,
    progress: &'a dyn Progress,
}

impl Reading<'_> {
    /// Reads what is not compressed as a whole.
    fn plain(&self, path: &Path, source: &dyn ImageSource) -> Result<ReadImage, ReadError> {
        match Form::of(source)? {
            Form::Cpio => {
                self.refuse_partition("cpio")?;
                Ok(ReadImage { tree: cpio::read_tree(source, path)?, form: "cpio", partition: None })
            }
            Form::Tar => {
                self.refuse_partition(ReadImage::TAR)?;
                Ok(ReadImage { tree: Tree::from_tar(path, self.spool)?, form: ReadImage::TAR, partition: None })
            }
            Form::Packed(_) => Err(ReadError::NoTree { found: "a compressed stream in a compressed stream" }),
            Form::Disk(_) | Form::Filesystem(_) => self.disk(Some(path), source),
        }
    }

    /// Reads a disk or a filesystem, which is a file on the host if that is given.
    fn disk(&self, path: Option<&Path>, source: &dyn ImageSource) -> Result<ReadImage, ReadError> {
        let (form, number, start, length) = match Form::of(source)? {
            Form::Disk(disk) => {
                let (number, start, length) = partition::choose(&disk, self.partition)?;
                (Form::of_filesystem(&Stretch::of(source, start, length))?, Some(number), start, length)
            }
            Form::Filesystem(form) => {
                self.refuse_partition(form.name())?;
                (form, None, 0, source.length())
            }
            Form::Cpio | Form::Tar | Form::Packed(_) => return Err(ReadError::NoRoot),
        };
        let mut tree = Tree::default();
        let place = path.map(|path| (tree.add_layer(Layer { path: path.to_owned() }), start));
        let stretch = Stretch::of(source, start, length);
        let spool = Spool::create(self.spool, source.length())?;
        let layer = tree.add_layer(Layer { path: spool.path().to_owned() });
        let mut contents = Contents::new(&stretch, place, spool, layer, self.progress);
        match form {
            Filesystem::Ext => Ext4Image::open(&stretch)?.read_tree(&mut tree, &mut contents)?,
            Filesystem::Squashfs => SquashfsReader::open(&stretch)?.read_tree(&mut tree, &mut contents)?,
            Filesystem::Erofs => ErofsReader::open(&stretch)?.read_tree(&mut tree, &mut contents)?,
        }
        contents.finish()?;
        Ok(ReadImage { tree, form: form.name(), partition: number })
    }

    fn refuse_partition(&self, found: &'static str) -> Result<(), ReadError> {
        self.partition.map_or(Ok(()), |number| Err(ReadError::NoTable { number, found }))
    }
}
