//! The small archive that a kernel unpacks as its first root.

use std::collections::BTreeMap;

use rootfs_guest::names::INITRAMFS_MODULES;
use rootfs_image::write_cpio;
use rootfs_tree::{Kind, Metadata, Node, Time, Tree};

/// An initramfs: `rootfs-guest` as its first program, the kernel modules that this loads, and what else is wanted.
///
/// With a `root=` on the kernel's command line it goes on to that root; without one it stays, and its init is the agent.
#[derive(Debug, Clone, Default)]
pub struct Initramfs {
    /// By path without leading slash.
    files: BTreeMap<Vec<u8>, (u16, Vec<u8>)>,
    /// Targets by path without leading slash.
    links: BTreeMap<Vec<u8>, Vec<u8>>,
    /// Paths in the order of loading.
    modules: Vec<String>,
}

/// Nodes that a program finds before anything is mounted: name, major and minor number.
const DEVICES: [(&str, u32, u32); 2] = [("dev/console", 5, 1), ("dev/null", 1, 3)];

/// Directories that mounts need.
const DIRECTORIES: [&str; 6] = ["dev", "proc", "root", "run", "sys", "tmp"];

impl Initramfs {
    /// With `program`, a static `rootfs-guest` of the guest's architecture.
    #[must_use]
    pub fn new(program: &[u8]) -> Self {
        let mut initramfs = Self::default();
        initramfs.add_file("init", 0o755, program.to_vec());
        initramfs
    }

    /// Adds a file; its directories come by themselves.
    pub fn add_file(&mut self, path: &str, permissions: u16, content: Vec<u8>) {
        self.files.insert(path.trim_start_matches('/').as_bytes().to_vec(), (permissions, content));
    }

    /// Adds a symbolic link; its directories come by themselves.
    pub fn add_link(&mut self, path: &str, target: &str) {
        self.links.insert(path.trim_start_matches('/').as_bytes().to_vec(), target.as_bytes().to_vec());
    }

    /// Adds a kernel module, uncompressed, to be loaded after those that were added before it.
    pub fn add_module(&mut self, name: &str, content: Vec<u8>) {
        let path = format!("/lib/modules/{name}.ko");
        self.add_file(&path, 0o644, content);
        self.modules.push(path);
    }

    /// The modules' names and contents, in the order of loading.
    pub fn modules(&self) -> impl Iterator<Item = (&str, &[u8])> {
        self.modules.iter().filter_map(|path| {
            let name = path.rsplit('/').next()?.trim_end_matches(".ko");
            let (_, content) = self.files.get(path.trim_start_matches('/').as_bytes())?;
            Some((name, content.as_slice()))
        })
    }

    /// The archive: the same bytes for the same contents. All in it belongs to root and has no time.
    #[must_use]
    pub fn to_cpio(&self) -> Vec<u8> {
        let mut tree = Tree::default();
        let mut place = |path: &[u8], permissions, kind| {
            let node = Node { metadata: Metadata::root(permissions, Time::default()), kind, package: None };
            tree.place(&[b"/", path].concat(), node).expect("a path of an initramfs is a path of a tree, and no file is in another's way");
        };
        for (path, (permissions, content)) in &self.files {
            place(path, *permissions, Kind::inline(content.as_slice()));
        }
        for (path, target) in &self.links {
            place(path, 0o777, Kind::Symlink(target.as_slice().into()));
        }
        let list = self.modules.iter().map(|path| format!("{path}\n")).collect::<String>();
        place(INITRAMFS_MODULES.trim_start_matches('/').as_bytes(), 0o644, Kind::inline(list.into_bytes()));
        for (name, major, minor) in DEVICES {
            place(name.as_bytes(), 0o600, Kind::CharDevice { major, minor });
        }
        for name in DIRECTORIES {
            tree.make_directory(name.as_bytes(), Time::default()).expect("no file is in a directory's place");
        }
        let mut archive = Vec::new();
        write_cpio(&tree, &mut archive).expect("contents are at hand, so no larger than memory, and a vector takes all");
        archive
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_order_of_adding_files_does_not_matter() {
        let mut one = Initramfs::new(b"program");
        one.add_file("/etc/a/b", 0o644, b"1".to_vec());
        one.add_file("bin/sh", 0o755, b"2".to_vec());
        let mut other = Initramfs::new(b"program");
        other.add_file("bin/sh", 0o755, b"2".to_vec());
        other.add_file("etc/a/b", 0o644, b"1".to_vec());
        assert_eq!(one.to_cpio(), other.to_cpio());
    }

    #[test]
    fn modules_are_listed_in_the_order_of_adding() {
        let mut initramfs = Initramfs::new(b"program");
        initramfs.add_module("b", b"1".to_vec());
        initramfs.add_module("a", b"2".to_vec());
        let text = initramfs.to_cpio().escape_ascii().to_string();
        assert!(text.contains("/lib/modules/b.ko\\n/lib/modules/a.ko\\n"), "{text}");
    }
}
