use rootfs_tree::{Kind, Tree};

/// How many links the kernel follows.
const LINKS: usize = 40;

/// The path without links that a path means, resolved inside the tree; none when it means nothing.
pub(crate) fn canonical(tree: &Tree, path: &[u8]) -> Option<Vec<u8>> {
    let mut pending: Vec<Vec<u8>> = components(path);
    let mut way = vec![(Tree::ROOT, Vec::new())];
    let mut links = 0;
    while let Some(name) = pending.pop() {
        if name == b".." {
            if way.len() > 1 {
                way.pop();
            }
            continue;
        }
        let (here, so_far) = way.last()?;
        let id = tree.child(*here, &name)?;
        match &tree.node(id).kind {
            Kind::Symlink(target) => {
                links += 1;
                if links > LINKS {
                    return None;
                }
                if target.first() == Some(&b'/') {
                    way.truncate(1);
                }
                pending.extend(components(target));
            }
            _ => {
                let longer = [so_far.as_slice(), b"/", &name].concat();
                way.push((id, longer));
            }
        }
    }
    way.pop().map(|(_, path)| if path.is_empty() { b"/".to_vec() } else { path })
}

/// Last first, without those that mean nothing.
fn components(path: &[u8]) -> Vec<Vec<u8>> {
    let names = path.split(|byte| *byte == b'/').filter(|name| !name.is_empty() && *name != b".");
    names.rev().map(<[u8]>::to_vec).collect()
}

/// The directory that a canonical path is in.
pub(crate) fn parent(path: &[u8]) -> &[u8] {
    match path.iter().rposition(|byte| *byte == b'/') {
        Some(0) | None => b"/",
        Some(slash) => &path[..slash],
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rootfs_tree::{Metadata, Node, Time};

    fn tree(links: &[(&str, &str)], files: &[&str]) -> Tree {
        let mut tree = Tree::default();
        let node = |kind| Node { metadata: Metadata::root(0o755, Time::default()), kind, package: None };
        for (path, target) in links {
            tree.place(path.as_bytes(), node(Kind::Symlink(target.as_bytes().into()))).unwrap();
        }
        for path in files {
            tree.place(path.as_bytes(), node(Kind::inline(*b""))).unwrap();
        }
        tree
    }

    #[test]
    fn links_lead_inside_the_root() {
        let tree = tree(&[("/sbin", "usr/sbin"), ("/usr/sbin/init", "../../../lib/systemd"), ("/loop", "loop")], &["/lib/systemd"]);
        assert_eq!(canonical(&tree, b"/sbin/init").as_deref(), Some(b"/lib/systemd".as_slice()));
        assert_eq!(canonical(&tree, b"/sbin/..").as_deref(), Some(b"/usr".as_slice()));
        assert_eq!(canonical(&tree, b"//./..").as_deref(), Some(b"/".as_slice()));
        assert_eq!(canonical(&tree, b"/sbin/none"), None);
        assert_eq!(canonical(&tree, b"/loop"), None);
        assert_eq!(canonical(&tree, b"/lib/systemd/x"), None);
    }

    #[test]
    fn the_parent_of_what_is_in_the_root_is_the_root() {
        assert_eq!(parent(b"/usr/lib/x"), b"/usr/lib");
        assert_eq!(parent(b"/x"), b"/");
    }
}
