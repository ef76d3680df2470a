//! From the finished tree to what the user asked for, under its final name only when it is whole.

use std::io::{BufWriter, Write as _};
use std::path::{Path, PathBuf};

use rootfs_package::engine::Built;
use rootfs_package::lock::Lock;
use rootfs_tree::{Tree, TreeError};

use crate::failure::Failure;
use crate::image_record::{ImageRecord, image_record_path};
use crate::invocation::{Invocation, OutputKind};
use crate::progress::Progress;
use crate::record::Record;
use crate::target::{Targets, record_path};
use crate::{devices, disk};

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
    progress: &Progress,
) -> Result<Vec<PathBuf>, Failure> {
    let failed = |error: TreeError| Failure::of(&error);
    let tree = record.tree;
    let mut written = Vec::new();
    if targets.directory.is_some() {
        devices::update(tree, &built.root, on_disk).map_err(failed)?;
    }
    if let (Some(output), Some(target)) = (&invocation.output, &targets.output) {
        let file = targets.stage().join("output");
        match output.kind {
            OutputKind::Tar => write_tar(tree, &file).map_err(failed)?,
            OutputKind::Disk => {
                let disk = disk::write(tree, &invocation.image, &file, progress)?;
                let beside = targets.stage().join("output.json");
                ImageRecord::of(record, &disk)?.write(&beside)?;
                targets.publish_beside_output(&beside)?;
                written.push(image_record_path(target));
            }
        }
        targets.publish_output(&file)?;
        written.insert(0, target.clone());
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

pub(crate) fn write_tar(tree: &Tree, path: &Path) -> Result<(), TreeError> {
    let fail = |source| TreeError::Io { action: "write the tar".to_owned(), source };
    let mut out = BufWriter::with_capacity(1 << 20, fs_err::File::create(path).map_err(fail)?);
    tree.write_tar(&mut out)?;
    out.flush().map_err(fail)
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
