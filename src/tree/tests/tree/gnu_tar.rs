//! GNU tar as the judge of archives that we write, and as the writer of those that we read.

use std::os::unix::fs::{FileExt as _, MetadataExt as _};
use std::path::Path;
use std::process::Command;

use rootfs_tree::{Kind, Time, Tree};

use super::{everything, file, node, put, read_tar, scan, tar_of, text_of};

#[expect(clippy::disallowed_methods, reason = "the judge is a program")]
fn tar(dir: &Path, arguments: &[&str]) -> Vec<u8> {
    let mut command = Command::new("tar");
    command.arg("--warning=no-timestamp").arg("-C").arg(dir).args(arguments).env("LC_ALL", "C");
    let output = command.output().expect("GNU tar is needed to judge the archives: install `tar`");
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && errors.is_empty(), "tar {arguments:?}: {} {errors}", output.status);
    output.stdout
}

fn unpacked(archive: &[u8]) -> Tree {
    let temporary = tempfile::tempdir().expect("a temporary directory");
    let (path, dir) = (temporary.path().join("archive.tar"), temporary.path().join("root"));
    fs_err::write(&path, archive).expect("a file to write");
    fs_err::create_dir(&dir).expect("a directory to make");
    let path = path.to_str().expect("a path in UTF-8");
    tar(&dir, &["-xpf", path, "--numeric-owner", "--same-owner", "--xattrs", "--xattrs-include=*", "--delay-directory-restore"]);
    scan(&dir)
}

#[test]
fn it_reads_what_we_write() {
    assert_eq!(text_of(&unpacked(&tar_of(&everything()))), text_of(&everything()));
}

#[test]
fn a_damaged_archive_gives_another_tree() {
    let mut archive = tar_of(&everything());
    let at = archive.windows(9).position(|window| window == b"#!/bin/sh").expect("the content");
    archive[at] ^= 1;
    assert_ne!(text_of(&unpacked(&archive)), text_of(&everything()));
}

/// Short enough for every format.
fn modest() -> Tree {
    let mut tree = Tree::default();
    tree.node_mut(Tree::ROOT).metadata.mtime = Time::from_seconds(1_600_000_000);
    let one = put(&mut tree, "/usr/bin/one", file("content"));
    let bin = tree.lookup(b"/usr/bin").expect("a directory");
    tree.insert(bin, b"two \xc3\xa4", one).expect("a hard link");
    put(&mut tree, "/bin", node(0o777, Kind::Symlink(b"usr/bin"[..].into())));
    put(&mut tree, "/empty", file(""));
    tree.clamp_mtimes(Time::from_seconds(1_600_000_000));
    tree
}

#[test]
fn we_read_what_it_writes_in_every_format() {
    for format in ["v7", "ustar", "oldgnu", "gnu", "posix"] {
        let mut tree = modest();
        if format != "v7" {
            let device = put(&mut tree, "/dev/null", node(0o666, Kind::CharDevice { major: 1, minor: 3 }));
            tree.node_mut(device).metadata.mtime = Time::from_seconds(5);
            put(&mut tree, "/dev/pipe", node(0o600, Kind::Fifo));
            put(&mut tree, &format!("/{}/{}", "p".repeat(80), "n".repeat(80)), file("split at a slash"));
        }
        if !["v7", "ustar"].contains(&format) {
            put(&mut tree, &format!("/{}", "n".repeat(255)), file("x"));
            put(&mut tree, "/far", node(0o777, Kind::Symlink("t".repeat(300).into_bytes().into())));
            let owned = put(&mut tree, "/owned", file("x"));
            tree.node_mut(owned).metadata.uid = 4_000_000_000;
            tree.node_mut(owned).metadata.mtime = Time::from_seconds(-86_400);
        }
        tree.clamp_mtimes(Time::from_seconds(1_600_000_000));
        if format == "posix" {
            tree = everything();
        }
        let temporary = tempfile::tempdir().unwrap();
        tree.materialise(temporary.path()).unwrap();
        let xattrs: &[&str] = if format == "posix" { &["--xattrs", "--xattrs-include=*"] } else { &[] };
        let archive = tar(temporary.path(), &[&["-c", "--numeric-owner", "--format", format], xattrs, &["."]].concat());
        assert_eq!(text_of(&read_tar(&archive).unwrap().0), text_of(&tree), "{format}");
    }
}

/// Files with holes: many, none of them, at the end, all of it; under names that need headers of their own.
fn with_holes(directory: &Path) {
    let long = format!("{}/{}", "d".repeat(120), "n".repeat(150));
    fs_err::create_dir(directory.join(&long[..120])).expect("a directory");
    for (name, length, places) in [
        ("many", 80 << 20, (0..70_u64).map(|index| (index << 20) + index * 7).collect::<Vec<_>>()),
        ("end", 200 << 20, vec![9000]),
        ("all", 1 << 20, vec![]),
        (&long, 100 << 20, vec![0, 70 << 20, (100 << 20) - 4]),
        ("dense", 5, vec![0]),
    ] {
        let file = fs_err::File::create(directory.join(name)).expect("a file");
        file.set_len(length).expect("a hole");
        for place in places {
            file.file().write_all_at(&b"here"[..], place).expect("data");
        }
    }
}

#[test]
fn sparse_files_come_back_with_their_holes() {
    let temporary = tempfile::tempdir().unwrap();
    with_holes(temporary.path());
    let mut expected = scan(temporary.path());
    expected.clamp_mtimes(Time::from_seconds(1_600_000_000));
    let expected = text_of(&expected);
    for options in [
        &["--format=oldgnu"][..],
        &["--format=gnu"],
        &["--format=posix", "--sparse-version=0.0"],
        &["--format=posix", "--sparse-version=0.1"],
        &["--format=posix", "--sparse-version=1.0"],
    ] {
        let archive =
            tar(temporary.path(), &[&["-c", "-b1", "--sparse", "--mtime=@1600000000", "--numeric-owner"], options, &["."]].concat());
        assert!(archive.len() < 1 << 20, "{options:?}: {}", archive.len());
        let (tree, spool) = read_tar(&archive).unwrap();
        assert_eq!(text_of(&tree), expected, "{options:?}");
        let unpacked = fs_err::metadata(spool.path().join("spool/0.sparse")).unwrap();
        assert!(unpacked.len() > 380 << 20 && unpacked.blocks() * 512 < 2 << 20, "{options:?}: {} blocks", unpacked.blocks());
        // Cut off anywhere.
        for length in (0..archive.len() - 1024).step_by(512 * 7) {
            assert!(read_tar(&archive[..length]).is_err(), "{options:?}: {length}");
        }
    }
}

#[test]
fn a_damaged_map_is_told() {
    let temporary = tempfile::tempdir().unwrap();
    with_holes(temporary.path());
    let archive = tar(temporary.path(), &["-c", "--sparse", "--format=posix", "--sparse-version=1.0", "./many"]);
    let map = archive.windows(3).position(|window| window == b"71\n").unwrap();
    for (at, byte) in [(map, b'9'), (map, b'1'), (map + 1, b'x'), (map + 2, b'7'), (map + 5, b'0')] {
        let mut damaged = archive.clone();
        damaged[at] = byte;
        let error = read_tar(&damaged).unwrap_err().to_string();
        assert!(error.contains("many") && error.contains("sparse file whose map is damaged"), "{error}");
    }
}

#[test]
fn its_listing_knows_sizes_beyond_8_gib() {
    let temporary = tempfile::tempdir().unwrap();
    let length = (8 << 30) + 1;
    let hole = fs_err::File::create(temporary.path().join("layer")).unwrap();
    hole.set_len(length).unwrap();
    let mut tree = Tree::default();
    let layer = tree.add_layer(rootfs_tree::Layer { path: temporary.path().join("layer") });
    let content = rootfs_tree::FileContent { length, content: rootfs_tree::Content::At { layer, offset: 0 }, sha256: None, dense: false };
    let large = put(&mut tree, "/large", node(0o644, Kind::File(content)));
    tree.node_mut(large).metadata.mtime.nanoseconds = 0;
    // Only the headers are written; what comes after them is a hole, whose length is known.
    let mut start = Start(Vec::new());
    tree.write_tar(&mut start).unwrap_err();
    let end = 4 * 512 + length.next_multiple_of(512) + 1024;
    let path = temporary.path().join("large.tar");
    fs_err::write(&path, &start.0).unwrap();
    fs_err::OpenOptions::new().write(true).open(&path).unwrap().set_len(end).unwrap();
    let listing = tar(temporary.path(), &["-tvf", path.to_str().unwrap()]);
    assert!(String::from_utf8_lossy(&listing).contains(&format!(" {length} ")), "{}", String::from_utf8_lossy(&listing));
    let back = Tree::from_tar(&path, temporary.path()).unwrap();
    assert_eq!(back.file(back.lookup(b"/large").unwrap()).unwrap().length, length);
}

/// Takes the root's header, the extended header with its records and the file's header, and no more.
struct Start(Vec<u8>);

impl std::io::Write for Start {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        let wanted = bytes.len().min((4 * 512_usize).saturating_sub(self.0.len()));
        self.0.extend_from_slice(&bytes[..wanted]);
        Ok(wanted)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}
