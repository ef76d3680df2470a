//! Where a tree comes from: a directory, an archive, an image.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use rootfs_image::{ContainerChoice, ContainerError, Containers, Progress, ReadError, ReadImage};
use rootfs_plugin::Architecture;
use rootfs_tree::{Tree, TreeError};

use crate::failure::{Exit, Failure};
use crate::{architecture, container_name, record};

/// Anything that has a tree, on the host, as the user names it.
#[derive(Debug, Clone)]
pub(crate) struct TreeSource {
    /// In the user's words.
    said: String,
    path: PathBuf,
    choice: ContainerChoice,
    /// Of a disk with several, by its number.
    partition: Option<u32>,
    is_directory: bool,
    /// Lies over others or has some over it, of which one may be what the choice is for.
    is_layer: bool,
}

impl TreeSource {
    /// What is named: a path, or an image of a container with one of the prefixes. `arch` is what the image must be for.
    ///
    /// # Errors
    /// When nothing is there, or the architecture is none.
    pub(crate) fn named(said: &Path, arch: Option<&str>) -> Result<Self, Failure> {
        let wanted = arch.map(str::parse::<Architecture>).transpose().map_err(|error| Failure::of(&error).exit(Exit::Usage))?;
        let named = said.to_str().and_then(container_name::split);
        let (form, place, reference) = named.map_or((None, said, None), |(form, place, name)| (Some(form), Path::new(place), name));
        let path = place.canonicalize().map_err(|error| Failure::new(format!("can't open `{}`", place.display())).because(&error))?;
        let choice = ContainerChoice {
            form,
            reference: reference.map(str::to_owned),
            platform: wanted.map(architecture::of_container),
            usual: Architecture::native().map(architecture::of_container),
        };
        let is_directory = form.is_none() && path.is_dir() && !Containers::are_in(&path);
        Ok(Self { said: said.display().to_string(), path, choice, partition: None, is_directory, is_layer: false })
    }

    /// The same of several that lie one over another; the partition is that of the first.
    ///
    /// # Errors
    /// As [`TreeSource::named`].
    pub(crate) fn layers(said: &[PathBuf], arch: Option<&str>, partition: Option<u32>) -> Result<Vec<Self>, Failure> {
        let layer = |(number, layer): (usize, &PathBuf)| {
            let partition = partition.filter(|_| number == 0);
            Ok(Self { is_layer: said.len() > 1, partition, ..Self::named(layer, arch)? })
        };
        said.iter().enumerate().map(layer).collect()
    }

    /// The same, when a partition of a disk was asked for.
    pub(crate) fn partition(self, partition: Option<u32>) -> Self {
        Self { partition, ..self }
    }

    /// The directory or file, by its real path.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// A root filesystem in a directory, which may have something beside it.
    pub(crate) fn directory(&self) -> Option<&Path> {
        self.is_directory.then_some(&self.path)
    }

    /// The tree. What must be unpacked goes into `spool`, which must stay as long as the tree is used.
    ///
    /// # Errors
    /// When it can't be read, or there is no tree in it.
    pub(crate) fn read(&self, hash: bool, spool: &Path, interrupted: &Arc<AtomicBool>) -> Result<Tree, Failure> {
        if let Some(directory) = self.directory() {
            self.check_choice(false)?;
            self.refuse_partition("a directory")?;
            return record::scan(directory, hash).map_err(|error| unreadable(&error));
        }
        let mut tree = self.read_image(spool, interrupted)?;
        if hash {
            tree.hash_contents().map_err(|error| unreadable(&error))?;
        }
        Ok(tree)
    }

    /// The same of what is no directory with a root filesystem.
    fn read_image(&self, spool: &Path, interrupted: &Arc<AtomicBool>) -> Result<Tree, Failure> {
        if self.names_containers() {
            self.refuse_partition("no disk")?;
        }
        let watch = Watch(interrupted);
        let image = match self.partition {
            Some(number) => ReadImage::of_partition(&self.path, number, spool, &watch),
            None => ReadImage::of(&self.path, &self.choice, spool, &watch),
        };
        let image = image.map_err(|error| self.failed(error))?;
        self.check_choice(image.is_of_container())?;
        Ok(image.tree)
    }

    /// Whether images of containers are named: with a prefix, or as the directory of a layout.
    pub(crate) fn names_containers(&self) -> bool {
        self.choice.form.is_some() || (!self.is_directory && self.path.is_dir())
    }

    /// The images of containers that are there; nothing when it is a file, named as such, without any.
    ///
    /// # Errors
    /// When they can't be read, or what is named as an archive of them is none.
    pub(crate) fn containers(&self, spool: &Path, interrupted: &Arc<AtomicBool>) -> Result<Option<Containers>, Failure> {
        match Containers::find(&self.path, self.choice.form, spool, &Watch(interrupted)) {
            Ok(Ok(containers)) => Ok(Some(containers)),
            Ok(Err(_)) if self.choice.form.is_some() => Err(self.failed(ContainerError::NoArchive.into())),
            Ok(Err(_)) => Ok(None),
            // A tar that no tree can be made of may be sound all the same.
            Err(ReadError::Tree(_)) if self.choice.form.is_none() => Ok(None),
            Err(error) => Err(self.failed(error)),
        }
    }

    /// The tag or name behind the place, if one was said.
    pub(crate) fn reference(&self) -> Option<&str> {
        self.choice.reference.as_deref()
    }

    /// What is told of an image that can't be read.
    fn failed(&self, error: ReadError) -> Failure {
        match error {
            ReadError::Cancelled => Failure::new("interrupted").exit(Exit::Interrupted),
            ReadError::Tree(error) => unreadable(&error),
            error => {
                let hint = error.hint().map(str::to_owned);
                Failure::new(format!("can't read the image `{}`", self.said)).because(&error).hint(hint)
            }
        }
    }

    fn refuse_partition(&self, what: &str) -> Result<(), Failure> {
        let complaint = |number| format!("--partition {number} is for disk images, and `{}` is {what}", self.said);
        self.partition.map_or(Ok(()), |number| Err(Failure::new(complaint(number)).exit(Exit::Usage)))
    }

    fn check_choice(&self, is_of_container: bool) -> Result<(), Failure> {
        if self.choice.platform.is_none() || is_of_container || self.is_layer {
            return Ok(());
        }
        let hint = "--arch says which is meant of images of containers for several machines".to_owned();
        Err(Failure::new(format!("`{}` is for one machine alone", self.said)).hint(Some(hint)).exit(Exit::Usage))
    }
}

/// Ends reading when the user wants it.
pub(crate) struct Watch<'a>(pub(crate) &'a AtomicBool);

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
