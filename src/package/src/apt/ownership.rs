//! Which package owns what, as dpkg's lists say.

use rootfs_tree::{Kind, NodeId, Tree, TreeError};

/// No list of a package is longer than this many bytes.
const LONGEST_LIST: u64 = 256 << 20;

/// Notes on every inode which package's list names it, directories aside: they belong to many. The same for any root that dpkg manages.
///
/// # Errors
/// When dpkg's lists can't be read.
pub fn assign_owners(tree: &mut Tree) -> Result<(), TreeError> {
    for (package, list) in lists(tree) {
        let content = tree.read(list, LONGEST_LIST)?;
        let id = tree.add_package(&package);
        for path in content.split(|byte| *byte == b'\n').filter(|path| path.len() > 1) {
            let Ok(node) = tree.lookup(path) else { continue };
            if !matches!(tree.node(node).kind, Kind::Directory(_)) {
                tree.node_mut(node).package = Some(id);
            }
        }
    }
    Ok(())
}

fn lists(tree: &Tree) -> Vec<(String, NodeId)> {
    let Ok(info) = tree.resolve(b"/var/lib/dpkg/info") else { return Vec::new() };
    let Kind::Directory(entries) = &tree.node(info).kind else { return Vec::new() };
    entries
        .iter()
        .filter_map(|(name, id)| {
            let stem = name.strip_suffix(b".list")?;
            let package = stem.split(|byte| *byte == b':').next()?;
            Some((String::from_utf8_lossy(package).into_owned(), *id))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use rootfs_tree::{Metadata, Node, Time};

    use super::*;

    #[test]
    fn lists_name_files_through_linked_directories() {
        let mut tree = Tree::default();
        let node = |kind| Node { metadata: Metadata::root(0o644, Time::default()), kind, package: None };
        tree.place(b"/usr/bin/ls", node(Kind::inline(*b"elf"))).unwrap();
        tree.place(b"/bin", node(Kind::Symlink((*b"usr/bin").into()))).unwrap();
        tree.place(b"/var/lib/dpkg/info/coreutils:amd64.list", node(Kind::inline(*b"/.\n/bin\n/bin/ls\n/gone\n"))).unwrap();
        assign_owners(&mut tree).unwrap();
        let ls = tree.lookup(b"/usr/bin/ls").unwrap();
        assert_eq!(tree.node(ls).package.map(|id| tree.package(id)), Some("coreutils"));
        let usr = tree.lookup(b"/usr").unwrap();
        assert_eq!(tree.node(usr).package, None);
    }
}
