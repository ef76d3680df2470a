//! GNU cpio as the judge of our archives.

use std::process::Stdio;

use rootfs_boot::Initramfs;
use tempfile::TempDir;

use crate::needs::command;

fn archive() -> Vec<u8> {
    let mut initramfs = Initramfs::new(b"#!/bin/sh\n");
    initramfs.add_file("/etc/deep/er/file", 0o640, b"content".to_vec());
    initramfs.add_file("/odd", 0o600, vec![0xff; 5]);
    initramfs.add_link("/etc/link", "deep/er");
    initramfs.add_module("virtio", b"module".to_vec());
    initramfs.to_cpio()
}

/// Whether cpio took it, and what it lists; what it unpacks is in the directory.
fn cpio(archive: &[u8], arguments: &[&str], directory: &TempDir) -> (bool, String) {
    let path = directory.path().join("archive");
    fs_err::write(&path, archive).unwrap();
    let input = fs_err::File::open(&path).unwrap().into_file();
    let output = command("cpio").unwrap().args(arguments).current_dir(directory.path()).stdin(Stdio::from(input)).output().unwrap();
    let text = [output.stdout, output.stderr].concat();
    (output.status.success(), String::from_utf8_lossy(&text).into_owned())
}

pub(crate) fn gnu_cpio_unpacks_it() {
    let directory = TempDir::new().unwrap();
    let (taken, list) = cpio(&archive(), &["-itv", "--quiet"], &directory);
    assert!(taken, "{list}");
    let fields = |line: &str| {
        let words: Vec<&str> = line.split_whitespace().collect();
        (words[0].to_owned(), words.last().copied().unwrap().to_owned())
    };
    let lines: Vec<(String, String)> = list.lines().map(fields).collect();
    for (mode, path) in [
        ("drwxr-xr-x", "etc/deep/er"),
        ("-rw-r-----", "etc/deep/er/file"),
        ("crw-------", "dev/console"),
        ("-rwxr-xr-x", "init"),
        ("-rw-------", "odd"),
    ] {
        assert!(lines.contains(&(mode.to_owned(), path.to_owned())), "{mode} {path}: {list}");
    }
    let (taken, report) = cpio(&archive(), &["-idm", "--quiet", "--no-preserve-owner", "etc/*", "odd", "rootfs-gen.modules"], &directory);
    assert!(taken, "{report}");
    let read = |path: &str| fs_err::read(directory.path().join(path)).unwrap();
    assert_eq!((read("etc/deep/er/file"), read("odd")), (b"content".to_vec(), vec![0xff; 5]));
    assert_eq!(read("etc/link/file"), b"content");
    assert_eq!(read("rootfs-gen.modules"), b"/lib/modules/virtio.ko\n");
}

pub(crate) fn gnu_cpio_refuses_a_damaged_one() {
    let directory = TempDir::new().unwrap();
    let whole = archive();
    let (taken, report) = cpio(&whole[..whole.len() / 2], &["-itv", "--quiet"], &directory);
    assert!(!taken, "{report}");
}
