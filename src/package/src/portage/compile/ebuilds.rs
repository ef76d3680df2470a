//! Ebuild repositories: archives and directories of them, and their names.

use std::path::Path;

use rootfs_plugin::BuildError;
use rootfs_tree::{Kind, Time, Tree};

use super::CompileError;
use super::source::{Shelf, Source};
use crate::engine::build_error;
use crate::portage::name::is_repository;
use crate::store::Store;

/// What tells that a directory is one.
const NAME: &[u8] = b"/profiles/repo_name";

/// No name is longer.
const LONGEST_NAME: u64 = 256;

/// A repository as a tree, and what it calls itself.
pub(super) struct Repository {
    pub(super) name: String,
    pub(super) tree: Tree,
}

/// Finds the repositories that are named.
pub(super) fn find(named: &[String], shelf: &Shelf<'_>) -> Result<Vec<Source>, BuildError> {
    named.iter().map(|place| shelf.find("ebuild repository", place, false)).collect()
}

impl Repository {
    /// Reads one that was found. Archives of Gentoo's have it in a directory of its own; its files are given a time that the clock has no part in.
    pub(super) fn read(source: &Source, store: &Store, spool: &Path, time: Time) -> Result<Self, BuildError> {
        let tree = source.tree(store, spool)?;
        let unreadable = |source_of| CompileError::Tree { what: "ebuild repository", place: source.place().to_owned(), source: source_of };
        let mut tree = below(tree).map_err(|error| build_error(&unreadable(error)))?;
        let name = tree.resolve(NAME).ok().and_then(|id| tree.read(id, LONGEST_NAME).ok());
        let name = name.and_then(|bytes| Some(str::from_utf8(&bytes).ok()?.trim().to_owned())).filter(|name| is_repository(name));
        let Some(name) = name else {
            return Err(build_error(&CompileError::NotRepository { place: source.place().to_owned() }));
        };
        let entries: Vec<_> = tree.walk().collect();
        for entry in entries {
            let metadata = &mut tree.node_mut(entry.id).metadata;
            metadata.mtime = time;
            (metadata.uid, metadata.gid) = (0, 0);
        }
        Ok(Self { name, tree })
    }
}

/// What is in the only directory of a tree, if it has nothing else and is no repository itself.
fn below(tree: Tree) -> Result<Tree, rootfs_tree::TreeError> {
    let names = tree.list(b"/");
    let ([only], true) = (&names[..], tree.resolve(NAME).is_err()) else { return Ok(tree) };
    let top = [b"/", only.as_slice()].concat();
    let mut inner = Tree::default();
    for layer in tree.layers() {
        inner.add_layer(layer.clone());
    }
    for entry in tree.walk() {
        let Some(path) = entry.path.strip_prefix(top.as_slice()).filter(|path| path.starts_with(b"/")) else { continue };
        let node = tree.node(entry.id);
        if let Kind::Directory(_) = node.kind {
            let directory = inner.make_directory(path, node.metadata.mtime)?;
            inner.node_mut(directory).metadata = node.metadata.clone();
        } else {
            inner.place(path, node.clone())?;
        }
    }
    Ok(inner)
}
