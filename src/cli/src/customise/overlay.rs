use std::path::Path;

use rootfs_tree::{Kind, Overlay, ScanOptions, Tree};

use super::CustomiseError;
use super::edit::at;

/// Lays a directory or a tar over the tree. A tar says owners; a directory of the host's says none that mean anything in the guest, so all
/// it brings is root's, and directories that the tree has already stay as they are.
pub(super) fn lay(tree: &mut Tree, path: &Path, spool: &Path) -> Result<(), CustomiseError> {
    lay_as(tree, path, spool, Overlay::Files, Overlay::Files)
}

/// The same for the layers of an image: marks of what is gone are obeyed, and a tar is a container image's.
pub(super) fn lay_layer(tree: &mut Tree, path: &Path, spool: &Path) -> Result<(), CustomiseError> {
    lay_as(tree, path, spool, Overlay::MarkedFiles, Overlay::Layer)
}

fn lay_as(tree: &mut Tree, path: &Path, spool: &Path, of_directory: Overlay, of_tar: Overlay) -> Result<(), CustomiseError> {
    let shown = path.as_os_str().as_encoded_bytes();
    let (upper, rules) = if fs_err::metadata(path).map_err(CustomiseError::Host)?.is_dir() {
        let path = fs_err::canonicalize(path).map_err(CustomiseError::Host)?;
        let mut upper = Tree::scan(&path, &ScanOptions { hash: false, known: None }).map_err(at(shown))?;
        adopt(&mut upper, tree);
        (upper, of_directory)
    } else {
        (Tree::from_tar(path, spool).map_err(at(shown))?, of_tar)
    };
    tree.overlay(&upper, rules).map_err(at(shown))
}

fn adopt(upper: &mut Tree, lower: &Tree) {
    let entries: Vec<rootfs_tree::Entry> = upper.walk().collect();
    for entry in entries {
        let there = lower.resolve(&entry.path).ok().map(|id| lower.node(id));
        let node = upper.node_mut(entry.id);
        match there {
            Some(there) if matches!((&there.kind, &node.kind), (Kind::Directory(_), Kind::Directory(_))) => {
                node.metadata = there.metadata.clone();
            }
            _ => (node.metadata.uid, node.metadata.gid) = (0, 0),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use rootfs_tree::{Metadata, Node, Time};

    use super::*;

    #[test]
    fn a_directory_of_the_hosts_brings_files_of_roots() {
        let host = tempfile::tempdir().unwrap();
        fs_err::create_dir_all(host.path().join("lib/new")).unwrap();
        fs_err::write(host.path().join("lib/new/file"), "x").unwrap();
        fs_err::set_permissions(host.path().join("lib"), std::fs::Permissions::from_mode(0o700)).unwrap();
        let mut tree = Tree::default();
        let directory = tree.make_directory(b"/usr/lib", Time::default()).unwrap();
        tree.node_mut(directory).metadata = Metadata { gid: 7, ..Metadata::root(0o755, Time::default()) };
        let link =
            Node { metadata: Metadata::root(0o777, Time::default()), kind: Kind::Symlink(b"usr/lib".as_slice().into()), package: None };
        tree.place(b"/lib", link).unwrap();
        lay(&mut tree, host.path(), host.path()).unwrap();
        let file = tree.lookup(b"/usr/lib/new/file").unwrap();
        assert_eq!((tree.node(file).metadata.uid, tree.node(file).metadata.gid), (0, 0));
        assert_eq!(tree.read(file, 10).unwrap(), b"x");
        assert_eq!((tree.node(directory).metadata.mode, tree.node(directory).metadata.gid), (0o755, 7));
    }
}
