//! Packages become a tree, as portage would make it of an empty root: in memory, without a directory and without portage.
//!
//! Files are laid out package by package with portage's rules for directories and links, for configuration files and for what two packages have. The
//! functions of ebuilds that run when a package is merged are carried out on the tree where their text is known; the others are returned. At the end the tree has
//! portage's database, from which portage goes on.

mod accounts;
mod database;
mod environment;
mod error;
mod layout;
mod mask;
mod native;
mod phase;
mod protect;
mod skeleton;
mod variables;

use rootfs_tree::{Time, Tree};

use super::binary::BinaryLayer;

pub(crate) use database::contents_line;
pub use error::MergeError;
pub(crate) use layout::Owned;
pub use mask::InstallMask;
pub use phase::{PendingPhases, Phase};

use layout::Layout;
use native::Native;

/// What is to be merged.
#[derive(Debug, Clone, Copy)]
pub struct MergeRequest<'a> {
    /// In the order of merging; baselayout is first wherever it stands.
    pub packages: &'a [MergePackage<'a>],
    /// Names for `/var/lib/portage/world`, sorted.
    pub world: &'a [String],
    /// What is left out of every package.
    pub mask: &'a InstallMask,
    /// Whether `/bin`, `/sbin` and `/usr/sbin` lead to `/usr/bin` where no package says what they are.
    pub merged_usr: bool,
}

/// A package that is to be merged.
#[derive(Debug, Clone, Copy)]
pub struct MergePackage<'a> {
    /// What it holds.
    pub layer: &'a BinaryLayer,
    /// What is taken of it, if that is not all. Such a package is none to portage.
    pub part: Option<Part<'a>>,
}

/// Some files of a package, for others to use.
#[derive(Debug, Clone, Copy)]
pub struct Part<'a> {
    /// Their paths, with `*`, relative.
    pub files: &'a [String],
    /// The directory they are put into, relative; without those that they were in.
    pub into: &'a str,
}

/// A root with its packages.
#[derive(Debug)]
pub struct Merged {
    /// The tree; each node knows its package. Contents lie in the packages' layers.
    pub tree: Tree,
    /// What only a shell can do, in the order in which it must be done.
    pub pending: Vec<PendingPhases>,
    /// What a person should know, a line each.
    pub notes: Vec<String>,
}

/// Merges packages into an empty tree.
///
/// The same request gives the same tree: what portage takes from the clock is the time when the newest package was built.
///
/// # Errors
/// When two packages have a file, or something can't be where it is to be.
pub fn merge(request: &MergeRequest<'_>) -> Result<Merged, MergeError> {
    let newest = request.packages.iter().map(|package| package.layer.content.metadata.build_time()).max().unwrap_or_default();
    let time = Time::from_seconds(newest);
    let mut tree = Tree::default();
    tree.node_mut(Tree::ROOT).metadata.mtime = time;
    let mut layout = Layout::of(tree, request.mask);
    let (mut pending, mut installed) = (Vec::new(), Vec::new());
    for package in in_order(request.packages) {
        let mut native = Native::of(package)?;
        native.before(&mut layout.tree, time)?;
        let contents = match package.part {
            Some(part) => layout.merge(package, &layout::parts(package.layer, part))?,
            None => layout.merge(package, &native.added)?,
        };
        native.after(&mut layout.tree, time)?;
        if package.layer.content.metadata.title().starts_with("sys-apps/baselayout-") {
            skeleton::after_baselayout(&mut layout.tree, request.merged_usr, time)?;
        }
        pending.extend(native.pending());
        if package.part.is_none() {
            installed.push((package, contents));
        }
    }
    let Layout { mut tree, notes, .. } = layout;
    environment::env_update(&mut tree, time)?;
    environment::list_libraries(&mut tree, time)?;
    database::write(&mut tree, &installed, request, time)?;
    Ok(Merged { tree, pending, notes })
}

/// baselayout first, as it makes the directories and links that all others need; then the rest as it stands.
fn in_order<'a, 'p>(packages: &'p [MergePackage<'a>]) -> impl Iterator<Item = &'p MergePackage<'a>> {
    let is_first = |package: &&MergePackage<'_>| package.layer.content.metadata.title().starts_with("sys-apps/baselayout-");
    packages.iter().filter(is_first).chain(packages.iter().filter(move |package| !is_first(package)))
}
