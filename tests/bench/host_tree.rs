//! A tree of what this host has.

use std::path::{Path, PathBuf};

use rootfs_tests::Failed;

/// Bytes of each part of the tree, at most: programs, libraries and texts of this host, about as a root filesystem has them.
const PARTS: [(&str, u64); 3] = [("/usr/bin", 40 << 20), ("/usr/lib/x86_64-linux-gnu", 60 << 20), ("/usr/share", 60 << 20)];

/// Files longer than this are none that a small system has.
const LONGEST: u64 = 8 << 20;

/// Makes it; gives how many bytes it has.
pub(crate) fn host_tree(tree: &Path) -> Result<u64, Failed> {
    let mut bytes = 0;
    for (part, most) in PARTS {
        let mut left = most;
        copy(Path::new(part), &tree.join(&part[1..]), &mut left)?;
        bytes += most - left;
    }
    rustix::fs::sync();
    Ok(bytes)
}

/// Copies files by name until `left` bytes are used up; links and empty directories stay away.
fn copy(from: &Path, to: &Path, left: &mut u64) -> Result<(), Failed> {
    let Ok(entries) = fs_err::read_dir(from) else { return Ok(()) };
    let mut entries: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    entries.sort();
    for path in entries {
        let metadata = fs_err::symlink_metadata(&path)?;
        let target = to.join(path.file_name().unwrap_or_default());
        if metadata.is_dir() && *left > 0 {
            copy(&path, &target, left)?;
        } else if metadata.is_file() && metadata.len() <= LONGEST.min(*left) {
            fs_err::create_dir_all(to)?;
            fs_err::copy(&path, &target)?;
            *left -= metadata.len();
        }
    }
    Ok(())
}
