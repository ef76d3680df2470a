//! Images of containers back into trees: OCI layouts, in a directory or a tar, and what `docker save` writes.
//!
//! Nothing in them is believed: documents and layers are read once their digests are verified, layers once more by what the configuration says they unpack to,
//! and the tree is no larger than an image of this length can hold.

mod blob;
mod choice;
mod digest;
mod docker;
mod documents;
mod entries;
mod error;
mod layers;
mod open;
mod parts;

use std::path::Path;

use rootfs_tree::Tree;

pub use choice::{ContainerChoice, ContainerPlatform};
pub use entries::ContainerEntry;
pub use error::ContainerError;
pub use open::{ContainerImage, ContainerLayer};

use crate::progress::Progress;
use crate::read::{ReadError, ReadImage};
use parts::Parts;

/// What images of containers lie in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ContainerForm {
    /// A directory.
    Layout,
    /// A layout in a tar, as `skopeo copy … oci-archive:FILE` writes it.
    OciArchive,
    /// A tar as `docker save` writes it.
    DockerArchive,
}

impl ContainerForm {
    /// All there are.
    pub const ALL: [Self; 3] = [Self::Layout, Self::OciArchive, Self::DockerArchive];

    /// As skopeo calls it: `oci`, `oci-archive`, `docker-archive`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Layout => "oci",
            Self::OciArchive => "oci-archive",
            Self::DockerArchive => "docker-archive",
        }
    }
}

/// The images of containers in one place.
#[derive(Debug)]
pub struct Containers {
    form: ContainerForm,
    parts: Parts,
    entries: Vec<ContainerEntry>,
}

impl Containers {
    /// Those of a layout in a directory.
    ///
    /// # Errors
    /// When it is none, or its index can't be true.
    pub fn in_directory(directory: &Path) -> Result<Self, ContainerError> {
        let parts = Parts::Directory(directory.to_owned());
        if !parts.has(documents::MARK) {
            return Err(ContainerError::NoLayout);
        }
        Self::of(ContainerForm::Layout, parts)
    }

    /// Whether a directory says that it is a layout.
    #[must_use]
    pub fn are_in(directory: &Path) -> bool {
        let parts = Parts::Directory(directory.to_owned());
        parts.has(documents::MARK) && parts.has(documents::INDEX_NAME)
    }

    /// Those of an archive that was read as a tree, in the form that is wanted or Docker's rather than a layout's; the tree itself when it is no such archive.
    ///
    /// # Errors
    /// When it is one, and what it says of them can't be true.
    pub fn in_archive(archive: Tree, wanted: Option<ContainerForm>) -> Result<Result<Self, Tree>, ContainerError> {
        let parts = Parts::Archive(Box::new(archive));
        for form in [ContainerForm::DockerArchive, ContainerForm::OciArchive] {
            let is_there = match form {
                ContainerForm::DockerArchive => docker::is_one(&parts)?,
                _ => parts.has(documents::MARK) && parts.has(documents::INDEX_NAME),
            };
            if is_there && wanted.is_none_or(|wanted| wanted == form) {
                return Self::of(form, parts).map(Ok);
            }
        }
        Ok(Err(parts.into_tree()))
    }

    fn of(form: ContainerForm, parts: Parts) -> Result<Self, ContainerError> {
        let entries = match form {
            ContainerForm::DockerArchive => docker::entries(&parts)?,
            ContainerForm::Layout | ContainerForm::OciArchive => entries::of_layout(&parts)?,
        };
        Ok(Self { form, parts, entries })
    }

    /// Those of a layout in a directory, or of an archive as [`Containers::in_archive`]; the file as it was read when it is no such archive. What must be
    /// unpacked goes into `spool`, a directory that is made if it is missing.
    ///
    /// # Errors
    /// When it can't be read, or what is said of the images can't be true.
    pub fn find(
        path: &Path,
        wanted: Option<ContainerForm>,
        spool: &Path,
        progress: &dyn Progress,
    ) -> Result<Result<Self, ReadImage>, ReadError> {
        if wanted == Some(ContainerForm::Layout) || (wanted.is_none() && path.is_dir()) {
            return Ok(Ok(Self::in_directory(path)?));
        }
        let image = ReadImage::of_file(path, None, spool, progress)?;
        if image.form != ReadImage::TAR {
            return Ok(Err(image));
        }
        Ok(Self::in_archive(image.tree, wanted)?.map_err(|tree| ReadImage { tree, ..image }))
    }

    /// What they lie in.
    #[must_use]
    pub fn form(&self) -> ContainerForm {
        self.form
    }

    /// All that are there, whatever they are for.
    #[must_use]
    pub fn entries(&self) -> &[ContainerEntry] {
        &self.entries
    }

    /// Those that have this tag or name; all if none is said.
    ///
    /// # Errors
    /// When there is none.
    pub fn entries_of(&self, reference: Option<&str>) -> Result<Vec<&ContainerEntry>, ContainerError> {
        reference.map_or_else(|| Ok(self.entries.iter().collect()), |reference| choice::named(&self.entries, reference))
    }

    /// The one that is meant.
    ///
    /// # Errors
    /// When none is, or several could be.
    pub fn choose(&self, choice: &ContainerChoice) -> Result<ContainerImage, ContainerError> {
        choice::choose(self, choice)
    }

    /// Reads what is said of an image; its layers only when they are wanted.
    ///
    /// # Errors
    /// When a document is missing, is another than its digest says, or is of no image that Linux can use.
    pub fn open(&self, entry: &ContainerEntry) -> Result<ContainerImage, ContainerError> {
        open::open(&self.parts, entry)
    }

    /// The image's tree: its layers one over another. What must be unpacked goes into `spool`, a directory that is made if it is missing.
    ///
    /// # Errors
    /// When a layer is missing, is another than its digests say, or holds what no tree can.
    pub fn read(&self, image: &ContainerImage, spool: &Path, progress: &dyn Progress) -> Result<Tree, ReadError> {
        layers::read(&self.parts, image, spool, progress)
    }

    /// Holds every layer of an image against its digests, and unpacks it to nowhere.
    ///
    /// # Errors
    /// When a layer is missing, can't be unpacked, or is another than its digests say.
    pub fn verify(&self, image: &ContainerImage, progress: &dyn Progress) -> Result<(), ContainerError> {
        image.layers.iter().try_for_each(|layer| layers::verify(&self.parts, layer, progress))
    }
}
