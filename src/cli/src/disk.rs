//! From a tree to a disk image.

use std::path::Path;

use rootfs_image::{DiskLayout, DiskOptions, Ext4Options, Holes, Image, ImageFile, Profile, RootFilesystem, Size};
use rootfs_package::observer::{Event, Observer as _};
use rootfs_tree::Tree;

use crate::failure::Failure;
use crate::invocation::ImageOptions;
use crate::progress::Progress;

/// What is known of a disk once it is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Disk {
    /// Bytes of the whole disk.
    pub(crate) size: u64,
    /// What `root=` on the kernel's command line says.
    pub(crate) root: String,
}

/// Passes the writer's progress on.
struct Shown<'a>(&'a Progress);

impl rootfs_image::Progress for Shown<'_> {
    fn advance(&self, bytes: u64) {
        self.0.event(Event::Bytes(bytes));
    }

    fn cancelled(&self) -> bool {
        self.0.cancelled()
    }
}

/// Writes the tree as a disk with one partition into a new file.
///
/// # Errors
/// When the tree doesn't fit, can't be on ext4, or the disk refuses.
pub(crate) fn write(tree: &Tree, options: &ImageOptions, path: &Path, progress: &Progress) -> Result<Disk, Failure> {
    let size = match (options.size, options.free) {
        (Some(size), _) => Size::Fixed(size),
        (None, Some(free)) => Size::Free(free),
        (None, None) if options.profile == Profile::ReadOnly => Size::Minimal,
        (None, None) => Size::Free(ImageOptions::USEFUL),
    };
    let label = options.label.clone().unwrap_or_else(|| "root".to_owned()).into_bytes();
    // Holes where the contents have zeros, not where this machine's disk has holes: the same tree gives the same bytes anywhere.
    let ImageOptions { profile, block_size, .. } = *options;
    let filesystem = Ext4Options { profile, block_size, size, label, holes: Holes::Zeros, ..Ext4Options::default() };
    let layout = DiskLayout::plan(tree, &DiskOptions { root: RootFilesystem::Ext4(filesystem), ..DiskOptions::default() })
        .map_err(|error| Failure::of(&error).hint(error.hint()))?;
    progress.event(Event::Expect { items: 0, bytes: layout.size().unwrap_or_default() });
    let file = ImageFile::create(path).map_err(|error| Failure::of(&error))?;
    let shown = Shown(progress);
    let disk = layout.write(tree, &Image::new(&file).with_progress(&shown)).map_err(|error| Failure::of(&error).hint(error.hint()))?;
    file.finish(disk.size).map_err(|error| Failure::of(&error))?;
    Ok(Disk { size: disk.size, root: disk.root_device().unwrap_or_default() })
}
