//! What a build leaves beside a directory: `DIR.rootfs-gen` holds the tree's text form, which package owns what, the lock, and what the directory is to be.

use std::io::{BufReader, BufWriter, Write as _};
use std::path::Path;

use rootfs_package::lock::Lock;
use rootfs_tree::{ScanOptions, Tree, TreeError};

use crate::expectations::Expected;
use crate::failure::Failure;
use crate::privilege::is_plain;
use crate::target::record_path;
use crate::{devices, owners};

/// The tree's text form.
const TREE: &str = "tree";
/// Which package owns what.
const OWNERS: &str = "owners";
/// What the directory is to be.
const EXPECTED: &str = "expected.json";
/// An empty file: who builds could give files to nobody, so only the tree's text form says whose they are.
const OWNERS_BESIDE: &str = "owners-beside";
/// The lock.
const LOCK: &str = "rootfs-gen.lock";

/// What is known of a directory when it is made.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Record<'a> {
    /// What the directory holds.
    pub(crate) tree: &'a Tree,
    /// What it was made of.
    pub(crate) lock: Option<&'a Lock>,
    /// What it is to be.
    pub(crate) expected: &'a Expected,
}

impl Record<'_> {
    /// Writes the record as a new directory.
    ///
    /// # Errors
    /// When the disk refuses.
    pub(crate) fn write(&self, directory: &Path) -> Result<(), TreeError> {
        fs_err::create_dir(directory).map_err(failed)?;
        let mut out = create(&directory.join(TREE))?;
        self.tree.write_text(&mut out)?;
        out.flush().map_err(failed)?;
        let mut out = create(&directory.join(OWNERS))?;
        self.tree.write_owners(&mut out)?;
        out.flush().map_err(failed)?;
        if let Some(lock) = self.lock {
            fs_err::write(directory.join(LOCK), lock.to_toml()).map_err(failed)?;
        }
        let expected = serde_json::to_vec_pretty(self.expected).map_err(|error| failed(error.into()))?;
        fs_err::write(directory.join(EXPECTED), expected).map_err(failed)?;
        if is_plain() {
            fs_err::write(directory.join(OWNERS_BESIDE), "").map_err(failed)?;
        }
        // The stage is private; what becomes the user's is as readable as any directory.
        fs_err::set_permissions(directory, std::os::unix::fs::PermissionsExt::from_mode(0o755)).map_err(failed)
    }
}

fn create(path: &Path) -> Result<BufWriter<fs_err::File>, TreeError> {
    Ok(BufWriter::new(fs_err::File::create(path).map_err(failed)?))
}

fn failed(source: std::io::Error) -> TreeError {
    TreeError::Io { action: "write what lies beside the directory".to_owned(), source }
}

/// Whether the record alone says whose the directory's files are.
pub(crate) fn has_owners_beside(record: &Path) -> bool {
    record.join(OWNERS_BESIDE).exists()
}

/// The directory as a tree, with what only the record beside it knows: its device nodes, and whose its files are, when it was built where neither can be.
///
/// # Errors
/// When the directory can't be read, or what lies beside it is no record.
pub(crate) fn scan(directory: &Path, hash: bool) -> Result<Tree, TreeError> {
    let mut tree = Tree::scan(directory, &ScanOptions { hash, known: None })?;
    let record = record_path(&fs_err::canonicalize(directory).map_err(failed)?);
    let path = record.join(TREE);
    match fs_err::File::open(&path) {
        Ok(file) => {
            let known = Tree::read_text(&mut BufReader::new(file), &path)?;
            devices::restore(&mut tree, &known)?;
            if has_owners_beside(&record) {
                owners::restore(&mut tree, &known);
            }
        }
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
        Err(source) => return Err(TreeError::Io { action: "read what lies beside the directory".to_owned(), source }),
    }
    Ok(tree)
}

/// The lock of the build that made the directory; none when no build of ours lies beside it.
///
/// # Errors
/// When what lies there is no lock.
pub(crate) fn read_lock(directory: &Path) -> Result<Option<Lock>, Failure> {
    let path = directory.join(LOCK);
    let text = match fs_err::read_to_string(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(Failure::of(&error)),
    };
    Lock::parse(&text).map(Some).map_err(|error| Failure::new(format!("can't read `{}`", path.display())).because(&error))
}

/// What the directory is to be; none when no build of ours lies beside it.
///
/// # Errors
/// When what lies there is not as [`Record::write`] wrote it.
pub(crate) fn read_expected(directory: &Path) -> Result<Option<Expected>, Failure> {
    let text = match fs_err::read(directory.join(EXPECTED)) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(Failure::of(&error)),
    };
    let expected = serde_json::from_slice(&text);
    expected.map(Some).map_err(|error| Failure::new(format!("can't read `{}`", directory.join(EXPECTED).display())).because(&error))
}
