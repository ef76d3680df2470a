//! From the finished tree to what the user asked for, under its final name only when it is whole.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use rootfs_package::engine::Built;
use rootfs_package::lock::Lock;
use rootfs_tree::{Tree, TreeError};

use crate::failure::Failure;
use crate::image_record::{ImageRecord, image_record_path, root_hash_path};
use crate::invocation::Invocation;
use crate::output::Form;
use crate::progress::Progress;
use crate::record::Record;
use crate::starter::Starter;
use crate::target::{Targets, record_path};
use crate::{devices, image};

/// A file that was written.
#[derive(Debug)]
pub(crate) struct Image {
    /// Bytes of it.
    pub(crate) size: u64,
    /// What lies beside a disk.
    pub(crate) record: Option<ImageRecord>,
    /// What the user should know.
    pub(crate) notes: Vec<String>,
}

/// Writes every result: the file first, since its contents come from the root that then becomes the directory. `on_disk` is what the root holds now.
/// Gives the paths that are new.
///
/// # Errors
/// When something can't be written; what was whole by then stays.
pub(crate) fn write(
    invocation: &Invocation,
    targets: &Targets,
    built: &Built,
    on_disk: &Tree,
    record: &Record<'_>,
    starter: Option<&Starter>,
    progress: &Progress,
) -> Result<Vec<PathBuf>, Failure> {
    let failed = |error: TreeError| Failure::of(&error);
    let tree = record.tree;
    let mut written = Vec::new();
    if targets.directory.is_some() {
        devices::update(tree, &built.root, on_disk).map_err(failed)?;
    }
    if let (Some(output), Some(target)) = (&invocation.output, &targets.output) {
        let (image, paths) = write_image(record, (&output.form, starter), targets, target, progress)?;
        progress.notes(&image.notes);
        written = paths;
    }
    if let Some(directory) = &targets.directory {
        let beside = targets.stage().join("record");
        record.write(&beside).map_err(failed)?;
        targets.publish_directory(&built.root, &beside)?;
        written.extend([directory.clone(), record_path(directory)]);
    }
    if let (Some(path), Some(lock)) = (&invocation.lock, &built.lock) {
        write_lock(lock, path)?;
        written.push(path.clone());
    }
    Ok(written)
}

/// Writes the tree into the file that was asked for, with what lies beside a disk. A form that starts by itself needs what starts it. Gives the paths that are new, the file first.
///
/// # Errors
/// When something can't be written; nothing is then under its final name.
pub(crate) fn write_image(
    record: &Record<'_>,
    (form, starter): (&Form, Option<&Starter>),
    targets: &Targets,
    target: &Path,
    progress: &Progress,
) -> Result<(Image, Vec<PathBuf>), Failure> {
    let stage = targets.stage();
    let file = stage.join("output");
    let written = image::write(record, form, starter, &file, progress)?;
    let mut paths = vec![target.to_owned()];
    let mut described = None;
    if let Some((options, disk)) = &written.disk {
        let image = ImageRecord::of(record, options, disk)?;
        if let Some(verity) = &image.verity {
            let (beside, path) = (stage.join("root_hash"), root_hash_path(target));
            fs_err::write(&beside, format!("{}\n", verity.parameters)).map_err(|error| Failure::of(&error))?;
            targets.publish_beside_output(&beside, &path)?;
            paths.push(path);
        }
        let (beside, path) = (stage.join("output.json"), image_record_path(target));
        image.write(&beside)?;
        targets.publish_beside_output(&beside, &path)?;
        paths.push(path);
        described = Some(image);
    }
    targets.publish_output(&file)?;
    Ok((Image { size: written.size, record: described, notes: written.notes }, paths))
}

/// Beside its final name first: a build that is cut off must not leave half a lock.
fn write_lock(lock: &Lock, path: &Path) -> Result<(), Failure> {
    let parent = path.parent().filter(|parent| *parent != Path::new("")).unwrap_or(Path::new("."));
    let mut file = tempfile::NamedTempFile::new_in(parent)
        .map_err(|error| Failure::new(format!("can't write the lock `{}`", path.display())).because(&error))?;
    file.write_all(lock.to_toml().as_bytes()).map_err(|error| Failure::of(&error))?;
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o644);
    file.as_file().set_permissions(mode).map_err(|error| Failure::of(&error))?;
    file.persist(path).map_err(|error| Failure::of(&error.error))?;
    Ok(())
}
