//! A tree of chosen files: payloads laid over each other without dpkg, and of that what a [`Selection`] takes.

mod left_out;
mod pattern;

use std::collections::{BTreeSet, HashMap};

use rootfs_check::linked;
use rootfs_plugin::{Architecture, Pick, Selection};
use rootfs_tree::{Kind, Metadata, Node, NodeId, PackageId, Time, Tree, TreeError};

use crate::deb::DebLayer;
use crate::lock::{LOCAL, LockedPackage};
use crate::root::shown;
use pattern::Pattern;

pub(crate) use left_out::left_out;

/// How many links lead to a file at most, as the kernel has it.
const LINKS: usize = 40;

/// Why files can't be taken out of packages.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ComposeError {
    /// The plan picks from a package that is not among those it resolves to.
    #[error("no package `{package}` is among those that files are taken from")]
    NoPackage {
        /// Its name.
        package: String,
    },
    /// No pattern of a pick matches anything.
    #[error("{package} has none of the files that are taken from it: {patterns}")]
    NothingPicked {
        /// Its name.
        package: String,
        /// The patterns.
        patterns: String,
    },
    /// A library is in none of the packages.
    #[error("what was chosen doesn't work by itself: {reason}")]
    NotLinked {
        /// A sentence that begins with the program.
        reason: String,
    },
    /// Two packages have something of different types at one path, or a content can't be read.
    #[error("can't lay out {package}")]
    Tree {
        /// The package that was at work.
        package: String,
        /// Why.
        #[source]
        source: TreeError,
    },
}

impl ComposeError {
    /// What the user can do.
    #[must_use]
    pub(crate) fn hint(&self) -> Option<String> {
        match self {
            Self::NotLinked { .. } => Some("add the package that has it with --extra-pkg".to_owned()),
            Self::NoPackage { .. } | Self::NothingPicked { .. } | Self::Tree { .. } => None,
        }
    }
}

/// A program that was compiled, on its way into the tree.
#[derive(Debug)]
pub(crate) struct Made<'a> {
    /// The source package.
    pub(crate) package: &'a str,
    /// Where it is to be: an absolute path.
    pub(crate) path: &'a str,
    pub(crate) content: Vec<u8>,
}

/// Takes the selection out of the packages' payloads. `merged_usr` as the release has it; `time` is that of
/// directories that no package describes.
///
/// # Errors
/// When a pick takes nothing, packages don't go over each other, or something that is taken needs a library that no package has.
pub(crate) fn compose(
    selection: &Selection,
    packages: &[(&LockedPackage, &DebLayer)],
    made: Option<&Made<'_>>,
    architecture: Architecture,
    merged_usr: bool,
    time: Time,
) -> Result<Tree, ComposeError> {
    let mut pool = bare(architecture, merged_usr, time).map_err(failed("the root"))?;
    for (package, layer) in packages {
        layer.lay_over(&mut pool).map_err(failed(&package.name))?;
    }
    if let Some(Made { package, path, content }) = made {
        let node = Node { metadata: Metadata::root(0o755, time), kind: Kind::inline(content.clone()), package: None };
        let split = path.rfind('/').unwrap_or(0);
        let placed = pool.make_directory(&path.as_bytes()[..split], time).and_then(|_| pool.place(path.as_bytes(), node));
        placed.map_err(failed(package))?;
    }
    let mut composer = Composer::over(&pool, bare(architecture, merged_usr, time).map_err(failed("the root"))?);
    for pick in &selection.picks {
        let named = || ComposeError::NoPackage { package: pick.package.clone() };
        let is_meant =
            |package: &LockedPackage| package.name == pick.package || (package.repository == LOCAL && package.path == pick.package);
        let (_, layer) = packages.iter().find(|(package, _)| is_meant(package)).ok_or_else(named)?;
        composer.pick(pick, layer, &selection.except)?;
    }
    if let Some(Made { package, path, .. }) = made {
        let owner = composer.tree.add_package(package);
        composer.take(path.as_bytes(), owner).map_err(failed(package))?;
    }
    composer.complete(&Owners::of(packages, &pool))?;
    Ok(composer.tree)
}

fn failed(package: &str) -> impl FnOnce(TreeError) -> ComposeError {
    let package = package.to_owned();
    move |source| ComposeError::Tree { package, source }
}

/// A root with nothing but the links of a merged `/usr`.
fn bare(architecture: Architecture, merged_usr: bool, time: Time) -> Result<Tree, TreeError> {
    let mut tree = Tree::new(Metadata::root(0o755, time));
    if merged_usr {
        for name in ["bin", "sbin", "lib"].into_iter().chain(architecture.library_directories().iter().copied()) {
            tree.make_directory(format!("/usr/{name}").as_bytes(), time)?;
            tree.symlink(format!("usr/{name}").as_bytes(), format!("/{name}").as_bytes(), time)?;
        }
    }
    Ok(tree)
}

/// Which package has the file that is in the pool, by its inode there.
struct Owners<'a> {
    by_inode: HashMap<NodeId, &'a str>,
}

impl<'a> Owners<'a> {
    fn of(packages: &[(&'a LockedPackage, &DebLayer)], pool: &Tree) -> Self {
        let mut by_inode = HashMap::new();
        for (package, layer) in packages {
            for entry in &layer.entries {
                if let Ok(id) = pool.lookup(&[b"/", &entry.path[..]].concat()) {
                    by_inode.insert(id, package.name.as_str());
                }
            }
        }
        Self { by_inode }
    }
}

struct Composer<'a> {
    /// All payloads.
    pool: &'a Tree,
    /// What was taken.
    tree: Tree,
    /// Inodes of the pool that are in the tree.
    taken: HashMap<NodeId, NodeId>,
    /// Paths of files that were taken.
    files: BTreeSet<Vec<u8>>,
}

impl<'a> Composer<'a> {
    fn over(pool: &'a Tree, mut tree: Tree) -> Self {
        // The same layers in the same order, so that a node of the pool means the same here.
        for layer in pool.layers() {
            tree.add_layer(layer.clone());
        }
        Self { pool, tree, taken: HashMap::new(), files: BTreeSet::new() }
    }

    fn pick(&mut self, pick: &Pick, layer: &DebLayer, except: &[String]) -> Result<(), ComposeError> {
        let owner = self.tree.add_package(&pick.package);
        let wanted: Vec<Pattern> = pick.files.iter().map(|text| Pattern::new(text)).collect();
        let unwanted: Vec<Pattern> = except.iter().map(|text| Pattern::new(text)).collect();
        let mut found = pick.files.is_empty();
        for entry in &layer.entries {
            let path = [b"/", &entry.path[..]].concat();
            let matches = |patterns: &[Pattern]| patterns.iter().any(|pattern| pattern.matches(&path));
            let take = if pick.files.is_empty() { !matches(&unwanted) } else { matches(&wanted) };
            if take && !entry.path.is_empty() {
                found = true;
                self.take(&path, owner).map_err(failed(&pick.package))?;
            }
        }
        if found {
            return Ok(());
        }
        Err(ComposeError::NothingPicked { package: pick.package.clone(), patterns: pick.files.join(" ") })
    }

    /// Takes one entry of the pool, with the directories that lead to it.
    fn take(&mut self, path: &[u8], owner: PackageId) -> Result<(), TreeError> {
        let id = self.pool.lookup(path)?;
        let split = path.iter().rposition(|byte| *byte == b'/').unwrap_or(0);
        self.directories(&path[..split])?;
        let node = self.pool.node(id);
        if matches!(node.kind, Kind::Directory(_)) {
            return self.directories(path);
        }
        match self.taken.get(&id) {
            Some(known) => {
                let parent = self.tree.resolve(&path[..split])?;
                self.tree.insert(parent, &path[split + 1..], *known)?;
            }
            None => {
                let mut node = node.clone();
                node.package = Some(owner);
                let copy = self.tree.place(path, node)?;
                self.taken.insert(id, copy);
            }
        }
        self.files.insert(path.to_vec());
        Ok(())
    }

    /// Makes the directory and those above it, each as the packages have it.
    fn directories(&mut self, path: &[u8]) -> Result<(), TreeError> {
        let ends = path.iter().enumerate().skip(1).filter(|(_, byte)| **byte == b'/').map(|(at, _)| at).chain([path.len()]);
        for end in ends {
            let above = &path[..end];
            let metadata = self.pool.node(self.pool.resolve(above)?).metadata.clone();
            let made = self.tree.make_directory(above, metadata.mtime)?;
            self.tree.node_mut(made).metadata = metadata;
        }
        Ok(())
    }

    /// Takes what programs and libraries are linked to, until there is nothing more. What is found by links is taken with these.
    fn complete(&mut self, owners: &Owners<'_>) -> Result<(), ComposeError> {
        for path in std::mem::take(&mut self.files) {
            let named = self.pool.lookup(&path).ok().and_then(|id| owners.by_inode.get(&id)).copied().unwrap_or("a package");
            let is_file = |id: NodeId| self.pool.file(id).is_some();
            if !self.pool.lookup(&path).is_ok_and(is_file) {
                continue;
            }
            let linked = linked(self.pool, &path).map_err(failed(named))?;
            if let Some(reason) = linked.missing.into_iter().next() {
                return Err(ComposeError::NotLinked { reason });
            }
            for library in linked.files {
                self.take_through_links(&library, owners)?;
            }
        }
        Ok(())
    }

    fn take_through_links(&mut self, path: &[u8], owners: &Owners<'_>) -> Result<(), ComposeError> {
        let mut path = path.to_vec();
        for _ in 0..LINKS {
            let id = self.pool.lookup(&path).map_err(failed(&shown(&path)))?;
            let owner = owners.by_inode.get(&id).copied().unwrap_or_default();
            let package = self.tree.add_package(owner);
            self.take(&path, package).map_err(failed(owner))?;
            let Kind::Symlink(target) = &self.pool.node(id).kind else { return Ok(()) };
            let split = path.iter().rposition(|byte| *byte == b'/').unwrap_or(0);
            path = if target.first() == Some(&b'/') { target.to_vec() } else { [&path[..=split], target].concat() };
        }
        Err(failed(&shown(&path))(TreeError::LinkLoop { path: shown(&path) }))
    }
}

#[cfg(test)]
mod tests;
