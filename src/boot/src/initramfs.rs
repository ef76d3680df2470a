//! The small archive that a kernel unpacks as its first root.

pub(crate) mod cpio;

use std::collections::BTreeMap;

use rootfs_guest::names::INITRAMFS_MODULES;

use cpio::{CpioKind, CpioWriter};

/// An initramfs: `rootfs-guest` as its first program, the kernel modules that this loads, and what else is wanted.
///
/// With a `root=` on the kernel's command line it goes on to that root; without one it stays, and its init is the agent.
#[derive(Debug, Clone, Default)]
pub struct Initramfs {
    /// By path without leading slash.
    files: BTreeMap<Vec<u8>, (u32, Vec<u8>)>,
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
    pub fn add_file(&mut self, path: &str, permissions: u32, content: Vec<u8>) {
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

    /// The archive: the same bytes for the same contents.
    #[must_use]
    pub fn to_cpio(&self) -> Vec<u8> {
        let list = self.modules.iter().map(|path| format!("{path}\n")).collect::<String>();
        let mut members: BTreeMap<&[u8], (u32, CpioKind<'_>)> = BTreeMap::new();
        let files = self.files.iter().map(|(path, (permissions, content))| (path, (*permissions, CpioKind::File(content))));
        let links = self.links.iter().map(|(path, target)| (path, (0o777, CpioKind::Symlink(target))));
        for (path, member) in files.chain(links) {
            members.extend(parents(path).map(|parent| (parent, (0o755, CpioKind::Directory))));
            members.insert(path, member);
        }
        members.insert(INITRAMFS_MODULES.trim_start_matches('/').as_bytes(), (0o644, CpioKind::File(list.as_bytes())));
        members.extend(DIRECTORIES.map(|name| (name.as_bytes(), (0o755, CpioKind::Directory))));
        members.extend(DEVICES.map(|(name, major, minor)| (name.as_bytes(), (0o600, CpioKind::CharDevice { major, minor }))));
        let mut writer = CpioWriter::new(Vec::new());
        for (path, (permissions, kind)) in members {
            writer.add(path, permissions, kind).expect("contents are at hand, so no larger than memory, and a vector takes all");
        }
        writer.finish().expect("a vector takes all")
    }
}

fn parents(path: &[u8]) -> impl Iterator<Item = &[u8]> {
    path.iter().enumerate().filter(|(_, byte)| **byte == b'/').map(|(at, _)| &path[..at])
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
