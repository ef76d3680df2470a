//! Packages become a tree, as apk would make it of an empty directory: in memory, without a directory and without apk.
//!
//! Files are laid out package by package with apk's rules for files of two packages, protected directories, and directories that several packages
//! describe. Scripts that are known are carried out on the tree at the moment when apk would run them; others are returned. At the end the tree has apk's
//! database, from which apk goes on.

mod account;
mod database;
mod directories;
mod error;
mod files;
mod layout;
mod native;
mod pattern;
mod scripts;
mod skeleton;

use rootfs_tree::{Time, Tree};

use super::{ApkLayer, Dependency, IndexPackage, PublicKeys, ScriptKind};
use database::write_database;
use layout::Layout;
use scripts::Scripts;
use skeleton::{write_configuration, write_skeleton};

pub use error::InstallError;

/// What is to be installed, and what the root says of itself.
#[derive(Debug, Clone, Copy)]
pub struct Request<'a> {
    /// In the order of installation.
    pub packages: &'a [InstallPackage<'a>],
    /// `/etc/apk/arch`: `x86_64`.
    pub architecture: &'a str,
    /// `/etc/apk/world`, in any order.
    pub world: &'a [Dependency],
    /// The lines of `/etc/apk/repositories`; with none there is no such file.
    pub repositories: &'a [String],
    /// Keys for `/etc/apk/keys`, besides those of packages.
    pub keys: &'a PublicKeys,
}

/// A package that is to be installed.
#[derive(Debug, Clone, Copy)]
pub struct InstallPackage<'a> {
    /// As its index describes it, which is what the database keeps.
    pub package: &'a IndexPackage,
    /// What it holds.
    pub layer: &'a ApkLayer,
    /// The pinning that allows it, without the `@`.
    pub tag: Option<&'a str>,
}

/// A root with its packages.
#[derive(Debug)]
pub struct Installed {
    /// The tree; each node knows its package. Contents lie in the packages' layers.
    pub tree: Tree,
    /// What only a shell can do, in the order in which it must be done.
    pub pending: Vec<PendingScript>,
}

/// A script that still has to run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PendingScript {
    /// `NAME-VERSION`, as apk calls the package.
    pub package: String,
    /// What it is called as: apk runs it as `lib/apk/exec/NAME-VERSION.KIND` with the kind as its name.
    pub kind: ScriptKind,
    /// The script.
    pub text: Vec<u8>,
    /// What it is called with: the version, or the directories that a trigger watches and that are there, sorted.
    pub arguments: Vec<String>,
}

/// Installs packages into an empty tree.
///
/// The same request gives the same tree: what apk takes from the clock is the time when the newest package was built.
///
/// # Errors
/// When two packages have a file that neither may take, or something can't be where it is to be.
pub fn install(request: &Request<'_>) -> Result<Installed, InstallError> {
    let newest = request.packages.iter().map(|install| install.package.build_time).max().unwrap_or_default();
    let time = Time::from_seconds(i64::try_from(newest).unwrap_or_default());
    let mut tree = Tree::default();
    tree.node_mut(Tree::ROOT).metadata.mtime = time;
    write_skeleton(&mut tree, time)?;
    let mut layout = Layout::of(tree, request.packages);
    let mut scripts = Scripts::default();
    for (at, install) in request.packages.iter().enumerate() {
        // Such a package holds nothing: apk doesn't even fetch it.
        if install.package.installed_size == 0 {
            continue;
        }
        scripts.run(&mut layout, install, ScriptKind::PreInstall, vec![install.package.version.to_string()])?;
        layout.unpack(at)?;
        scripts.run(&mut layout, install, ScriptKind::PostInstall, vec![install.package.version.to_string()])?;
    }
    layout.settle_directories();
    for install in request.packages.iter().filter(|install| install.package.installed_size > 0) {
        let directories = layout.triggered_by(&install.layer.content.info.triggers);
        if !directories.is_empty() {
            scripts.run(&mut layout, install, ScriptKind::Trigger, directories)?;
        }
    }
    write_database(&mut layout, request, time)?;
    write_configuration(&mut layout.tree, request, time)?;
    Ok(Installed { tree: layout.tree, pending: scripts.pending })
}
