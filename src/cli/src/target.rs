//! Where a build's results go. Both are checked before anything is built; the stage lies beside them, so that the last step is a rename.

use std::path::{Path, PathBuf};

use fs_err::File;
use rustix::fs::{FlockOperation, RenameFlags, flock};
use tempfile::TempDir;

use crate::output::{Form, Output};

/// What a build leaves beside a directory, and how it knows one as its own.
const RECORD_SUFFIX: &str = ".rootfs-gen";

/// Why results can't go where the user wants them.
#[derive(Debug, thiserror::Error)]
pub enum TargetError {
    /// The directory is not empty and no build of ours made it.
    #[error("`{}` is not empty and was not made by rootfs-gen", path.display())]
    Foreign {
        /// The directory.
        path: PathBuf,
    },
    /// The directory or file is ours, and nobody said that it may go.
    #[error("`{}` exists", path.display())]
    Exists {
        /// The directory or file.
        path: PathBuf,
    },
    /// Not a directory, or not a file.
    #[error("`{}` is no {wanted}", path.display())]
    Kind {
        /// What is there.
        path: PathBuf,
        /// What should be.
        wanted: &'static str,
    },
    /// What is there is a layout that can't be added to.
    #[error("can't add the image to `{}`", path.display())]
    Layout {
        /// The layout.
        path: PathBuf,
        /// Why.
        #[source]
        source: Box<rootfs_image::OciError>,
    },
    /// The disk.
    #[error("can't write to `{}`", path.display())]
    Unwritable {
        /// The directory that was to hold the result.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
}

impl TargetError {
    /// Whether the user named what can't be a target, rather than the disk refusing it.
    #[must_use]
    pub fn is_usage(&self) -> bool {
        !matches!(self, Self::Unwritable { .. } | Self::Layout { .. })
    }

    /// What the user can do.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Foreign { .. } => Some("name a new directory, or empty this one yourself".to_owned()),
            Self::Exists { .. } => Some("`--force` replaces it".to_owned()),
            Self::Kind { .. } | Self::Layout { .. } => None,
            Self::Unwritable { path, .. } => Some(format!("see that `{}` exists and that you may write there", path.display())),
        }
    }
}

/// The places of one build. What is in the stage goes when this goes.
#[derive(Debug)]
pub struct Targets {
    /// The directory to fill.
    pub directory: Option<PathBuf>,
    /// The file to write.
    pub output: Option<PathBuf>,
    stage: TempDir,
    /// Held as long as the stage is in use, however this process ends.
    _lock: File,
}

impl Targets {
    /// Checks both targets and makes the stage.
    ///
    /// # Errors
    /// When a target is taken or can't be written.
    pub fn claim(directory: Option<&Path>, output: Option<&Path>, force: bool) -> Result<Self, TargetError> {
        let output = output.map(|path| claim_file(path, force)).transpose()?;
        Self::stage_beside(directory, output, force)
    }

    /// The same for an output of any form: a layout may be there, and is added to.
    ///
    /// # Errors
    /// As [`Targets::claim`].
    pub fn claim_for(directory: Option<&Path>, output: Option<&Output>, force: bool) -> Result<Self, TargetError> {
        let claim = |output: &Output| match output.form {
            Form::Oci(..) => claim_layout(&output.path),
            _ => claim_file(&output.path, force),
        };
        Self::stage_beside(directory, output.map(claim).transpose()?, force)
    }

    fn stage_beside(directory: Option<&Path>, output: Option<PathBuf>, force: bool) -> Result<Self, TargetError> {
        let directory = directory.map(|path| claim_directory(path, force)).transpose()?;
        let anchor = directory.as_deref().or(output.as_deref()).unwrap_or(Path::new("."));
        let (parent, name) = (parent_of(anchor), anchor.file_name().unwrap_or_default());
        let prefix = format!(".{}.", name.to_string_lossy());
        let (stage, lock) = make_stage(&parent, &prefix).map_err(|source| TargetError::Unwritable { path: parent, source })?;
        Ok(Self { directory, output, stage, _lock: lock })
    }

    /// A directory of ours on the targets' file system.
    #[must_use]
    pub fn stage(&self) -> &Path {
        self.stage.path()
    }

    /// Puts the finished root, and its record, under their final names; what was there goes with the stage.
    ///
    /// # Errors
    /// When the disk refuses; the old directory is then still there.
    pub fn publish_directory(&self, root: &Path, record: &Path) -> Result<(), TargetError> {
        let Some(directory) = &self.directory else { return Ok(()) };
        replace(record, &record_path(directory))?;
        replace(root, directory)
    }

    /// Puts what is known of the finished file beside its final name.
    ///
    /// # Errors
    /// When the disk refuses.
    pub fn publish_beside_output(&self, file: &Path, to: &Path) -> Result<(), TargetError> {
        fs_err::rename(file, to).map_err(|source| TargetError::Unwritable { path: parent_of(to), source })
    }

    /// Puts a finished file under its final name.
    ///
    /// # Errors
    /// When the disk refuses.
    pub fn publish_output(&self, file: &Path) -> Result<(), TargetError> {
        let Some(output) = &self.output else { return Ok(()) };
        if is_layout(output) {
            let failed = |error| TargetError::Layout { path: output.clone(), source: Box::new(error) };
            return rootfs_image::merge_oci_layout(file, output).map_err(failed);
        }
        fs_err::rename(file, output).map_err(|source| TargetError::Unwritable { path: parent_of(output), source })
    }
}

/// Makes a stage, and takes away those that a killed build of the same target left: nobody holds their locks any more.
fn make_stage(parent: &Path, prefix: &str) -> std::io::Result<(TempDir, File)> {
    // One at a time: a stage that has just been made has no lock yet. Where there are no locks nothing is taken away.
    let turn = File::open(parent)?;
    let alone = flock(&turn, FlockOperation::LockExclusive).is_ok();
    if alone {
        for entry in fs_err::read_dir(parent)?.flatten() {
            let name = entry.file_name();
            let is_stage = name.to_str().is_some_and(|name| name.starts_with(prefix) && name.ends_with(RECORD_SUFFIX));
            if is_stage && entry.file_type().is_ok_and(|kind| kind.is_dir()) {
                remove_dead_stage(&entry.path());
            }
        }
    }
    let stage = tempfile::Builder::new().prefix(prefix).suffix(RECORD_SUFFIX).tempdir_in(parent)?;
    let lock = File::open(stage.path())?;
    let _without_locks = flock(&lock, FlockOperation::NonBlockingLockExclusive);
    Ok((stage, lock))
}

/// What can't be removed is another user's, and stays.
fn remove_dead_stage(path: &Path) {
    let Ok(directory) = File::open(path) else { return };
    if flock(&directory, FlockOperation::NonBlockingLockExclusive).is_ok() {
        let _stays = fs_err::remove_dir_all(path);
    }
}

/// What a build leaves beside a directory: `out` has `out.rootfs-gen`.
#[must_use]
pub fn record_path(directory: &Path) -> PathBuf {
    let mut name = directory.file_name().unwrap_or_default().to_owned();
    name.push(RECORD_SUFFIX);
    directory.with_file_name(name)
}

fn claim_directory(path: &Path, force: bool) -> Result<PathBuf, TargetError> {
    let path = absolute(path)?;
    let metadata = match fs_err::symlink_metadata(&path) {
        Ok(metadata) => metadata,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(path),
        Err(source) => return Err(TargetError::Unwritable { path, source }),
    };
    if !metadata.is_dir() {
        return Err(TargetError::Kind { path, wanted: "directory" });
    }
    let mut entries = fs_err::read_dir(&path).map_err(|source| TargetError::Unwritable { path: path.clone(), source })?;
    if entries.next().is_none() {
        return Ok(path);
    }
    if !record_path(&path).is_dir() {
        return Err(TargetError::Foreign { path });
    }
    if force { Ok(path) } else { Err(TargetError::Exists { path }) }
}

/// A layout, an empty directory, or nothing yet.
fn claim_layout(path: &Path) -> Result<PathBuf, TargetError> {
    let path = absolute(path)?;
    match fs_err::symlink_metadata(&path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(path),
        Err(source) => Err(TargetError::Unwritable { path, source }),
        Ok(metadata) if !metadata.is_dir() => Err(TargetError::Kind { path, wanted: "directory" }),
        Ok(_) if is_layout(&path) => Ok(path),
        Ok(_) => match fs_err::read_dir(&path).map(|mut entries| entries.next().is_none()) {
            Ok(true) => Ok(path),
            Ok(false) => Err(TargetError::Foreign { path }),
            Err(source) => Err(TargetError::Unwritable { path, source }),
        },
    }
}

/// By what image-spec has every layout begin with.
fn is_layout(path: &Path) -> bool {
    path.join("oci-layout").is_file()
}

fn claim_file(path: &Path, force: bool) -> Result<PathBuf, TargetError> {
    let path = absolute(path)?;
    match fs_err::symlink_metadata(&path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(path),
        Err(source) => Err(TargetError::Unwritable { path, source }),
        Ok(metadata) if !metadata.is_file() => Err(TargetError::Kind { path, wanted: "regular file" }),
        Ok(_) if !force => Err(TargetError::Exists { path }),
        Ok(_) => Ok(path),
    }
}

/// The path with its directory's links resolved, the directory made when it is missing: renames must not depend on who changes directory meanwhile.
fn absolute(path: &Path) -> Result<PathBuf, TargetError> {
    let unwritable = |source| TargetError::Unwritable { path: path.to_owned(), source };
    if let Ok(there) = fs_err::canonicalize(path) {
        return Ok(there);
    }
    let parent = parent_of(path);
    fs_err::create_dir_all(&parent).map_err(unwritable)?;
    let name = path.file_name().ok_or_else(|| TargetError::Kind { path: path.to_owned(), wanted: "name for a result" })?;
    Ok(fs_err::canonicalize(&parent).map_err(unwritable)?.join(name))
}

fn parent_of(path: &Path) -> PathBuf {
    match path.parent() {
        Some(parent) if parent != Path::new("") => parent.to_owned(),
        _ => PathBuf::from("."),
    }
}

/// Renames a directory to a name that may be taken; the old one then has the first name, below the stage.
fn replace(new: &Path, target: &Path) -> Result<(), TargetError> {
    let unwritable = |source: std::io::Error| TargetError::Unwritable { path: target.to_owned(), source };
    if target.exists() {
        rustix::fs::renameat_with(rustix::fs::CWD, new, rustix::fs::CWD, target, RenameFlags::EXCHANGE)
            .map_err(|errno| unwritable(errno.into()))
    } else {
        fs_err::rename(new, target).map_err(unwritable)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_killed_build_left_goes_and_what_runs_stays() {
        let place = tempfile::tempdir().unwrap();
        let (target, dead, other) =
            (place.path().join("out"), place.path().join(".out.dead.rootfs-gen"), place.path().join(".other.dead.rootfs-gen"));
        for stage in [&dead, &other] {
            fs_err::create_dir_all(stage.join("root/usr")).unwrap();
        }
        let first = Targets::claim(Some(&target), None, false).unwrap();
        assert!(!dead.exists() && other.exists());
        let second = Targets::claim(Some(&target), None, false).unwrap();
        assert!(first.stage().exists() && second.stage().exists());
    }

    #[test]
    fn a_stranger_s_directory_is_refused_even_with_force() {
        let place = tempfile::tempdir().unwrap();
        let target = place.path().join("out");
        fs_err::create_dir(&target).unwrap();
        assert!(Targets::claim(Some(&target), None, false).is_ok(), "an empty directory is free");
        fs_err::write(target.join("precious"), "").unwrap();
        assert!(matches!(Targets::claim(Some(&target), None, true), Err(TargetError::Foreign { .. })));
    }

    #[test]
    fn our_own_directory_needs_force_and_is_exchanged() {
        let place = tempfile::tempdir().unwrap();
        let target = place.path().join("out");
        for (round, force) in [("first", false), ("second", true)] {
            let targets = Targets::claim(Some(&target), None, force).unwrap();
            let (root, record) = (targets.stage().join("root"), targets.stage().join("record"));
            fs_err::create_dir(&root).unwrap();
            fs_err::create_dir(&record).unwrap();
            fs_err::write(root.join(round), "").unwrap();
            targets.publish_directory(&root, &record).unwrap();
        }
        assert!(target.join("second").exists() && !target.join("first").exists());
        assert!(matches!(Targets::claim(Some(&target), None, false), Err(TargetError::Exists { .. })));
        let names = fs_err::read_dir(place.path()).unwrap().count();
        assert_eq!(names, 2, "the stages are gone");
    }

    #[test]
    fn an_output_file_is_replaced_with_force_only() {
        let place = tempfile::tempdir().unwrap();
        let file = place.path().join("root.tar");
        fs_err::write(&file, "old").unwrap();
        assert!(matches!(Targets::claim(None, Some(&file), false), Err(TargetError::Exists { .. })));
        assert!(Targets::claim(None, Some(&file), true).is_ok());
        assert!(matches!(Targets::claim(None, Some(place.path()), true), Err(TargetError::Kind { .. })));
    }
}
