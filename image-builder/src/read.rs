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
pub(crate) use spool::{Contents, Piece};

use crate::progress::Progress;
use crate::source::{FileSource, ImageSource, Stretch};
use form::Form;
use spool::Spool;

/// An image as a tree.
#[derive(Debug)]
pub struct ReadImage {
    /// What is in it. Contents are not hashed.
    pub tree: Tree,
    /// `ext4`, `squashfs`, `tar`, `cpio`.
    pub form: &'static str,
    /// The number of the partition it is in; none where there is no table.
    pub partition: Option<u32>,
}

impl ReadImage {
    /// Reads the tree of an image: a filesystem, a disk with a root partition, or an archive; any of them may be compressed with gzip, xz or zstd.
    /// What has to be unpacked goes into `spool`, a directory that is made if it is missing.
    ///
    /// # Errors
    /// When there is no tree in it, it is damaged, or the spool can't be written.
    pub fn of(path: &Path, spool: &Path, progress: &dyn Progress) -> Result<Self, ReadError> {
        let source = FileSource::open(path).map_err(ReadError::Open)?;
        match Form::of(&source)? {
            Form::Packed(packing) => {
                let plain = packed::unpack(&source, packing, spool, progress)?;
                let source = FileSource::open(&plain).map_err(ReadError::Open)?;
                let form = Form::of(&source)?;
                read(&plain, &source, form, spool, progress)
            }
            form => read(path, &source, form, spool, progress),
        }
    }
}

/// Reads what is not compressed as a whole.
fn read(path: &Path, source: &dyn ImageSource, form: Form, spool: &Path, progress: &dyn Progress) -> Result<ReadImage, ReadError> {
    let place = |tree: &mut Tree| (tree.add_layer(Layer { path: path.to_owned() }), 0);
    match form {
        Form::Disk(disk) => {
            let (number, start, length) = partition::root_of(&disk)?;
            let stretch = Stretch::of(source, start, length);
            let form = Form::of_filesystem(&stretch)?;
            let place = |tree: &mut Tree| (tree.add_layer(Layer { path: path.to_owned() }), start);
            let tree = read_filesystem(&stretch, form, Some(&place), spool, progress)?;
            Ok(ReadImage { tree, form: form.name(), partition: Some(number) })
        }
        Form::Filesystem(form) => {
            let tree = read_filesystem(source, form, Some(&place), spool, progress)?;
            Ok(ReadImage { tree, form: form.name(), partition: None })
        }
        Form::Cpio => Ok(ReadImage { tree: cpio::read_tree(source, path)?, form: "cpio", partition: None }),
        Form::Tar => Ok(ReadImage { tree: Tree::from_tar(path, spool)?, form: "tar", partition: None }),
        Form::Packed(_) => Err(ReadError::NoTree { found: "a compressed stream in a compressed stream" }),
    }
}

/// Where in a file a filesystem begins, as a layer of its tree.
type Place<'a> = &'a dyn Fn(&mut Tree) -> (rootfs_tree::LayerId, u64);

/// Reads a filesystem; its contents may lie where `place` says, if it says anything.
fn read_filesystem(
    source: &dyn ImageSource,
    form: form::Filesystem,
    place: Option<Place<'_>>,
    spool: &Path,
    progress: &dyn Progress,
) -> Result<Tree, ReadError> {
    let mut tree = Tree::default();
    let place = place.map(|place| place(&mut tree));
    let spool = Spool::create(spool, source.length())?;
    let layer = tree.add_layer(Layer { path: spool.path().to_owned() });
    let mut contents = Contents::new(source, place, spool, layer, progress);
    match form {
        form::Filesystem::Ext => crate::ext4::Ext4Image::open(source)?.read_tree(&mut tree, &mut contents)?,
        form::Filesystem::Squashfs => crate::squashfs::SquashfsReader::open(source)?.read_tree(&mut tree, &mut contents)?,
    }
    contents.finish()?;
    Ok(tree)
}
