//! What `pkg_preinst` has changed of a package's files, in `D`: done in the root, where the files are already, and noted in the package's `CONTENTS`.

use md5::{Digest as _, Md5};
use rootfs_plugin::BuildError;
use rootfs_tree::{Change, Difference, Kind, Metadata, Node, NodeId, ScanOptions, Time, Tree, TreeError, diff};

use super::{IMAGE, image};
use crate::engine::build_error;
use crate::portage::binary::BinaryLayer;
use crate::portage::merge::{InstallMask, Owned, contents_line};
use crate::root::{Root, split};

/// The longest file that is compared, and the longest list of a package's files.
const LONGEST: u64 = 64 << 20;

/// Takes over what is different now; nothing gets a later time than `latest`. A file of the root that is not what the package had there stays as it is; such are
/// returned, a line each.
pub(crate) fn take_changes(root: &Root, layer: &BinaryLayer, mask: &InstallMask, latest: i64) -> Result<Vec<String>, BuildError> {
    let title = layer.content.metadata.title();
    let failed = |error: TreeError| build_error(&error);
    let was = image(layer).map_err(failed)?;
    let directory = root.path().join(IMAGE.trim_start_matches('/'));
    let is = Tree::scan(&directory, &ScanOptions { hash: true, ..ScanOptions::default() }).map_err(failed)?;
    let changes: Vec<(Vec<u8>, Change)> = diff(&was, &is).into_iter().filter(|(path, change)| counts(path, change)).collect();
    if changes.is_empty() {
        return Ok(Vec::new());
    }
    let there = Tree::scan(root.path(), &ScanOptions::default()).map_err(failed)?;
    let mut taking = Taking {
        was: &was,
        is: &is,
        tree: there.clone(),
        contents: Contents::read(&there, &title).map_err(failed)?,
        latest: Time::from_seconds(latest),
    };
    let mut left = Vec::new();
    // What is gone goes from the deepest on.
    let (gone, new): (Vec<_>, Vec<_>) = changes.iter().partition(|(_, change)| *change == Change::Removed);
    for (path, change) in gone.iter().rev().chain(&new) {
        let is_masked = *change == Change::Added && (mask.masks_file(relative(path)) || mask.masks_directory(relative(path)));
        if !is_masked && !taking.take(path, change).map_err(failed)? {
            let what = path.escape_ascii();
            left.push(format!("{title}: what pkg_preinst does to `{what}` is of no effect, as the root has another there"));
        }
    }
    let Taking { mut tree, contents, .. } = taking;
    contents.write(&mut tree).map_err(failed)?;
    tree.update(root.path(), &there).map_err(failed)?;
    Ok(left)
}

/// Times of directories change whatever is done in them.
fn counts(path: &[u8], change: &Change) -> bool {
    match change {
        Change::Changed(differences) => {
            path != b"/" && differences.iter().any(|one| !matches!(one, Difference::Mtime { .. } | Difference::HardLink))
        }
        Change::Added | Change::Removed => true,
    }
}

fn relative(path: &[u8]) -> &[u8] {
    path.strip_prefix(b"/").unwrap_or(path)
}

struct Taking<'a> {
    was: &'a Tree,
    is: &'a Tree,
    tree: Tree,
    contents: Contents,
    latest: Time,
}

impl Taking<'_> {
    /// Does in the root what was done in `D`; false when the root has something else there than the package had.
    fn take(&mut self, path: &[u8], change: &Change) -> Result<bool, TreeError> {
        let there = self.tree.lookup(path).ok();
        let expected = self.was.lookup(path).ok();
        match (there, expected) {
            (Some(there), Some(expected)) if !self.is_same(there, expected)? => return Ok(false),
            (Some(_), None) => return Ok(false),
            // It was left out of the root.
            (None, Some(_)) => return Ok(true),
            _ => {}
        }
        if *change == Change::Removed {
            let is_used = there.is_some_and(|id| matches!(&self.tree.node(id).kind, Kind::Directory(entries) if !entries.is_empty()));
            if !is_used {
                self.contents.remove(path);
                self.tree.remove(path, self.latest)?;
            }
            return Ok(true);
        }
        let id = self.is.lookup(path)?;
        let node = self.node(id, there, change)?;
        self.contents.add(path, &node, self.is, id)?;
        match (&node.kind, there) {
            (Kind::Directory(_), Some(there)) => self.tree.node_mut(there).metadata = node.metadata,
            (Kind::Directory(_), None) => {
                let made = self.tree.make_directory(path, node.metadata.mtime)?;
                self.tree.node_mut(made).metadata = node.metadata;
            }
            _ => {
                self.tree.make_directory(split(path).0, self.latest)?;
                self.tree.place(path, node)?;
            }
        }
        Ok(true)
    }

    /// What is in `D`, on its own. Names of owners were looked up in the root when the package was merged: who was not changed stays.
    fn node(&self, id: NodeId, there: Option<NodeId>, change: &Change) -> Result<Node, TreeError> {
        let mut node = self.is.node(id).clone();
        if let Kind::File(_) = node.kind {
            node.kind = Kind::inline(self.is.read(id, LONGEST)?);
        }
        node.metadata.mtime = node.metadata.mtime.min(self.latest);
        let has_owner =
            matches!(change, Change::Changed(differences) if !differences.iter().any(|one| matches!(one, Difference::Owner { .. })));
        if let Some(there) = there.filter(|_| has_owner) {
            let Metadata { uid, gid, .. } = self.tree.node(there).metadata;
            (node.metadata.uid, node.metadata.gid) = (uid, gid);
        }
        Ok(node)
    }

    /// Whether the root has what the package had.
    fn is_same(&self, there: NodeId, expected: NodeId) -> Result<bool, TreeError> {
        Ok(match (&self.tree.node(there).kind, &self.was.node(expected).kind) {
            (Kind::File(_), Kind::File(_)) => self.tree.read(there, LONGEST)? == self.was.read(expected, LONGEST)?,
            (Kind::Directory(_), Kind::Directory(_)) => true,
            (Kind::Symlink(one), Kind::Symlink(other)) => one == other,
            _ => false,
        })
    }
}

/// A package's list of what it owns, a line for each, with its end.
struct Contents {
    path: Vec<u8>,
    lines: Vec<Vec<u8>>,
}

impl Contents {
    fn read(tree: &Tree, title: &str) -> Result<Self, TreeError> {
        let path = format!("/var/db/pkg/{title}/CONTENTS").into_bytes();
        let text = match tree.resolve(&path) {
            Ok(id) => tree.read(id, LONGEST)?,
            Err(TreeError::NotFound { .. }) => Vec::new(),
            Err(error) => return Err(error),
        };
        let lines = text.split_inclusive(|byte| *byte == b'\n').map(<[u8]>::to_vec).collect();
        Ok(Self { path, lines })
    }

    /// Whether a line is about a path: a file's has a hash and a time after it, a link's its target.
    fn is_about(line: &[u8], path: &[u8]) -> bool {
        let Some(rest) = line.trim_ascii_end().get(4..).and_then(|rest| rest.strip_prefix(path)) else { return false };
        match line.get(..4) {
            Some(b"obj ") => rest.strip_prefix(b" ").is_some_and(|rest| rest.split(|byte| *byte == b' ').count() == 2),
            Some(b"sym ") => rest.starts_with(b" -> "),
            _ => rest.is_empty(),
        }
    }

    fn remove(&mut self, path: &[u8]) {
        self.lines.retain(|line| !Self::is_about(line, path));
    }

    fn add(&mut self, path: &[u8], node: &Node, tree: &Tree, id: NodeId) -> Result<(), TreeError> {
        let mtime = node.metadata.mtime.seconds;
        let owned = match &node.kind {
            Kind::Directory(_) => Owned::Directory,
            Kind::File(_) => Owned::File { md5: Md5::digest(tree.read(id, LONGEST)?).into(), mtime },
            Kind::Symlink(target) => Owned::Link { target: target.to_vec(), mtime },
            Kind::Fifo => Owned::Fifo,
            Kind::CharDevice { .. } | Kind::BlockDevice { .. } | Kind::Socket => Owned::Device,
        };
        let line = contents_line(path, &owned);
        match self.lines.iter_mut().find(|line| Self::is_about(line, path)) {
            Some(old) => *old = line,
            None => self.lines.push(line),
        }
        Ok(())
    }

    fn write(&self, tree: &mut Tree) -> Result<(), TreeError> {
        let metadata =
            tree.resolve(&self.path).map_or_else(|_| Metadata::root(0o644, Time::default()), |id| tree.node(id).metadata.clone());
        tree.write(&self.path, self.lines.concat(), metadata).map(drop)
    }
}

#[cfg(test)]
mod tests {
    use sha2::Sha256;

    use super::*;
    use crate::payload::EntryKind;
    use crate::portage::binary::{BinaryContent, BinaryEntry, Format, Metadata as Described};

    /// A package of files, each with its path as content.
    fn package(directory: &std::path::Path, paths: &[&str]) -> BinaryLayer {
        let data = directory.join("data");
        fs_err::write(&data, paths.concat()).unwrap();
        let (mut entries, mut offset) = (Vec::new(), 0);
        let mut push = |path: &str, kind, mode| {
            let (user, group) = (b"root".to_vec(), b"root".to_vec());
            let entry = BinaryEntry {
                path: path.as_bytes().to_vec(),
                kind,
                mode,
                uid: 0,
                gid: 0,
                user,
                group,
                mtime: 5,
                checksum: None,
                xattrs: Vec::new(),
            };
            entries.push(entry);
        };
        push("usr", EntryKind::Directory, 0o755);
        push("usr/d", EntryKind::Directory, 0o755);
        for path in paths {
            let length = u64::try_from(path.len()).unwrap();
            push(path, EntryKind::File { offset, length, sha256: rootfs_tree::Digest(Sha256::digest(path).into()) }, 0o644);
            offset += length;
        }
        let metadata = Described::of([("CATEGORY", "a"), ("PF", "b-1")]);
        BinaryLayer { content: BinaryContent { format: Format::Gpkg, md5: [0; 16], metadata, entries }, data }
    }

    #[test]
    fn what_preinst_does_in_d_is_done_in_the_root() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("root");
        fs_err::create_dir(&path).unwrap();
        let paths = ["usr/changed", "usr/d/gone", "usr/masked", "usr/mine", "usr/same"];
        let layer = package(directory.path(), &paths);
        let root = Root::open(&path).unwrap();
        let tree = image(&layer).unwrap();
        let empty = || Tree::scan(&path, &ScanOptions::default()).unwrap();
        tree.update(&path, &empty()).unwrap();
        let image = root.path().join(&IMAGE[1..]);
        fs_err::create_dir_all(&image).unwrap();
        tree.update(&image, &Tree::scan(&image, &ScanOptions::default()).unwrap()).unwrap();
        let list = path.join("var/db/pkg/a/b-1/CONTENTS");
        fs_err::create_dir_all(list.parent().unwrap()).unwrap();
        let obj = |path: &str| format!("obj /{path} {} 5\n", "0".repeat(32));
        fs_err::write(&list, format!("dir /usr\ndir /usr/d\n{}", paths.map(obj).concat())).unwrap();
        // The root's own: masked when the package was merged, and changed by somebody since.
        fs_err::remove_file(path.join("usr/masked")).unwrap();
        fs_err::write(path.join("usr/mine"), "mine").unwrap();
        // pkg_preinst's.
        for name in ["changed", "masked", "mine", "added", "x.a"] {
            fs_err::write(image.join("usr").join(name), "new").unwrap();
        }
        fs_err::remove_dir_all(image.join("usr/d")).unwrap();
        let left = take_changes(&root, &layer, &InstallMask::of(["*.a"]), 7).unwrap();
        assert_eq!(left, ["a/b-1: what pkg_preinst does to `/usr/mine` is of no effect, as the root has another there"]);
        let read = |name: &str| fs_err::read_to_string(path.join("usr").join(name)).ok();
        assert_eq!(["changed", "mine", "added", "same"].map(|name| read(name).unwrap()), ["new", "mine", "new", "usr/same"]);
        assert!(["d", "masked", "x.a"].iter().all(|name| !path.join("usr").join(name).exists()));
        let md5 = "22af645d1859cb5ca6da0c484f1f37ea";
        assert_eq!(
            fs_err::read_to_string(&list).unwrap(),
            format!(
                "dir /usr\nobj /usr/changed {md5} 7\n{}{}{}obj /usr/added {md5} 7\n",
                obj("usr/masked"),
                obj("usr/mine"),
                obj("usr/same")
            )
        );
    }
}
