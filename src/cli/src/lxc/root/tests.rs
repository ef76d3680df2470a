use std::os::unix::fs::symlink;

use rootfs_image::{Image, ImageFile, Squashfs, SquashfsOptions};
use rootfs_tree::{ScanOptions, Tree};
use tempfile::TempDir;

use super::*;
use crate::lxc::Init;

/// A directory, and the squashfs of it.
struct Made {
    place: TempDir,
}

impl Made {
    fn new(files: &[&str], links: &[(&str, &str)]) -> Self {
        let place = tempfile::tempdir().unwrap();
        let root = place.path().join("root");
        fs_err::create_dir(&root).unwrap();
        let parent = |name: &str| fs_err::create_dir_all(root.join(name).parent().unwrap()).unwrap();
        for name in files {
            parent(name);
            fs_err::write(root.join(name), "").unwrap();
        }
        for (name, target) in links {
            parent(name);
            symlink(target, root.join(name)).unwrap();
        }
        let tree = Tree::scan(&root, &ScanOptions::default()).unwrap();
        let file = ImageFile::create(&place.path().join("image")).unwrap();
        let written = Squashfs::write(&tree, &SquashfsOptions::default(), &Image::new(&file)).unwrap();
        file.finish(written.size).unwrap();
        Self { place }
    }

    /// Both say the same.
    fn roots(&self) -> [Root; 2] {
        ["root", "image"].map(|name| Root::open(&self.place.path().join(name), Arc::default()).unwrap())
    }
}

/// Files, links, and the init that they make.
type Case<'a> = (&'a [&'a str], &'a [(&'a str, &'a str)], Init);

#[test]
fn the_init_is_known_by_where_its_name_leads() {
    let cases: [Case; 11] = [
        (&["usr/bin/busybox"], &[("sbin", "usr/sbin"), ("usr/sbin/init", "../bin/busybox")], Init::BusyBox),
        (&["bin/busybox.static"], &[("sbin/init", "/bin/busybox.static")], Init::BusyBox),
        (&["usr/lib/systemd/systemd"], &[("lib", "usr/lib"), ("sbin/init", "/lib/systemd/systemd")], Init::Systemd),
        (&["sbin/openrc-init"], &[("sbin/init", "openrc-init")], Init::OpenRc),
        (&["sbin/init", "etc/inittab"], &[], Init::Sysv),
        (&["sbin/init"], &[], Init::Other),
        (&["sbin/runit-init", "etc/inittab"], &[("sbin/init", "runit-init")], Init::Other),
        (&["bin/busybox"], &[], Init::None),
        (&["bin/busybox"], &[("sbin/init", "/nowhere")], Init::None),
        (&["sbin/init/file"], &[], Init::None),
        (&["bin/busybox"], &[("sbin/init", "../../../../bin/../bin/./busybox")], Init::BusyBox),
    ];
    for (files, links, init) in cases {
        for root in Made::new(files, links).roots() {
            assert_eq!(Init::of(&root).unwrap(), init, "{files:?} {links:?} {}", root.path().display());
        }
    }
}

#[test]
fn links_never_lead_outside_and_not_for_ever() {
    // Absolute: this machine's own shell must not be found.
    let made = Made::new(&["etc/hostname"], &[("sbin/init", "/bin/sh"), ("a", "b"), ("b", "a"), ("c", "c/c/c")]);
    for root in made.roots() {
        assert_eq!(Init::of(&root).unwrap(), Init::None);
        assert!(matches!(root.file("/a"), Err(LxcError::LinkLoop { .. })));
        assert!(matches!(root.file("/c"), Err(LxcError::LinkLoop { .. })));
        assert_eq!(root.file("/etc/hostname/../hostname").unwrap(), None);
        assert_eq!(root.file("/../etc/hostname").unwrap().unwrap(), b"etc/hostname");
        assert!(root.has_directory("/etc").unwrap() && !root.has_directory("/etc/hostname").unwrap());
        assert!(root.has_directory("/").unwrap());
    }
}

#[test]
fn what_is_neither_is_refused() {
    let place = tempfile::tempdir().unwrap();
    let file = place.path().join("root.img");
    fs_err::write(&file, vec![0; 8192]).unwrap();
    assert!(matches!(Root::open(&file, Arc::default()), Err(LxcError::Form { .. })));
    fs_err::write(&file, b"hsqs".repeat(2048)).unwrap();
    assert!(matches!(Root::open(&file, Arc::default()), Err(LxcError::Squashfs { .. })));
    assert!(matches!(Root::open(Path::new("/dev/null"), Arc::default()), Err(LxcError::Form { .. })));
}
