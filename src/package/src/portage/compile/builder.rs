//! The builder: the stage3 on disk, and in it a place for what goes in and comes out.

use std::os::fd::AsRawFd as _;
use std::path::{Path, PathBuf};

use rootfs_plugin::BuildError;
use rootfs_tree::{Time, Tree, TreeError};
use tempfile::TempDir;

use super::CompileError;
use super::ebuilds::Repository;
use crate::engine::build_error;
use crate::root::Root;

/// Where everything of ours is: `config`, `distfiles`, `packages`, `root`, `work`.
pub(super) const AREA: &str = "/run/rootfs-gen/rootfs";

/// Where ebuild repositories are.
pub(super) const REPOSITORIES: &str = "/var/db/repos";

/// What emerge is told to fetch with: it notes what is wanted.
const FETCH: &str = "#!/bin/sh\nprintf '%s %s\\n' \"${2%.__download__}\" \"$1\" >>/run/rootfs-gen/rootfs/wanted\nexit 1\n";

const EMERGE: &str = "/usr/bin/emerge";

/// A root that emerge runs in, gone when it is dropped.
pub(super) struct Builder {
    stage: TempDir,
    root: Root,
}

impl Builder {
    /// Puts a stage3 on disk, below `stage`. `place` is what people know it by.
    pub(super) fn make(mut tree: Tree, place: &str, stage: &Path) -> Result<Self, BuildError> {
        if tree.resolve(EMERGE.as_bytes()).is_err() {
            return Err(build_error(&CompileError::NoEmerge { place: place.to_owned() }));
        }
        let unusable = |source: TreeError| build_error(&CompileError::Tree { what: "stage3", place: place.to_owned(), source });
        // What is mounted over, and device nodes that a plain user can't make.
        for name in ["/dev", "/proc", "/sys", "/run", "/tmp"] {
            tree.remove(name.as_bytes(), Time::default()).map_err(unusable)?;
            tree.make_directory(name.as_bytes(), Time::default()).map_err(unusable)?;
        }
        if let Ok(id) = tree.lookup(b"/tmp") {
            tree.node_mut(id).metadata.mode = 0o1777;
        }
        let stage = tempfile::tempdir_in(stage).map_err(|error| build_error(&error))?;
        let path = stage.path().join("root");
        tree.materialise(&path).map_err(unusable)?;
        let root = Root::open(&path).map_err(|error| build_error(&error))?;
        let builder = Self { stage, root };
        for name in ["config/etc/portage", "distfiles", "packages", "root", "work"] {
            builder.root.make_directory(format!("{AREA}/{name}").as_bytes()).map_err(|error| build_error(&error))?;
        }
        builder.write(&format!("{AREA}/fetch"), FETCH, 0o755)?;
        Ok(builder)
    }

    /// The directory above the root, for a seat.
    pub(super) fn stage(&self) -> &Path {
        self.stage.path()
    }

    /// Puts an ebuild repository in its place.
    pub(super) fn add_repository(&self, repository: &Repository) -> Result<(), BuildError> {
        let path = format!("{REPOSITORIES}/{}", repository.name);
        self.remove(&path)?;
        self.put(&path, &repository.tree)
    }

    /// The names of the repositories that are there, sorted.
    pub(super) fn repositories(&self) -> Result<Vec<String>, BuildError> {
        let mut names = Vec::new();
        for name in self.root.list(REPOSITORIES.as_bytes()).map_err(|error| build_error(&error))? {
            let name = String::from_utf8_lossy(&name).into_owned();
            if self.exists(&format!("{REPOSITORIES}/{name}/profiles/repo_name"))? {
                names.push(name);
            }
        }
        Ok(names)
    }

    /// Puts a tree into an empty directory, which is made.
    pub(super) fn put(&self, path: &str, tree: &Tree) -> Result<(), BuildError> {
        let directory = self.root.make_directory(path.as_bytes()).map_err(|error| build_error(&error))?;
        // By its handle: no link can lead out of the root any more.
        let place = PathBuf::from(format!("/proc/self/fd/{}", directory.as_raw_fd()));
        tree.materialise(&place).map_err(|error| build_error(&error))
    }

    /// Whether something is there; `DIRECTORY/.` is there when that is a directory, or a link to one.
    pub(super) fn exists(&self, path: &str) -> Result<bool, BuildError> {
        let Some(directory) = path.strip_suffix("/.") else {
            return Ok(self.root.stat(path.as_bytes()).map_err(|error| build_error(&error))?.is_some());
        };
        Ok(self.root.directory(directory.as_bytes()).is_ok())
    }

    pub(super) fn read(&self, path: &str) -> Result<Option<Vec<u8>>, BuildError> {
        self.root.read(path.as_bytes()).map_err(|error| build_error(&error))
    }

    pub(super) fn list(&self, path: &str) -> Result<Vec<String>, BuildError> {
        let names = self.root.list(path.as_bytes()).map_err(|error| build_error(&error))?;
        Ok(names.into_iter().filter_map(|name| String::from_utf8(name).ok()).collect())
    }

    pub(super) fn write(&self, path: &str, content: impl AsRef<[u8]>, mode: u32) -> Result<(), BuildError> {
        self.root.write(path.as_bytes(), content.as_ref(), mode).map_err(|error| build_error(&error))
    }

    pub(super) fn link(&self, target: &str, path: &str) -> Result<(), BuildError> {
        self.remove(path)?;
        self.root.symlink(target.as_bytes(), path.as_bytes()).map_err(|error| build_error(&error))
    }

    pub(super) fn remove(&self, path: &str) -> Result<(), BuildError> {
        self.root.remove(path.as_bytes()).map_err(|error| build_error(&error))
    }
}
