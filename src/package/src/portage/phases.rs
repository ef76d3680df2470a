//! Phases that the root's own bash runs: the ebuild's functions in its environment, with what the package manager gives to them (PMS, chapters 11 and 12).
//!
//! They run when all packages are merged, each package's in its order, and not between the merging of one package and the next. So `ROOT` is complete for
//! each; what `pkg_preinst` does to the package's files in `D` is done in the root before the next function runs.

mod changes;

use rootfs_plugin::BuildError;
use rootfs_tree::{Kind, Layer, Metadata, Node, Time, Tree, TreeError};

use super::binary::{BinaryEntry, BinaryLayer};
use super::merge::{PendingPhases, Phase};
use crate::engine::build_error;
use crate::root::Root;

pub(crate) use changes::take_changes;

/// What runs it.
pub(crate) const BASH: &str = "/bin/bash";

/// Where all of it lies meanwhile.
const DIRECTORY: &str = "/var/tmp/portage";

/// The package's files: `D`.
const IMAGE: &str = "/var/tmp/portage/image";

/// What it is told to run.
pub(crate) const SCRIPT: &str = "/var/tmp/portage/.phases.sh";

/// Functions of the package manager's, and what calls the ebuild's.
const HARNESS: &str = concat!(include_str!("phases/versions.sh"), include_str!("phases/harness.sh"));

/// Puts everything in its place: the script, the environment, and for `pkg_preinst` the package's files.
pub(crate) fn prepare(root: &Root, pending: &PendingPhases, layer: &BinaryLayer) -> Result<(), BuildError> {
    let write = |path: &str, content: &[u8], mode| root.write(path.as_bytes(), content, mode).map_err(|error| build_error(&error));
    write(SCRIPT, HARNESS.as_bytes(), 0o755)?;
    write(&format!("{DIRECTORY}/.environment"), &pending.environment, 0o600)?;
    for name in ["temp", "image", "work", "homedir"] {
        root.make_directory(format!("{DIRECTORY}/{name}").as_bytes()).map_err(|error| build_error(&error))?;
    }
    if pending.phases.contains(&Phase::Preinst) {
        let image = image(layer).map_err(|error| build_error(&error))?;
        let directory = root.path().join(IMAGE.trim_start_matches('/'));
        let there = Tree::scan(&directory, &rootfs_tree::ScanOptions::default()).map_err(|error| build_error(&error))?;
        image.update(&directory, &there).map_err(|error| build_error(&error))?;
    }
    Ok(())
}

/// Removes it.
pub(crate) fn clean(root: &Root) -> Result<(), BuildError> {
    root.remove(DIRECTORY.as_bytes()).map_err(|error| build_error(&error))
}

/// What the functions see besides the ebuild's own environment.
pub(crate) fn environment(pending: &PendingPhases, layer: &BinaryLayer, epoch: i64) -> Vec<(String, String)> {
    let metadata = &layer.content.metadata;
    let text = |name: &str| metadata.text(name).unwrap_or_default();
    let eapi = Some(text("EAPI")).filter(|eapi| !eapi.is_empty()).unwrap_or_else(|| "0".to_owned());
    // Until EAPI 6 directories end in a slash.
    let slash = if matches!(eapi.as_str(), "0" | "1" | "2" | "3" | "4" | "5" | "6") { "/" } else { "" };
    let image = format!("{IMAGE}{slash}");
    let category = pending.package.split('/').next().unwrap_or_default().to_owned();
    [
        ("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin".to_owned()),
        ("LC_ALL", "C.UTF-8".to_owned()),
        ("TERM", "dumb".to_owned()),
        ("HOME", format!("{DIRECTORY}/homedir")),
        ("SOURCE_DATE_EPOCH", epoch.to_string()),
        ("ROOTFS_ENVIRONMENT", format!("{DIRECTORY}/.environment")),
        ("ROOTFS_T", format!("{DIRECTORY}/temp")),
        ("ROOTFS_WORKDIR", format!("{DIRECTORY}/work")),
        ("ROOTFS_D", image),
        ("ROOTFS_ROOT", slash.to_owned()),
        ("ROOTFS_EAPI", eapi),
        ("ROOTFS_CATEGORY", category),
        ("ROOTFS_PF", text("PF")),
        ("ROOTFS_USE", text("USE")),
        ("ROOTFS_SLOT", text("SLOT")),
    ]
    .map(|(name, value)| (name.to_owned(), value))
    .to_vec()
}

/// The package's files as a tree.
fn image(layer: &BinaryLayer) -> Result<Tree, TreeError> {
    let mut tree = Tree::default();
    let id = tree.add_layer(Layer { path: layer.data.clone() });
    for entry in &layer.content.entries {
        let BinaryEntry { path, kind, mode, uid, gid, mtime, .. } = entry;
        let path = [b"/", path.as_slice()].concat();
        let metadata = Metadata { mode: *mode, uid: *uid, gid: *gid, mtime: Time::from_seconds(*mtime), xattrs: None };
        match kind.in_tree(id) {
            Ok(Kind::Directory(_)) => {
                let directory = tree.make_directory(&path, metadata.mtime)?;
                tree.node_mut(directory).metadata = metadata;
            }
            Ok(kind) => drop(tree.place(&path, Node { metadata, kind, package: None })?),
            Err(target) => {
                let file = tree.lookup(&[b"/", target].concat())?;
                tree.link(file, &path, metadata.mtime)?;
            }
        }
    }
    Ok(tree)
}
