//! From a tree to a file: a disk, a filesystem, an archive.

use std::borrow::Cow;
use std::io::{BufWriter, Write};
use std::path::Path;

use rootfs_image::{
    Cpio, Disk, DiskLayout, DiskOptions, Encoder, Image, ImageFile, Qcow2File, RootFilesystem, Sink, SinkError, SquashfsCompression,
    write_cpio,
};
use rootfs_package::observer::{Event, Observer as _};
use rootfs_tree::{Kind, Metadata, Node, Time, Tree, TreeError};

use crate::container_image::Kept;
use crate::failure::Failure;
use crate::output::{Container, Form};
use crate::progress::Progress;
use crate::record::Record;
use crate::starter::Starter;
use crate::{architecture, container_image};

/// What is known of a file once it is written.
#[derive(Debug)]
pub(crate) struct Written {
    /// Bytes of it.
    pub(crate) size: u64,
    /// A disk, as it was made and as it became.
    pub(crate) disk: Option<(DiskOptions, Disk)>,
    /// What the user should know.
    pub(crate) notes: Vec<String>,
}

/// Passes the writer's progress on.
pub(crate) struct Shown<'a>(pub(crate) &'a Progress);

impl rootfs_image::Progress for Shown<'_> {
    fn advance(&self, bytes: u64) {
        self.0.event(Event::Bytes(bytes));
    }

    fn cancelled(&self) -> bool {
        self.0.cancelled()
    }
}

/// Writes the tree into a new file.
///
/// # Errors
/// When the tree doesn't fit or has what the form can't hold, or the disk refuses.
pub(crate) fn write(
    record: &Record<'_>,
    form: &Form,
    starter: Option<&Starter>,
    path: &Path,
    progress: &Progress,
) -> Result<Written, Failure> {
    let tree = record.tree;
    let stage = path.parent().unwrap_or(Path::new("."));
    match form {
        Form::Oci(reference, compression) => {
            container_image::write(record, (Kept::Layout, reference.as_deref(), *compression), (path, stage), progress)
        }
        Form::DockerArchive(reference, compression) => {
            container_image::write(record, (Kept::DockerArchive, reference.as_deref(), *compression), (path, stage), progress)
        }
        Form::Disk(options, _, container) => write_disk(tree, options, *container, starter, path, progress),
        Form::Tar(compression) => {
            let mut out = Watched { out: encoder(path, *compression)?, progress };
            tree.write_tar(&mut out).map_err(|error| Failure::of(&error))?;
            finish(out.out, path, Vec::new())
        }
        Form::Cpio(compression) => {
            let mut out = Watched { out: encoder(path, *compression)?, progress };
            let (tree, notes) = with_init(tree)?;
            let written = write_cpio(&tree, &mut out).map_err(|error| Failure::of(&error))?;
            finish(out.out, path, [notes, attributes_note(written)].concat())
        }
    }
}

/// An archive that ends when the user wants it to.
struct Watched<'a, W> {
    out: W,
    progress: &'a Progress,
}

impl<W: Write> Write for Watched<'_, W> {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        // Not as `Interrupted`, which means that it should be tried again.
        if self.progress.cancelled() { Err(std::io::Error::other("interrupted")) } else { self.out.write(bytes) }
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.out.flush()
    }
}

fn encoder(path: &Path, compression: rootfs_image::Compression) -> Result<Encoder<BufWriter<fs_err::File>>, Failure> {
    let file = fs_err::File::create(path).map_err(|error| Failure::of(&error))?;
    Encoder::new(BufWriter::with_capacity(1 << 20, file), compression).map_err(|error| cannot_write(&error))
}

fn finish(out: Encoder<BufWriter<fs_err::File>>, path: &Path, notes: Vec<String>) -> Result<Written, Failure> {
    out.finish().map_err(|error| cannot_write(&error))?;
    let size = fs_err::metadata(path).map_err(|error| Failure::of(&error))?.len();
    Ok(Written { size, disk: None, notes })
}

fn cannot_write(error: &std::io::Error) -> Failure {
    Failure::new("can't write the archive").because(error)
}

/// The tree with the `/init` that a kernel starts from its first root: where there is none, a link to `/sbin/init`.
fn with_init(tree: &Tree) -> Result<(Tree, Vec<String>), Failure> {
    const INIT: &[u8] = b"/init";
    let mut tree = tree.clone();
    match tree.resolve(INIT) {
        Ok(_) => Ok((tree, Vec::new())),
        Err(TreeError::NotFound { .. }) if tree.lookup(INIT).is_err() => {
            let mtime = tree.node(Tree::ROOT).metadata.mtime;
            let metadata = Metadata::root(0o777, Time::from_seconds(mtime.seconds));
            let link = Node { metadata, kind: Kind::Symlink(b"/sbin/init"[..].into()), package: None };
            tree.place(INIT, link).map_err(|error| Failure::of(&error))?;
            Ok((tree, vec!["/init, which the kernel starts, is a link to /sbin/init".to_owned()]))
        }
        Err(error) => Err(Failure::of(&error)),
    }
}

fn attributes_note(written: Cpio) -> Vec<String> {
    match written.without_attributes {
        0 => Vec::new(),
        1 => vec!["the extended attributes of one file are not in the archive: cpio has no place for them".to_owned()],
        count => vec![format!("the extended attributes of {count} files are not in the archive: cpio has no place for them")],
    }
}

fn write_disk(
    tree: &Tree,
    options: &DiskOptions,
    container: Container,
    starter: Option<&Starter>,
    path: &Path,
    progress: &Progress,
) -> Result<Written, Failure> {
    let failed = |error: rootfs_image::DiskError| Failure::of(&error).hint(error.hint());
    let mut options = options.clone();
    let architecture = architecture::of(tree);
    options.architecture = architecture.map(architecture::of_partition);
    if let RootFilesystem::Squashfs(squashfs) = &mut options.root
        && let SquashfsCompression::Xz { x86, .. } = &mut squashfs.compression
    {
        *x86 = architecture == Some(rootfs_plugin::Architecture::X86_64);
    }
    let (tree, layout, mut notes) = match starter {
        Some(starter) => {
            let (tree, notes) = starter.furnish(tree)?;
            let layout = starter.plan(&tree, &mut options, progress)?;
            (tree, layout, notes)
        }
        None => (Cow::Borrowed(tree), DiskLayout::plan(tree, &options).map_err(failed)?, Vec::new()),
    };
    if let Some(size) = layout.size() {
        progress.event(Event::Expect { items: 0, bytes: size });
    }
    let shown = Shown(progress);
    let write = |sink: &dyn Sink| layout.write(&tree, &Image::new(sink).with_progress(&shown)).map_err(failed);
    let unwritable = |error: SinkError| Failure::of(&error);
    let (disk, size) = match container {
        Container::Raw => {
            let file = ImageFile::create(path).map_err(unwritable)?;
            let disk = write(&file)?;
            let size = disk.size;
            file.finish(size).map_err(unwritable)?;
            (disk, size)
        }
        Container::Qcow2(compression) => {
            let file = Qcow2File::create(path, compression).map_err(unwritable)?;
            let disk = write(&file)?;
            let size = file.finish(disk.size, &shown).map_err(unwritable)?;
            (disk, size)
        }
    };
    let left_out = disk.squashfs.iter().flat_map(|squashfs| &squashfs.left_out);
    notes.extend(left_out.map(|left| format!("`{}` of {} is not in the image: squashfs has no place for it", left.name, left.path)));
    Ok(Written { size, notes, disk: Some((options, disk)) })
}
