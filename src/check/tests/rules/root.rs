use rootfs_check::{Expectations, Finding, Init, Machine, check};
use rootfs_tree::{Kind, Metadata, Node, Time, Tree};

use crate::object::{Object, X86_64};

const LOADER: &str = "/lib64/ld-linux-x86-64.so.2";

/// A tree that keeps every rule, to be damaged.
pub(crate) struct Root {
    pub(crate) tree: Tree,
    pub(crate) expectations: Expectations,
}

impl Root {
    pub(crate) fn new() -> Self {
        let expectations = Expectations { init: Init::Required, agent: Some("/usr/bin/agent".to_owned()), machine: Some(Machine::X86_64) };
        let mut root = Self { tree: Tree::default(), expectations };
        for (link, target) in [("/sbin", "usr/sbin"), ("/lib", "usr/lib"), ("/lib64", "usr/lib64"), ("/bin", "usr/bin")] {
            root.link(link, target);
        }
        root.link("/usr/sbin/init", "../lib/systemd/systemd");
        root.program("/usr/lib/systemd/systemd", &systemd());
        root.library("/usr/lib/systemd/libsystemd-core.so", &["libc.so.6", "libshared.so"]);
        root.library("/usr/lib/x86_64-linux-gnu/libc.so.6", &["ld-linux-x86-64.so.2"]);
        root.library("/usr/local/lib/libshared.so", &[]);
        root.program("/usr/lib64/ld-linux-x86-64.so.2", &Object { machine: X86_64, ..Object::default() });
        root.file("/etc/ld.so.conf", 0o644, b"include /etc/ld.so.conf.d/*.conf\n");
        root.file("/etc/ld.so.conf.d/libc.conf", 0o644, b"/usr/local/lib\n");
        root.file("/usr/bin/agent", 0o755, b"#!/bin/sh\nexec serve\n");
        root.program("/usr/bin/sh", &program(&["libc.so.6"]));
        root.file("/etc/machine-id", 0o444, b"");
        root.file("/etc/ssh/ssh_host_ed25519_key.pub", 0o644, b"ssh-ed25519 AAAA");
        root
    }

    pub(crate) fn link(&mut self, path: &str, target: &str) {
        self.place(path, 0o777, Kind::Symlink(target.as_bytes().into()));
    }

    pub(crate) fn file(&mut self, path: &str, mode: u16, content: &[u8]) {
        self.place(path, mode, Kind::inline(content.to_vec()));
    }

    pub(crate) fn program(&mut self, path: &str, object: &Object<'_>) {
        self.file(path, 0o755, &object.bytes());
    }

    pub(crate) fn library(&mut self, path: &str, needed: &[&str]) {
        self.file(path, 0o644, &Object { machine: X86_64, needed, ..Object::default() }.bytes());
    }

    pub(crate) fn place(&mut self, path: &str, mode: u16, kind: Kind) {
        let metadata = Metadata::root(mode, Time::default());
        self.tree.place(path.as_bytes(), Node { metadata, kind, package: None }).unwrap();
    }

    pub(crate) fn remove(&mut self, path: &str) {
        let (directory, name) = path.rsplit_once('/').unwrap();
        let parent = self.tree.resolve(directory.as_bytes()).unwrap();
        assert!(self.tree.remove_entry(parent, name.as_bytes()).unwrap().is_some(), "{path} is there");
    }

    pub(crate) fn check(&self) -> Vec<Finding> {
        check(&self.tree, &self.expectations).unwrap()
    }
}

/// A dynamic program of the image's machine.
pub(crate) fn program<'a>(needed: &'a [&'a str]) -> Object<'a> {
    Object { machine: X86_64, interpreter: LOADER, needed, ..Object::default() }
}

pub(crate) fn systemd() -> Object<'static> {
    Object { runpath: "$ORIGIN", ..program(&["libsystemd-core.so", "libc.so.6"]) }
}
