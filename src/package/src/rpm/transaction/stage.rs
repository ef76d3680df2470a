use std::path::{Path, PathBuf};

use fs_err as fs;
use rootfs_tree::{Kind, Metadata, Node, Time, Tree, TreeError};

use super::{Chosen, Transaction, TransactionError};
use crate::payload::EntryKind;
use crate::rpm::package::{Owners, RpmLayer};

/// Directories of the stage, where rpm finds what it is to do.
pub(super) const PACKAGES: &str = "packages";
pub(super) const KEYS: &str = "keys";

/// Names in the stage that no package may have: what the sandbox mounts in the root is seen from beside it too.
const LINKS: [&str; 3] = ["dev", "proc", "sys"];

/// Where rpm looks for programs that we start, besides `/usr/bin`.
const PROGRAMS: [&str; 2] = ["rpm", "rpmkeys"];

/// A directory with rpm and all it needs, in which the root is `root` as long as this exists.
#[derive(Debug)]
pub(super) struct Stage<'a> {
    path: PathBuf,
    root: &'a Path,
}

impl<'a> Stage<'a> {
    /// Unpacks the tools, puts the packages beside them, and moves the root in.
    pub(super) fn make(path: &Path, root: &'a Path, transaction: &Transaction<'_>) -> Result<Self, TransactionError> {
        let tree = tools_tree(transaction.tools)?;
        if let Some(program) = PROGRAMS.into_iter().find(|program| tree.resolve(format!("/usr/bin/{program}").as_bytes()).is_err()) {
            let packages = transaction.tools.iter().map(|layer| layer.content.identity.name.clone()).collect();
            return Err(TransactionError::NoRpm { program, packages });
        }
        tree.materialise(path)?;
        let packages = path.join(PACKAGES);
        fs::create_dir(&packages)?;
        for (chosen, name) in transaction.packages.iter().zip(package_names(transaction.packages)) {
            lend(chosen.file, &packages.join(name))?;
        }
        let keys = path.join(KEYS);
        fs::create_dir(&keys)?;
        for (at, key) in transaction.keys.iter().enumerate() {
            fs::write(keys.join(key_name(at)), key)?;
        }
        fs::rename(root, path.join("root"))?;
        Ok(Self { path: path.to_owned(), root })
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Moves the root back and removes the rest.
    pub(super) fn leave(self) -> Result<(), TransactionError> {
        fs::rename(self.path.join("root"), self.root)?;
        Ok(fs::remove_dir_all(&self.path)?)
    }
}

/// Names for the files of packages, in the packages' order.
pub(super) fn package_names(packages: &[Chosen<'_>]) -> Vec<String> {
    packages.iter().map(|chosen| format!("{}.rpm", chosen.header.identity.title())).collect()
}

pub(super) fn key_name(at: usize) -> String {
    format!("{at}.asc")
}

/// A second name for the file, or a copy where the stage is on another filesystem. rpm can't write to either.
fn lend(file: &Path, to: &Path) -> Result<(), TransactionError> {
    if fs::hard_link(file, to).is_err() {
        fs::copy(file, to)?;
    }
    Ok(())
}

/// The payloads of the packages that bring rpm; nobody else's files are there, and no script of theirs has run.
fn tools_tree(layers: &[RpmLayer]) -> Result<Tree, TreeError> {
    let mut tree = Tree::default();
    // Whoever says that /lib is a link says it before anybody puts something there.
    let has_links = |layer: &&RpmLayer| {
        layer.content.entries.iter().any(|entry| matches!(entry.kind, EntryKind::Symlink(_)) && !entry.path.contains(&b'/'))
    };
    let owners = Owners::default();
    let first = layers.iter().filter(has_links);
    first.chain(layers.iter().filter(|layer| !has_links(layer))).try_for_each(|layer| layer.lay_over(&mut tree, &owners))?;
    for name in LINKS.into_iter().chain(["root", PACKAGES, KEYS]) {
        tree.remove_entry(Tree::ROOT, name.as_bytes())?;
    }
    for name in LINKS {
        let kind = Kind::Symlink(format!("root/{name}").into_bytes().into());
        tree.place(format!("/{name}").as_bytes(), Node { metadata: Metadata::root(0o777, Time::default()), kind, package: None })?;
    }
    Ok(tree)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rpm::package::{RpmContent, RpmEntry, RpmIdentity};

    fn layer(name: &str, entries: &[(&str, EntryKind)]) -> RpmLayer {
        let [version, release, architecture] = ["1", "1", "noarch"].map(str::to_owned);
        let identity = RpmIdentity { name: name.to_owned(), epoch: None, version, release, architecture, build_time: 0 };
        let entry = |(path, kind): &(&str, EntryKind)| RpmEntry {
            path: path.as_bytes().to_vec(),
            kind: kind.clone(),
            mode: 0o755,
            user: b"root".to_vec(),
            group: b"root".to_vec(),
            mtime: 1,
            capability: None,
        };
        RpmLayer { content: RpmContent { identity, entries: entries.iter().map(entry).collect() }, data: "data".into() }
    }

    #[test]
    fn links_of_the_root_come_first_and_its_own_names_last() {
        let file = || EntryKind::File { offset: 0, length: 0, sha256: rootfs_tree::Digest([0; 32]) };
        let link = |target: &str| EntryKind::Symlink(target.as_bytes().to_vec());
        let program = layer("a", &[("lib/b", file()), ("root/x", file()), ("dev/null", file())]);
        let system = layer("z", &[("usr/lib", EntryKind::Directory), ("lib", link("usr/lib"))]);
        let tree = tools_tree(&[program, system]).unwrap();
        let paths: Vec<_> = tree.walk().map(|entry| String::from_utf8(entry.path).unwrap()).collect();
        assert_eq!(paths, ["/", "/dev", "/lib", "/proc", "/sys", "/usr", "/usr/lib", "/usr/lib/b"]);
    }
}
