use rootfs_tree::{Kind, NodeId, Time, Tree, TreeError};

use super::MergeError;

/// What links of a merged `/usr` there are, where no package and no phase of baselayout's says what the directory is.
const LINKS: [(&str, &str); 3] = [("/bin", "usr/bin"), ("/sbin", "usr/bin"), ("/usr/sbin", "bin")];

/// Directories that the kernel and init need, which a stage of Gentoo's has from another place than its packages.
const MOUNT_POINTS: [(&str, u16); 5] = [("/dev", 0o755), ("/proc", 0o555), ("/run", 0o755), ("/sys", 0o555), ("/tmp", 0o1777)];

/// Completes what baselayout has made: its package alone has no `/bin`, which stages get by `USE=build`.
pub(super) fn after_baselayout(tree: &mut Tree, merged_usr: bool, time: Time) -> Result<(), MergeError> {
    for (path, mode) in MOUNT_POINTS {
        if tree.lookup(path.as_bytes()).is_err() {
            let id = tree.make_directory(path.as_bytes(), time).map_err(|source| MergeError::root(path, source))?;
            tree.node_mut(id).metadata.mode = mode;
        }
    }
    if merged_usr {
        directory(tree, "/usr/bin", time)?;
        for (path, target) in LINKS {
            if tree.lookup(path.as_bytes()).is_err() {
                tree.symlink(target.as_bytes(), path.as_bytes(), time).map_err(|source| MergeError::root(path, source))?;
            }
        }
    }
    Ok(())
}

/// A directory of root's, unless something is there.
pub(super) fn directory(tree: &mut Tree, path: &str, time: Time) -> Result<NodeId, MergeError> {
    let made = tree.make_directory(path.as_bytes(), time).and_then(|id| match tree.node(id).kind {
        Kind::Directory(_) => Ok(id),
        _ => Err(TreeError::NotADirectory { path: path.to_owned() }),
    });
    made.map_err(|source| MergeError::root(path, source))
}
